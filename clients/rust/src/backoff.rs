//! How long to wait before the next attempt: exponential with full jitter.

use rand::Rng as _;
use std::time::Duration;

/// Counts attempts and draws the waits between them.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    base: Duration,
    cap: Duration,
    attempt: u32,
}

impl Backoff {
    pub(crate) fn new(base: Duration, cap: Duration) -> Self {
        Self {
            base,
            cap,
            attempt: 0,
        }
    }

    /// Attempts that failed since the last success.
    pub(crate) fn attempt(&self) -> u32 {
        self.attempt
    }

    pub(crate) fn reset(&mut self) {
        self.attempt = 0;
    }

    /// The longest wait that the next draw can give.
    fn ceiling(&self) -> Duration {
        self.base
            .saturating_mul(1 << self.attempt.min(20))
            .min(self.cap)
    }

    /// Counts a failure and draws the wait: anything up to the ceiling, so that a crowd spreads out.
    pub(crate) fn next(&mut self) -> Duration {
        let ceiling = self.ceiling();
        self.attempt = self.attempt.saturating_add(1);
        rand::rng().random_range(Duration::ZERO..=ceiling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn waits_stay_under_a_growing_ceiling(base in 1u64..2_000, cap in 1u64..60_000, tries in 1usize..200) {
            let mut backoff = Backoff::new(Duration::from_millis(base), Duration::from_millis(cap));
            let mut before = Duration::ZERO;
            for attempt in 0..tries {
                let ceiling = backoff.ceiling();
                prop_assert!(ceiling >= before && ceiling <= Duration::from_millis(cap));
                prop_assert_eq!(backoff.attempt() as usize, attempt);
                prop_assert!(backoff.next() <= ceiling);
                before = ceiling;
            }
            backoff.reset();
            prop_assert_eq!(backoff.ceiling(), Duration::from_millis(base.min(cap)));
        }
    }

    #[test]
    fn waits_are_spread_out() {
        let mut backoff = Backoff::new(Duration::from_secs(10), Duration::from_secs(10));
        let waits: Vec<_> = (0..64).map(|_| backoff.next()).collect();
        assert!(waits.iter().any(|wait| *wait < Duration::from_secs(5)));
        assert!(waits.iter().any(|wait| *wait > Duration::from_secs(5)));
    }
}
