//! Keeps a stream's appends under the connection's quota, so that the hub need not refuse them.

use generic_corp_protocol::frame::Quota;
use std::time::Duration;
use tokio::time::Instant;

/// Part of the quota that appends may use; the rest is for everything else the client says.
const SHARE: f64 = 0.8;
/// What the hub charges for the smallest append.
const MIN_COST: usize = 256;

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

/// Counts the bytes of appends. One may overdraw the bucket; then it has to fill again.
#[derive(Debug)]
pub(crate) struct Pace {
    bytes: Bucket,
    filled_at: Instant,
}

impl Pace {
    pub(crate) fn new(quota: &Quota, now: Instant) -> Self {
        Self {
            bytes: Bucket::new(quota.bytes_per_second as f64, quota.byte_burst as f64),
            filled_at: now,
        }
    }

    /// When the next append may go; `None` for now.
    pub(crate) fn ready(&mut self, now: Instant) -> Option<Instant> {
        let seconds = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.filled_at = now;
        self.bytes.fill(seconds);
        let debt = self.bytes.debt();
        (debt > 0.0).then(|| now + Duration::from_secs_f64(debt) + Duration::from_millis(1))
    }

    pub(crate) fn spend(&mut self, bytes: usize) {
        self.bytes.level -= bytes.max(MIN_COST) as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use generic_corp_protocol::Timestamp;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_sender_that_waits_stays_under_the_quota(
            rate in 1_000u64..1_000_000, sizes in proptest::collection::vec(1usize..49_152, 1..400)
        ) {
            let quota = Quota {
                plan: "free".into(),
                messages_per_second: 1,
                message_burst: 1,
                bytes_per_second: rate,
                byte_burst: rate * 4,
                messages_per_hour: 1,
                messages_this_hour: 0,
                hour_resets_at: Timestamp(0),
            };
            let start = Instant::now();
            let mut pace = Pace::new(&quota, start);
            let (mut now, mut sent) = (start, 0.0);
            for size in sizes {
                while let Some(later) = pace.ready(now) {
                    prop_assert!(later > now);
                    now = later;
                }
                pace.spend(size);
                sent += size.max(MIN_COST) as f64;
                let most = quota.byte_burst as f64 + rate as f64 * (now - start).as_secs_f64();
                // One append may overdraw.
                prop_assert!(sent <= most + 49_152.0);
            }
        }
    }
}
