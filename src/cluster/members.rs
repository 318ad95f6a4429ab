//! Members of rooms: each node keeps its own in a hash a room, which ends with the node's lease.

use super::lease::{LEASE, changed_key};
use crate::fanout::{Hub, Others};
use crate::link::{Error, Link};
use generic_corp_protocol::limit::MAX_MEMBERS_SHOWN;
use generic_corp_protocol::{ConnectionId, Member, RoomId};
use redis::{FromRedisValue as _, Pipeline, Script, Value};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Rooms that one script reads.
const ROOMS_A_READ: usize = 200;

/// Notes when rooms changed, by Redis' clock.
const MARK: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, room in ipairs(ARGV) do redis.call('ZADD', KEYS[1], now, room) end
";

/// The values of each hash, or how many there are where they are too many to show.
const READ: &str = r"
local found = {}
for at, key in ipairs(KEYS) do
  local count = redis.call('HLEN', key)
  found[at] = count > tonumber(ARGV[1]) and count or redis.call('HVALS', key)
end
return found
";

/// Rooms that this node has members in, as Redis knows it.
#[derive(Default)]
pub(super) struct Shared(HashSet<RoomId>);

impl Shared {
    /// Writes what has changed on this node. Returns the rooms.
    pub(super) async fn write(
        &mut self,
        link: &Link,
        hub: &Hub,
        changed: HashMap<RoomId, HashSet<ConnectionId>>,
    ) -> Result<Vec<RoomId>, Error> {
        let mut pipe = redis::pipe();
        for (room, connections) in &changed {
            let key = key(link, *room, link.node());
            for connection in connections {
                match hub.own_members(*room, Some(*connection)).first() {
                    Some(member) => put(&mut pipe, &key, member),
                    None => drop(pipe.hdel(&key, connection.to_string()).ignore()),
                }
            }
            expire(&mut pipe, &key);
        }
        self.send(link, pipe, changed.into_keys().collect()).await
    }

    /// Writes all that this node has: Redis has lost it, or the node was taken for dead.
    pub(super) async fn write_all(&mut self, link: &Link, hub: &Hub) -> Result<(), Error> {
        let rooms: HashSet<RoomId> = hub.rooms().into_iter().chain(self.0.drain()).collect();
        let rooms: Vec<RoomId> = rooms.into_iter().collect();
        for rooms in rooms.chunks(ROOMS_A_READ) {
            let mut pipe = redis::pipe();
            pipe.atomic();
            for room in rooms {
                let key = key(link, *room, link.node());
                pipe.del(&key).ignore();
                for member in hub.own_members(*room, None) {
                    put(&mut pipe, &key, &member);
                }
                expire(&mut pipe, &key);
            }
            self.send(link, pipe, rooms.to_vec()).await?;
        }
        Ok(())
    }

    async fn send(
        &mut self,
        link: &Link,
        mut pipe: Pipeline,
        rooms: Vec<RoomId>,
    ) -> Result<Vec<RoomId>, Error> {
        if rooms.is_empty() {
            return Ok(rooms);
        }
        let mark = pipe.cmd("EVAL").arg(MARK).arg(1).arg(changed_key(link));
        for room in &rooms {
            mark.arg(room.to_string());
        }
        mark.ignore();
        link.probe(async |redis| pipe.query_async::<()>(redis).await)
            .await?;
        self.0.extend(&rooms);
        Ok(rooms)
    }

    /// Keeps what was written from ending.
    pub(super) async fn renew(&mut self, link: &Link, hub: &Hub) -> Result<(), Error> {
        self.0
            .retain(|room| !hub.own_members(*room, None).is_empty());
        if self.0.is_empty() {
            return Ok(());
        }
        let mut pipe = redis::pipe();
        for room in &self.0 {
            expire(&mut pipe, &key(link, *room, link.node()));
        }
        link.ask(async |redis| pipe.query_async::<()>(redis).await)
            .await
    }
}

/// Reads who is in these rooms on other nodes, and tells the hub.
pub(super) async fn read(
    link: &Link,
    hub: &Hub,
    nodes: &[Uuid],
    rooms: &[RoomId],
) -> Result<(), Error> {
    let script = Script::new(READ);
    let others: Vec<Uuid> = nodes
        .iter()
        .copied()
        .filter(|n| *n != link.node())
        .collect();
    for rooms in rooms.chunks(ROOMS_A_READ) {
        let found: Vec<Value> = if others.is_empty() {
            Vec::new()
        } else {
            let mut call = script.arg(MAX_MEMBERS_SHOWN);
            for room in rooms {
                for node in &others {
                    call.key(key(link, *room, *node));
                }
            }
            link.ask(async |redis| call.invoke_async(redis).await)
                .await?
        };
        let mut found = found.into_iter();
        for room in rooms {
            let of_room = others.iter().map(|node| (*node, found.next()));
            let known = of_room.filter_map(|(node, value)| Some((node, standing(value?)?)));
            hub.set_others(*room, known.collect());
        }
    }
    Ok(())
}

/// How many are in each room on other nodes; rooms without are left out.
pub(super) async fn counts(
    link: &Link,
    nodes: &[Uuid],
    rooms: &[RoomId],
) -> Result<HashMap<RoomId, usize>, Error> {
    let mut pipe = redis::pipe();
    for room in rooms {
        for node in nodes {
            pipe.hlen(key(link, *room, *node));
        }
    }
    if rooms.is_empty() || nodes.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<usize> = link
        .ask(async |redis| pipe.query_async(redis).await)
        .await?;
    let sums = rooms.iter().zip(found.chunks(nodes.len()));
    Ok(sums
        .map(|(room, counts)| (*room, counts.iter().sum()))
        .collect())
}

fn standing(value: Value) -> Option<Others> {
    if let Value::Int(count) = value {
        return Some(Others::Counted(usize::try_from(count).ok()?));
    }
    let members: Vec<Vec<u8>> = Vec::from_redis_value(value).ok()?;
    let members = members
        .iter()
        .filter_map(|json| serde_json::from_slice(json).ok());
    Some(Others::Listed(members.collect()))
}

fn put(pipe: &mut Pipeline, key: &str, member: &Member) {
    if let Ok(json) = serde_json::to_string(member) {
        pipe.hset(key, member.connection.to_string(), json).ignore();
    }
}

fn expire(pipe: &mut Pipeline, key: &str) {
    pipe.pexpire(key, LEASE.as_millis() as i64).ignore();
}

fn key(link: &Link, room: RoomId, node: Uuid) -> String {
    link.key(&["room", &room.to_string(), "members", &node.to_string()])
}
