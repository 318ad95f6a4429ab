//! When keys were last used, to the minute, written in batches: signing in must not wait for a commit.

use crate::store::Store;
use generic_corp_protocol::{ApiKeyId, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How exact the time is kept.
const MINUTE_MS: i64 = 60_000;
/// How long uses are gathered.
const GATHER: Duration = Duration::from_secs(1);
/// Most keys in a batch; further ones are noted at their next use.
const MAX_BATCH: usize = 10_000;

/// Gathers the uses of keys.
#[derive(Clone)]
pub(super) struct KeyUse {
    store: Store,
    batch: Arc<Mutex<Batch>>,
}

#[derive(Default)]
struct Batch {
    uses: HashMap<ApiKeyId, Timestamp>,
    writing: bool,
}

impl KeyUse {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            batch: Arc::default(),
        }
    }

    /// Notes that a key was used now; `last` is what the store has.
    pub(super) fn note(&self, key: ApiKeyId, last: Option<Timestamp>) {
        let now = Timestamp::now();
        if last.is_some_and(|last| now.0.saturating_sub(last.0) < MINUTE_MS) {
            return;
        }
        let mut batch = self.batch();
        if batch.uses.len() >= MAX_BATCH {
            return;
        }
        batch.uses.insert(key, now);
        if !batch.writing {
            batch.writing = true;
            drop(batch);
            tokio::spawn(Writing(self.clone()).run());
        }
    }

    fn batch(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one writer at work; dropped with its runtime it leaves the place free.
struct Writing(KeyUse);

impl Writing {
    async fn run(self) {
        tokio::time::sleep(GATHER).await;
        let uses: Vec<_> = self.0.batch().uses.drain().collect();
        if let Err(error) = self.0.store.touch_keys(&uses).await {
            tracing::warn!(%error, keys = uses.len(), "the last use of keys was not written");
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.batch().writing = false;
    }
}
