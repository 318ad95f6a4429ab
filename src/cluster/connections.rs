//! Connections of a workspace: each node keeps its own in a hash a workspace, which ends with its lease.

use super::lease::LEASE;
use crate::connection::Registry;
use crate::link::{Error, Link};
use generic_corp_protocol::{ConnectionId, WorkspaceId, rest};
use std::collections::HashMap;
use uuid::Uuid;

/// Connections written in one round trip.
const BATCH: usize = 500;
/// What a connection has counted is written every fifth time, each in a turn of its own: counters move
/// with whatever is received, and nobody reads them as often.
const TURNS: u64 = 5;
/// Until somebody speaks, the end of the hour moves with the clock; it counts as changed after this time.
const HOUR_STEP_MS: i64 = 300_000;

/// What this node has written.
#[derive(Default)]
pub(super) struct Shared {
    written: HashMap<ConnectionId, (WorkspaceId, Mark)>,
    turn: u64,
}

/// What of a connection changes while it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    follows: (u32, u32),
    counted: [u64; 5],
    hour: i64,
}

impl Mark {
    fn of(connection: &rest::Connection) -> Self {
        Self {
            follows: (connection.rooms, connection.streams),
            counted: [
                connection.messages_received,
                connection.bytes_received,
                connection.frames_sent,
                connection.rejected,
                connection.quota.messages_this_hour,
            ],
            hour: connection.quota.hour_resets_at.0 / HOUR_STEP_MS,
        }
    }

    /// Whether a connection that was `written` is to be written again in this turn.
    fn is_due(self, written: Self, id: ConnectionId, turn: u64) -> bool {
        let its_turn = (id.0.as_u128() as u64)
            .wrapping_add(turn)
            .is_multiple_of(TURNS);
        self.follows != written.follows || its_turn && self != written
    }
}

impl Shared {
    /// Forgets what was written: Redis has lost it.
    pub(super) fn lost(&mut self) {
        self.written.clear();
    }

    /// Writes what has changed since the last call, and keeps the rest from ending.
    pub(super) async fn write(&mut self, link: &Link, registry: &Registry) -> Result<(), Error> {
        let (mut puts, mut standing) = (Vec::new(), HashMap::new());
        self.turn = self.turn.wrapping_add(1);
        for (workspace, connection) in registry.all() {
            let (id, mark) = (connection.id, Mark::of(&connection));
            if let Some((_, written)) = self.written.get(&id)
                && !mark.is_due(*written, id, self.turn)
            {
                standing.insert(id, (workspace, *written));
                continue;
            }
            let Ok(json) = serde_json::to_string(&connection) else {
                continue;
            };
            puts.push((key(link, workspace, link.node()), id, json));
            standing.insert(id, (workspace, mark));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_are_written_at_once_and_counters_in_turn() {
        let (id, before) = (
            ConnectionId(Uuid::from_u128(3)),
            Mark {
                follows: (1, 0),
                counted: [0; 5],
                hour: 7,
            },
        );
        let turns = |mark: Mark| {
            (0..TURNS)
                .filter(|turn| mark.is_due(before, id, *turn))
                .count()
        };
        assert_eq!(turns(before), 0);
        let counted = [0, 0, 9, 0, 0];
        assert_eq!(turns(Mark { counted, ..before }), 1);
        assert_eq!(turns(Mark { hour: 8, ..before }), 1);
        let follows = (2, 0);
        assert_eq!(turns(Mark { follows, ..before }), TURNS as usize);
    }
}
