//! What the store said a moment ago. Bounded in size and in age.

use dashmap::DashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// How long an answer counts: a revoked credential works no longer than this.
const FRESH: Duration = Duration::from_secs(1);
const MAX_ENTRIES: usize = 20_000;

pub(super) struct Cache<K, V>(DashMap<K, (Instant, V)>);

impl<K: Hash + Eq, V: Clone> Cache<K, V> {
    pub(super) fn new() -> Self {
        Self(DashMap::new())
    }

    pub(super) fn get(&self, key: &K) -> Option<V> {
        self.0
            .get(key)
            .filter(|entry| entry.0.elapsed() < FRESH)
            .map(|entry| entry.1.clone())
    }

    /// Keeps what was read from the store at `asked` or later.
    pub(super) fn put(&self, key: K, asked: Instant, value: V) {
        if self.0.len() >= MAX_ENTRIES {
            self.0.retain(|_, entry| entry.0.elapsed() < FRESH);
        }
        // All fresh and full: the store is asked the next time as well.
        if self.0.len() < MAX_ENTRIES {
            self.0.insert(key, (asked, value));
        }
    }

    pub(super) fn forget(&self, key: &K) {
        self.0.remove(key);
    }

    /// Looks at every entry: for what happens rarely.
    pub(super) fn forget_where(&self, gone: impl Fn(&V) -> bool) {
        self.0.retain(|_, entry| !gone(&entry.1));
    }
}
