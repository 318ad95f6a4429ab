//! Calls of the API: gathered in memory, written every few seconds as one increment that a repeat does not
//! count twice. A crash loses what was gathered since.

use crate::store::op::Actor;
use crate::store::usage::{Amount, Flush};
use crate::store::{Error, Store};
use dashmap::DashMap;
use generic_corp_protocol::{OrganizationId, Timestamp, WorkspaceId};
use std::sync::Arc;
use tokio::sync::Mutex;
use uuid::Uuid;

/// Different callers that are told apart until the next flush; further ones are counted as nobody.
const MAX_CALLERS: usize = 100_000;

type Caller = (OrganizationId, WorkspaceId, Actor);

/// A cheap handle; see the module.
#[derive(Clone)]
pub struct ApiCalls(Arc<Inner>);

struct Inner {
    /// Who flushes: this process, not another one of the same name.
    node: Uuid,
    gathered: DashMap<Caller, i64>,
    flushing: Mutex<Flushing>,
}

#[derive(Default)]
struct Flushing {
    number: i64,
    /// Whether it was written is not known yet.
    batch: Vec<Amount>,
}

impl Default for ApiCalls {
    fn default() -> Self {
        Self(Arc::new(Inner {
            node: Uuid::now_v7(),
            gathered: DashMap::new(),
            flushing: Mutex::default(),
        }))
    }
}

impl ApiCalls {
    /// Counts one.
    pub fn count(&self, organization: OrganizationId, workspace: WorkspaceId, actor: Actor) {
        let mut caller = (organization, workspace, actor);
        if self.0.gathered.len() >= MAX_CALLERS && !self.0.gathered.contains_key(&caller) {
            caller.2 = Actor::default();
        }
        *self.0.gathered.entry(caller).or_default() += 1;
    }

    /// Writes what was gathered. What could not be written is kept and written again under the same number.
    ///
    /// # Errors
    /// The store's.
    pub async fn flush(&self, store: &Store) -> Result<(), Error> {
        let mut flushing = self.0.flushing.lock().await;
        if flushing.batch.is_empty() {
            flushing.batch = self.take();
            if flushing.batch.is_empty() {
                return Ok(());
            }
            flushing.number += 1;
        }
        let flush = Flush {
            node: self.0.node,
            number: flushing.number,
        };
        store.add_usage(flush, &flushing.batch).await?;
        flushing.batch.clear();
        Ok(())
    }

    fn take(&self) -> Vec<Amount> {
        let day = Timestamp::now().day();
        let callers: Vec<Caller> = self.0.gathered.iter().map(|entry| *entry.key()).collect();
        let taken = callers.into_iter().filter_map(|caller| {
            let (_, amount) = self.0.gathered.remove(&caller)?;
            let (organization, workspace, actor) = caller;
            Some(Amount {
                organization,
                workspace,
                actor,
                day: day.clone(),
                meter: "api_calls",
                amount,
            })
        });
        taken.collect()
    }
}
