//! Connections of an organization at a time, over all nodes.
//!
//! The count of each node stands in Redis; a script adds them up and takes a seat in one step. While Redis
//! is away a node goes by its own count, of which it may have its share of what the plan allows.

use crate::link::{Error, Link};
use dashmap::DashMap;
use generic_corp_protocol::OrganizationId;
use parking_lot::Mutex;
use redis::{Pipeline, Script};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::{Notify, RwLock};

/// Milliseconds that a count is kept without being written again.
const KEPT_MS: i64 = 60_000;

/// Adds one to a node's count unless all of them then are more than allowed; forgets those of dead nodes.
/// The node's own word is believed where Redis knows less: it may have lost everything.
const TAKE: &str = r"
local mine, others = tonumber(ARGV[2]), 0
local counts = redis.call('HGETALL', KEYS[1])
for at = 1, #counts, 2 do
  if counts[at] == ARGV[1] then mine = math.max(mine, tonumber(counts[at + 1]))
  elseif redis.call('ZSCORE', KEYS[2], counts[at]) then others = others + counts[at + 1]
  else redis.call('HDEL', KEYS[1], counts[at]) end
end
if others + mine + 1 > tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], mine + 1)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
";

/// A cheap handle; see the module. Alone, a node counts for itself.
#[derive(Clone, Default)]
pub struct Seats(Arc<Inner>);

#[derive(Default)]
struct Inner {
    link: Option<Link>,
    own: DashMap<OrganizationId, usize>,
    /// Counts that Redis does not know yet. Bounded by the organizations with connections, and by the
    /// next beat, which writes all.
    changed: Mutex<HashSet<OrganizationId>>,
    /// Held to read by who takes a seat and to write by who writes counts: a count that was read before a
    /// seat was taken must not be written after it.
    order: RwLock<()>,
    news: Notify,
}

impl Seats {
    /// Seats of nodes that share this Redis, or of one.
    pub fn new(link: Option<Link>) -> Self {
        Self(Arc::new(Inner {
            link,
            ..Inner::default()
        }))
    }

    /// Takes a seat where the organization has fewer than `most`. Whether it did.
    pub async fn take(&self, organization: OrganizationId, most: usize) -> bool {
        let Some(link) = &self.0.link else {
            return self.take_own(organization, most);
        };
        let _order = self.0.order.read().await;
        match self.ask(link, organization, most).await {
            Ok(true) => self.take_own(organization, usize::MAX),
            Ok(false) => false,
            Err(_) => self.take_own(organization, most.div_ceil(link.nodes())),
        }
    }

    /// Takes a seat where this node has fewer than `most`.
    fn take_own(&self, organization: OrganizationId, most: usize) -> bool {
        let mut own = self.0.own.entry(organization).or_default();
        let taken = *own < most;
        *own += usize::from(taken);
        taken
    }

    async fn ask(
        &self,
        link: &Link,
        organization: OrganizationId,
        most: usize,
    ) -> Result<bool, Error> {
        let own = self.0.own.get(&organization).map_or(0, |own| *own);
        let script = Script::new(TAKE);
        let mut call = script.key(key(link, organization));
        call.key(link.nodes_key())
            .arg(link.node().to_string())
            .arg(own)
            .arg(most)
            .arg(KEPT_MS);
        link.ask(async |redis| call.invoke_async(redis).await).await
    }

    /// Gives a seat back.
    pub fn give_back(&self, organization: OrganizationId) {
        if let Some(mut own) = self.0.own.get_mut(&organization) {
            *own = own.saturating_sub(1);
        }
        self.0.own.remove_if(&organization, |_, own| *own == 0);
        if self.0.link.is_some() {
            self.0.changed.lock().insert(organization);
            self.0.news.notify_one();
        }
    }

    /// Waits until seats were given back that other nodes are to hear of.
    pub async fn changed(&self) {
        self.0.news.notified().await;
    }

    /// Writes the counts that changed.
    ///
    /// # Errors
    /// When Redis is away.
    pub async fn share(&self, link: &Link) -> Result<(), Error> {
        let _order = self.0.order.write().await;
        let changed = std::mem::take(&mut *self.0.changed.lock());
        self.write(link, changed.into_iter().collect()).await
    }

    /// Writes all counts.
    ///
    /// # Errors
    /// When Redis is away.
    pub async fn share_all(&self, link: &Link) -> Result<(), Error> {
        let _order = self.0.order.write().await;
        let mut all = std::mem::take(&mut *self.0.changed.lock());
        all.extend(self.0.own.iter().map(|entry| *entry.key()));
        self.write(link, all.into_iter().collect()).await
    }

    async fn write(&self, link: &Link, organizations: Vec<OrganizationId>) -> Result<(), Error> {
        let mut pipe = Pipeline::new();
        for organization in &organizations {
            let (key, node) = (key(link, *organization), link.node().to_string());
            match self.0.own.get(organization).map(|own| *own) {
                Some(own) => {
                    pipe.hset(&key, node, own).ignore();
                    pipe.pexpire(&key, KEPT_MS).ignore();
                }
                None => drop(pipe.hdel(&key, node).ignore()),
            }
        }
        if organizations.is_empty() {
            return Ok(());
        }
        link.ask(async |redis| pipe.query_async::<()>(redis).await)
            .await
    }
}

fn key(link: &Link, organization: OrganizationId) -> String {
    link.key(&["organization", &organization.to_string(), "connections"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[tokio::test]
    async fn seats_are_counted_by_organization_and_given_back() {
        let (seats, one, two) = (
            Seats::default(),
            OrganizationId(Uuid::from_u128(1)),
            OrganizationId(Uuid::from_u128(2)),
        );
        assert!(seats.take(one, 2).await && seats.take(one, 2).await);
        assert!(!seats.take(one, 2).await);
        assert!(seats.take(two, 1).await);
        seats.give_back(one);
        assert!(seats.take(one, 2).await);
    }
}
