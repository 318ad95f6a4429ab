//! A token bucket on the monotonic clock.

use std::time::{Duration, Instant};

/// Fills at a rate up to a burst; a charge takes tokens or says how long to wait.
#[derive(Clone, Debug)]
pub struct Bucket {
    tokens: f64,
    filled_at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub fn full(burst: u64, now: Instant) -> Self {
        Self {
            tokens: burst as f64,
            filled_at: now,
        }
    }

    /// Whether `cost` could be taken now; else how long until it can. Takes nothing.
    ///
    /// A cost above the burst passes when the bucket is full and leaves it in debt: no message is
    /// refused for ever.
    pub fn check(
        &mut self,
        cost: u64,
        rate: u64,
        burst: u64,
        now: Instant,
    ) -> Result<(), Duration> {
        let elapsed = now.saturating_duration_since(self.filled_at);
        self.tokens = (self.tokens + elapsed.as_secs_f64() * rate as f64).min(burst as f64);
        self.filled_at = now;
        let missing = (cost.min(burst)) as f64 - self.tokens;
        if missing <= 0.0 {
            return Ok(());
        }
        Err(Duration::from_secs_f64(missing / rate.max(1) as f64))
    }

    /// Takes `cost` tokens.
    pub fn take(&mut self, cost: u64) {
        self.tokens -= cost as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_more_than_burst_plus_rate(
            steps in proptest::collection::vec((0u64..300, 1u64..20), 1..300),
            rate in 1u64..100,
            burst in 20u64..200,
        ) {
            let start = Instant::now();
            let (mut now, mut taken) = (start, 0);
            let mut bucket = Bucket::full(burst, start);
            for (wait_ms, cost) in steps {
                now += Duration::from_millis(wait_ms);
                match bucket.check(cost, rate, burst, now) {
                    Ok(()) => {
                        bucket.take(cost);
                        taken += cost;
                    }
                    Err(wait) => {
                        let later = now + wait + Duration::from_millis(1);
                        prop_assert!(bucket.clone().check(cost, rate, burst, later).is_ok());
                    }
                }
                let most = burst as f64 + rate as f64 * (now - start).as_secs_f64();
                prop_assert!(taken as f64 <= most + 0.001);
            }
        }
    }

    #[test]
    fn a_cost_above_the_burst_passes_when_full_and_is_paid_back() {
        let now = Instant::now();
        let mut bucket = Bucket::full(10, now);
        assert!(bucket.check(25, 5, 10, now).is_ok());
        bucket.take(25);
        assert_eq!(bucket.check(10, 5, 10, now), Err(Duration::from_secs(5)));
    }
}
