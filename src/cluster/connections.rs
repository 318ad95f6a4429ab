//! Connections of a workspace: each node keeps its own in a hash a workspace, which ends with its lease.

use super::lease::LEASE;
use crate::connection::Registry;
use crate::link::{Error, Link};
use generic_corp_protocol::{ConnectionId, WorkspaceId, rest};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use uuid::Uuid;

/// Connections written in one round trip.
const BATCH: usize = 500;

/// What this node has written, each with a mark of its content.
#[derive(Default)]
pub(super) struct Shared {
    written: HashMap<ConnectionId, (WorkspaceId, u64)>,
    hasher: RandomState,
}

impl Shared {
    /// Forgets what was written: Redis has lost it.
    pub(super) fn lost(&mut self) {
        self.written.clear();
    }

    /// Writes what has changed since the last call, and keeps the rest from ending.
    pub(super) async fn write(&mut self, link: &Link, registry: &Registry) -> Result<(), Error> {
        let (mut puts, mut standing) = (Vec::new(), HashMap::new());
        for (workspace, connection) in registry.all() {
            let id = connection.id;
            let Ok(json) = serde_json::to_string(&connection) else {
                continue;
            };
            let mark = (workspace, self.hasher.hash_one(&json));
            if self.written.get(&id) != Some(&mark) {
                puts.push((key(link, workspace, link.node()), id, json));
            }
            standing.insert(id, mark);
        }
        for batch in puts.chunks(BATCH) {
            let mut pipe = redis::pipe();
            for (key, id, json) in batch {
                pipe.hset(key, id.to_string(), json).ignore();
            }
            link.ask(async |redis| pipe.query_async::<()>(redis).await)
                .await?;
        }
        let mut pipe = redis::pipe();
        for (id, (workspace, _)) in &self.written {
            if !standing.contains_key(id) {
                pipe.hdel(key(link, *workspace, link.node()), id.to_string())
                    .ignore();
            }
        }
        let mut workspaces: Vec<WorkspaceId> = standing.values().map(|(of, _)| *of).collect();
        workspaces.sort_unstable();
        workspaces.dedup();
        for workspace in workspaces {
            let lease = LEASE.as_millis() as i64;
            pipe.pexpire(key(link, workspace, link.node()), lease)
                .ignore();
        }
        if !pipe.is_empty() {
            link.ask(async |redis| pipe.query_async::<()>(redis).await)
                .await?;
        }
        self.written = standing;
        Ok(())
    }
}

/// Connections of a workspace on these nodes.
pub(super) async fn read(
    link: &Link,
    nodes: &[Uuid],
    workspace: WorkspaceId,
) -> Result<Vec<rest::Connection>, Error> {
    let mut pipe = redis::pipe();
    for node in nodes {
        pipe.hvals(key(link, workspace, *node));
    }
    if nodes.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<Vec<String>> = link
        .ask(async |redis| pipe.query_async(redis).await)
        .await?;
    let texts = found.iter().flatten();
    Ok(texts
        .filter_map(|json| serde_json::from_str(json).ok())
        .collect())
}

fn key(link: &Link, workspace: WorkspaceId, node: Uuid) -> String {
    let (workspace, node) = (workspace.to_string(), node.to_string());
    link.key(&["workspace", &workspace, "connections", &node])
}
