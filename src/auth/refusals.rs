//! Refused sign-ins by account, gathered: one of them a minute is written down, with how many there were.

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use generic_corp_protocol::UserId;
use std::time::{Duration, Instant};

const GATHER: Duration = Duration::from_secs(60);
/// Accounts that are remembered; those of beyond are written down one by one.
const MAX_ACCOUNTS: usize = 10_000;

/// See the module.
#[derive(Default)]
pub(super) struct Refusals(DashMap<UserId, (Instant, u32)>);

impl Refusals {
    /// Counts one more; how many to write down now, if it is time to.
    pub(super) fn count(&self, user: UserId) -> Option<u32> {
        if self.0.len() >= MAX_ACCOUNTS {
            self.0.retain(|_, (since, _)| since.elapsed() < GATHER);
        }
        if self.0.len() >= MAX_ACCOUNTS {
            return Some(1);
        }
        let now = Instant::now();
        match self.0.entry(user) {
            Entry::Vacant(entry) => {
                entry.insert((now, 0));
                Some(1)
            }
            Entry::Occupied(mut entry) => {
                let (since, gathered) = entry.get_mut();
                *gathered += 1;
                if now.duration_since(*since) < GATHER {
                    return None;
                }
                *since = now;
                Some(std::mem::take(gathered))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_row_a_minute_that_counts_it() {
        let (refusals, user) = (Refusals::default(), UserId::new());
        assert_eq!(refusals.count(user), Some(1));
        for _ in 0..99 {
            assert_eq!(refusals.count(user), None);
        }
        assert_eq!(refusals.count(UserId::new()), Some(1));
        if let Some(mut entry) = refusals.0.get_mut(&user) {
            entry.0 -= GATHER;
        }
        assert_eq!(refusals.count(user), Some(100));
        assert_eq!(refusals.count(user), None);
    }
}
