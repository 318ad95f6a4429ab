//! What nodes know of each other beside the logs: which of them live, who is in which room, who is
//! connected, and how many. All of it lives in Redis under each node's lease, and is written anew when
//! Redis has lost it.

mod connections;
mod lease;
mod members;
mod nodes;

use crate::bus::{Bus, Hint};
use crate::connection::Registry;
use crate::fanout::Hub;
use crate::link::{Error, Link};
use generic_corp_protocol::{RoomId, WorkspaceId, rest};
use lease::Pulse;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval, sleep};
use uuid::Uuid;

/// How often the lease is renewed, and changes are looked for that were not heard of.
const BEAT: Duration = Duration::from_millis(500);
/// Every so many beats, what has no timer of its own is renewed.
const RENEW: u32 = 4;
/// What changes within this time is told and read together.
const GATHER: Duration = Duration::from_millis(20);
/// How long a node may be missing before its members are: after Redis was away it needs a moment to return.
const GRACE: Duration = Duration::from_secs(2);

/// What a node tells of itself at the moment.
pub type Describe = Arc<dyn Fn() -> rest::Node + Send + Sync>;

/// A cheap handle; see the module. Alone, a node knows of no others.
#[derive(Clone)]
pub struct Cluster {
    link: Option<Link>,
    /// Tells of this node.
    describe: Describe,
    /// The other nodes.
    others: Arc<Mutex<Vec<Uuid>>>,
}

/// What the loop keeps.
#[derive(Default)]
struct State {
    members: members::Shared,
    connections: connections::Shared,
    since: u64,
    beats: u32,
    missing: HashMap<Uuid, Instant>,
    /// Whether Redis may have lost what was shared.
    lost: bool,
}

impl Cluster {
    /// The nodes that share this Redis, or this node alone.
    pub fn new(link: Option<Link>, describe: Describe) -> Self {
        Self {
            link,
            describe,
            others: Arc::default(),
        }
    }

    /// Whether nodes know of each other.
    pub fn is_shared(&self) -> bool {
        self.link.is_some()
    }

    /// This node, then the others by their names, as far as they can be asked for.
    pub async fn nodes(&self) -> Vec<rest::Node> {
        let mut nodes = vec![(self.describe)()];
        if let Some(link) = &self.link {
            let others = self.others.lock().clone();
            let mut found = nodes::read(link, &others).await.unwrap_or_default();
            found.sort_by(|one, other| one.node.cmp(&other.node));
            nodes.append(&mut found);
        }
        nodes
    }

    /// Takes part, for as long as the hub runs.
    pub async fn run(self, hub: Hub, registry: Registry, bus: Bus) {
        let Some(link) = self.link.clone() else {
            return;
        };
        let mut state = State {
            lost: true,
            ..State::default()
        };
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                _ = beat.tick() => self.beat(&link, &hub, &registry, &mut state).await,
                () = hub.member_news(), if !state.lost => self.exchange(&link, &hub, &bus, &mut state).await,
                () = registry.seats().changed(), if !state.lost => {
                    registry.seats().share(&link).await
                }
            };
            if let Err(error) = done {
                tracing::debug!(%error, "the other nodes were not told who is here");
                state.lost = true;
                // All of it is written anew.
                hub.take_changed();
            }
        }
    }

    /// Tells the others that this node is gone.
    pub async fn leave(&self) {
        if let Some(link) = &self.link
            && let Err(error) = lease::give_back(link).await
        {
            tracing::debug!(%error, "the lease ends by itself");
        }
    }

    /// Connections of a workspace on other nodes, as far as they can be asked for.
    pub async fn connections(&self, workspace: WorkspaceId) -> Vec<rest::Connection> {
        let Some(link) = &self.link else {
            return Vec::new();
        };
        let others = self.others.lock().clone();
        let found = connections::read(link, &others, workspace).await;
        found.unwrap_or_default()
    }

    /// How many are in each room on other nodes, as far as is known.
    pub async fn member_counts(&self, rooms: &[RoomId]) -> HashMap<RoomId, usize> {
        let Some(link) = &self.link else {
            return HashMap::new();
        };
        let others = self.others.lock().clone();
        let counts = members::counts(link, &others, rooms).await;
        counts.unwrap_or_default()
    }

    async fn beat(
        &self,
        link: &Link,
        hub: &Hub,
        registry: &Registry,
        state: &mut State,
    ) -> Result<(), Error> {
        let mut pulse = lease::beat(link, state.since, false).await?;
        if state.lost || !pulse.known {
            // Written before the lease is taken: a living node has told all it has.
            hub.take_changed();
            state.members.write_all(link, hub).await?;
            state.connections.lost();
            state.connections.write(link, registry).await?;
            registry.seats().share_all(link).await?;
            pulse = lease::beat(link, 0, true).await?;
            pulse.changed = hub.rooms();
            state.lost = false;
        }
        state.since = pulse.now;
        state.beats = state.beats.wrapping_add(1);
        self.meet(link, hub, &pulse, state);
        let watched = hub.rooms();
        let mut rooms = hub.take_unread();
        rooms.extend(pulse.changed);
        rooms.retain(|room| watched.contains(room));
        let rooms: Vec<RoomId> = rooms.into_iter().collect();
        let others = self.others.lock().clone();
        members::read(link, hub, &others, &rooms).await?;
        if state.beats.is_multiple_of(RENEW) {
            state.members.renew(link, hub).await?;
            state.connections.write(link, registry).await?;
            registry.seats().share_all(link).await?;
            nodes::write(link, &(self.describe)()).await?;
        }
        Ok(())
    }

    /// Takes note of the nodes that live, and lets those go that have been missing.
    fn meet(&self, link: &Link, hub: &Hub, pulse: &Pulse, state: &mut State) {
        let now = Instant::now();
        let mut others = self.others.lock();
        for node in &*others {
            if !pulse.nodes.contains(node) {
                state.missing.entry(*node).or_insert(now);
            }
        }
        state.missing.retain(|node, since| {
            let back = pulse.nodes.contains(node);
            let gone = !back && now.duration_since(*since) >= GRACE;
            if gone {
                tracing::info!(%node, "a node is gone");
                hub.forget_node(*node);
            }
            !back && !gone
        });
        let living = pulse.nodes.iter().copied();
        *others = living.filter(|node| *node != link.node()).collect();
        let count = others.len() + state.missing.len() + 1;
        link.set_nodes(count);
        metrics::gauge!("generic_corp_nodes").set(count as f64);
    }

    /// Writes what changed here, tells it, and reads what changed elsewhere.
    async fn exchange(
        &self,
        link: &Link,
        hub: &Hub,
        bus: &Bus,
        state: &mut State,
    ) -> Result<(), Error> {
        sleep(GATHER).await;
        let changed = hub.take_changed();
        let rooms = state.members.write(link, hub, changed).await?;
        let hints: Vec<Hint> = rooms
            .into_iter()
            .map(|room| Hint::Presence { room })
            .collect();
        bus.tell_others(&hints);
        let unread: Vec<RoomId> = hub.take_unread().into_iter().collect();
        let others = self.others.lock().clone();
        members::read(link, hub, &others, &unread).await
    }
}
