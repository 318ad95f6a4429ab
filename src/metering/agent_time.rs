//! How long agents are connected. Each node tells the store from when to when it had an agent, every few
//! seconds and when the agent's last socket here went; the store counts what lies behind the time that was
//! counted already. So a repeat, and a second node with the same agent, count nothing twice.

use crate::store::op::Actor;
use crate::store::usage::Connected;
use crate::store::{Error, Store};
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use generic_corp_protocol::{OrganizationId, Timestamp, WorkspaceId};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

/// Ended times that wait to be written; while the store is away the oldest are lost beyond it.
const MAX_ENDED: usize = 100_000;

/// A cheap handle; see the module.
#[derive(Clone)]
pub struct AgentTime(Arc<Inner>);

struct Inner {
    clock: Clock,
    /// Agents with sockets on this node.
    here: DashMap<Uuid, Here>,
    ended: Mutex<VecDeque<Connected>>,
    writing: tokio::sync::Mutex<()>,
}

/// One agent's sockets on this node.
struct Here {
    sockets: u32,
    organization: OrganizationId,
    workspace: WorkspaceId,
    actor: Actor,
    /// Written up to this time.
    from: i64,
}

/// The time at the start and what has passed since: a step of the machine's clock is not counted.
struct Clock {
    began: Instant,
    began_at: Timestamp,
}

impl Clock {
    fn now(&self) -> i64 {
        self.began_at.0 + i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

impl Here {
    fn until(&self, to: i64) -> Connected {
        Connected {
            organization: self.organization,
            workspace: self.workspace,
            actor: self.actor,
            from: self.from,
            to,
        }
    }
}

impl Default for AgentTime {
    fn default() -> Self {
        Self(Arc::new(Inner {
            clock: Clock {
                began: Instant::now(),
                began_at: Timestamp::now(),
            },
            here: DashMap::new(),
            ended: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
        }))
    }
}

impl AgentTime {
    /// A socket of an agent is open. Its key is that of the agent's first socket here.
    pub fn enter(&self, organization: OrganizationId, workspace: WorkspaceId, actor: Actor) {
        let mut here = self.0.here.entry(actor.sender).or_insert_with(|| Here {
            sockets: 0,
            organization,
            workspace,
            actor,
            from: self.0.clock.now(),
        });
        here.sockets += 1;
    }

    /// A socket of an agent has gone.
    pub fn leave(&self, agent: Uuid) {
        let Entry::Occupied(mut here) = self.0.here.entry(agent) else {
            return;
        };
        here.get_mut().sockets -= 1;
        if here.get().sockets > 0 {
            return;
        }
        let here = here.remove();
        let mut ended = self.0.ended.lock();
        if ended.len() >= MAX_ENDED {
            ended.pop_front();
            metrics::counter!("generic_corp_agent_time_lost_total").increment(1);
        }
        ended.push_back(here.until(self.0.clock.now()));
    }

    /// Writes the time up to now. What could not be written is written the next time.
    ///
    /// # Errors
    /// The store's.
    pub async fn flush(&self, store: &Store) -> Result<(), Error> {
        let _one_at_a_time = self.0.writing.lock().await;
        let now = self.0.clock.now();
        // Taken first: an agent that comes back in between is then in both, which counts once.
        let mut times: Vec<Connected> = self.0.ended.lock().iter().copied().collect();
        let ended = times.len();
        times.extend(self.0.here.iter().map(|here| here.until(now)));
        if times.is_empty() {
            return Ok(());
        }
        store.add_agent_time(times).await?;
        {
            let mut waiting = self.0.ended.lock();
            let written = ended.min(waiting.len());
            waiting.drain(..written);
        }
        for mut here in self.0.here.iter_mut() {
            // Who came after `now` has a later beginning.
            here.from = here.from.max(now);
        }
        Ok(())
    }
}
