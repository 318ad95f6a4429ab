//! The one place where an inner failure becomes words that may be shown.

use generic_corp_protocol::{ErrorCode, Timestamp};
use std::fmt::Display;
use std::sync::atomic::{AtomicI64, Ordering};
use uuid::Uuid;

/// How often a cause that fails every request is written down. The log may lie on the disk that is full.
const EVERY_MS: u64 = 10_000;

/// What may be told of a failure. Faults of the hub are logged here, once, under a reference that is
/// all the asker sees of them; refusals are told as they are.
pub fn visible(code: ErrorCode, error: &dyn Display) -> String {
    match code {
        ErrorCode::Internal => {
            // The random half of a time-ordered id.
            let reference = format!("{:012x}", Uuid::now_v7().as_u128() & 0xffff_ffff_ffff);
            tracing::error!(reference, %error, "a fault of the hub");
            format!("a fault of the hub; its operator finds the cause in the log under {reference}")
        }
        ErrorCode::Unavailable => {
            static PACE: Pace = Pace::new();
            if PACE.due(Timestamp::now()) {
                tracing::warn!(%error, "the store does not answer");
            }
            "the store does not answer; whether it happened is not known, try again".to_owned()
        }
        ErrorCode::StorageFull => {
            static PACE: Pace = Pace::new();
            if PACE.due(Timestamp::now()) {
                tracing::error!(%error, "the store takes nothing more");
            }
            "the disk of the hub is full; nothing was accepted".to_owned()
        }
        _ => error.to_string(),
    }
}

/// Lets a line through now and then.
struct Pace(AtomicI64);

impl Pace {
    const fn new() -> Self {
        Self(AtomicI64::new(0))
    }

    fn due(&self, now: Timestamp) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        now.0.abs_diff(last) >= EVERY_MS
            && self
                .0
                .compare_exchange(last, now.0, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_lasts_is_written_down_now_and_then() {
        let (pace, now) = (Pace::new(), Timestamp::now());
        let told = (0..25).filter(|second| pace.due(now.plus_ms(second * 1_000)));
        assert_eq!(told.collect::<Vec<_>>(), [0, 10, 20]);
    }

    #[test]
    fn a_fault_is_hidden_behind_its_reference_and_a_refusal_is_not() {
        let shown = visible(ErrorCode::Internal, &"no such table: events");
        assert!(!shown.contains("table"), "{shown}");
        let reference = shown.rsplit(' ').next().unwrap_or_default();
        assert!(reference.len() == 12 && reference.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(
            visible(ErrorCode::NotFound, &"no such room"),
            "no such room"
        );
    }
}
