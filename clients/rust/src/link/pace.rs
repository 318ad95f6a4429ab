//! Keeps a stream's appends under the connection's quota, so that the hub need not refuse them.

use generic_corp_protocol::frame::Quota;
use std::time::Duration;
use tokio::time::Instant;

/// Part of the quota that appends may use; the rest is for everything else the client says.
const SHARE: f64 = 0.8;

/// A bucket that fills at `rate` up to `burst`.
#[derive(Debug)]
struct Bucket {
    rate: f64,
    burst: f64,
    level: f64,
}

impl Bucket {
    fn new(rate: f64, burst: f64) -> Self {
        let burst = (burst * SHARE).max(1.0);
        Self {
            rate: (rate * SHARE).max(0.1),
            burst,
            level: burst,
        }
    }

    fn fill(&mut self, seconds: f64) {
        self.level = (self.level + self.rate * seconds).min(self.burst);
    }

    /// Seconds until there is something to take.
    fn debt(&self) -> f64 {
        if self.level > 0.0 {
            0.0
        } else {
            (-self.level + f64::EPSILON) / self.rate
        }
    }
}

/// Counts messages and bytes. What is sent may overdraw a bucket once; then it has to fill again.
#[derive(Debug)]
pub(crate) struct Pace {
    messages: Bucket,
    bytes: Bucket,
    filled_at: Instant,
}

impl Pace {
    pub(crate) fn new(quota: &Quota, now: Instant) -> Self {
        let bucket = |rate, burst| Bucket::new(rate, burst);
        Self {
            messages: bucket(quota.messages_per_second.into(), quota.message_burst.into()),
            bytes: bucket(quota.bytes_per_second as f64, quota.byte_burst as f64),
            filled_at: now,
        }
    }

    /// When the next append may go; `None` for now.
    pub(crate) fn ready(&mut self, now: Instant) -> Option<Instant> {
        let seconds = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.filled_at = now;
        self.messages.fill(seconds);
        self.bytes.fill(seconds);
        let debt = self.messages.debt().max(self.bytes.debt());
        (debt > 0.0).then(|| now + Duration::from_secs_f64(debt) + Duration::from_millis(1))
    }

    pub(crate) fn spend(&mut self, bytes: usize) {
        self.messages.level -= 1.0;
        self.bytes.level -= bytes as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use generic_corp_protocol::Timestamp;
    use proptest::prelude::*;

    fn quota(messages: u32, bytes: u64) -> Quota {
        Quota {
            plan: "free".into(),
            messages_per_second: messages,
            message_burst: messages * 3,
            bytes_per_second: bytes,
            byte_burst: bytes * 4,
            messages_per_hour: 10_000,
            messages_this_hour: 0,
            hour_resets_at: Timestamp(0),
        }
    }

    proptest! {
        #[test]
        fn a_sender_that_waits_stays_under_the_quota(
            messages in 1u32..200, bytes in 1_000u64..1_000_000, sizes in proptest::collection::vec(1usize..49_152, 1..400)
        ) {
            let start = Instant::now();
            let quota = quota(messages, bytes);
            let mut pace = Pace::new(&quota, start);
            let (mut now, mut sent, mut sent_bytes) = (start, 0.0, 0.0);
            for size in sizes {
                while let Some(later) = pace.ready(now) {
                    prop_assert!(later > now);
                    now = later;
                }
                pace.spend(size);
                sent += 1.0;
                sent_bytes += size as f64;
                let elapsed = (now - start).as_secs_f64();
                let most = f64::from(quota.message_burst) + f64::from(messages) * elapsed;
                prop_assert!(sent <= most + 1.0);
                // One append may overdraw.
                let most = quota.byte_burst as f64 + bytes as f64 * elapsed;
                prop_assert!(sent_bytes <= most + 49_152.0);
            }
        }
    }
}
