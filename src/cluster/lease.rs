//! A node's lease: renewed on a timer, so that all nodes agree on which of them live. The clock is Redis'.

use crate::link::{Error, Link};
use generic_corp_protocol::RoomId;
use redis::Script;
use std::time::Duration;
use uuid::Uuid;

/// A node that was not heard of for this long is gone.
pub(super) const LEASE: Duration = Duration::from_secs(5);

/// Renews the lease if there is one, or takes one if told to. Gives whether there was one, the time, the
/// living nodes and the rooms whose members have changed since a time.
const BEAT: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - 10 * ARGV[2])
local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
if known or ARGV[4] == '1' then redis.call('ZADD', KEYS[1], now, ARGV[1]) end
local changed = redis.call('ZRANGEBYSCORE', KEYS[2], ARGV[3], '+inf')
return {known and 1 or 0, now, redis.call('ZRANGE', KEYS[1], 0, -1), changed}
";

/// What a beat tells.
pub(super) struct Pulse {
    /// Whether this node's lease was unbroken: what it has shared is still there.
    pub(super) known: bool,
    /// Milliseconds, by Redis' clock.
    pub(super) now: u64,
    /// The living nodes.
    pub(super) nodes: Vec<Uuid>,
    /// Rooms whose members have changed.
    pub(super) changed: Vec<RoomId>,
}

/// Renews the lease; `take` takes one where there is none. `since` is the [`Pulse::now`] of the last beat.
pub(super) async fn beat(link: &Link, since: u64, take: bool) -> Result<Pulse, Error> {
    let script = Script::new(BEAT);
    let mut call = script.key(link.nodes_key());
    call.key(changed_key(link))
        .arg(link.node().to_string())
        .arg(LEASE.as_millis() as u64)
        .arg(since)
        .arg(u8::from(take));
    let answer = link
        .probe(async |redis| call.invoke_async(redis).await)
        .await;
    let (known, now, nodes, changed): (u8, u64, Vec<String>, Vec<String>) = answer?;
    let ids = |texts: Vec<String>| -> Vec<Uuid> {
        texts.iter().filter_map(|text| text.parse().ok()).collect()
    };
    Ok(Pulse {
        known: known == 1,
        now,
        nodes: ids(nodes),
        changed: ids(changed).into_iter().map(RoomId).collect(),
    })
}

/// Gives the lease back: the node is gone.
pub(super) async fn give_back(link: &Link) -> Result<(), Error> {
    let mut command = redis::cmd("ZREM");
    command.arg(link.nodes_key()).arg(link.node().to_string());
    link.ask(async |redis| command.query_async(redis).await)
        .await
}

/// Rooms by the time their members last changed.
pub(super) fn changed_key(link: &Link) -> String {
    link.key(&["rooms", "changed"])
}
