//! Nodes joined by Redis, and what becomes of them when it is away, has lost everything, or lies.
//!
//! These tests have something to say where hubs are clusters.

use crate::support::database::is_cluster;
use crate::support::proxy::Proxy;
use crate::support::redis::Redis;
use crate::support::socket::{handshake, with_token};
use crate::support::{Received, Rest, Socket, TestServer, eventually, within};
use generic_corp_protocol::frame::PresenceChange;
use generic_corp_protocol::rest::{Connection, Readiness};
use generic_corp_protocol::{CloseCode, ErrorCode, ServerFrame};
use serde_json::json;
use std::time::{Duration, Instant};

/// Two nodes on one database and a Redis of their own, with metrics, and a key.
struct Pair {
    redis: Redis,
    one: TestServer,
    two: TestServer,
    key: String,
}

impl Pair {
    /// `None` where hubs are no clusters.
    async fn start(plan: &[(&str, u64)]) -> Option<Self> {
        if !is_cluster() {
            return None;
        }
        let redis = Redis::start().await;
        let url = format!("redis://{}", redis.address());
        let node = || {
            TestServer::builder()
                .with("redis.url", &url)
                .with_plan(plan)
        };
        let one = node().alone().with_metrics().start().await;
        let two = one.another_node("two").await;
        let key = one.key("bot").await;
        let pair = Self {
            redis,
            one,
            two,
            key,
        };
        pair.joined().await;
        Some(pair)
    }

    /// Both hear each other.
    async fn joined(&self) {
        for node in [&self.one, &self.two] {
            eventually("the bus is there", async || {
                (ready(node).await.bus == Some(true)).then_some(())
            })
            .await;
        }
        eventually("they know each other", async || {
            (self.one.metric("generic_corp_nodes").await == 2.0).then_some(())
        })
        .await;
    }
}

pub async fn ready(node: &TestServer) -> Readiness {
    let answer = Rest::new(node.url(""), None).get("/readyz").await;
    assert_eq!(answer.status, 200, "it takes work");
    answer.ok()
}

async fn change(viewer: &mut Socket, what: impl Fn(&PresenceChange) -> bool) -> PresenceChange {
    let choose = |received| match received {
        Received::Frame(ServerFrame::Presence(change)) if what(&change) => Ok(change),
        other => Err(other),
    };
    viewer.pick("a change of presence", choose).await
}

#[tokio::test]
async fn without_redis_events_come_a_little_later_and_none_is_lost() {
    let Some(mut pair) = Pair::start(&[]).await else {
        return;
    };
    let mut bot = pair.one.connect(&pair.key).await;
    let mut viewer = pair.two.agent("viewer").await;
    viewer.join("lobby").await;
    assert_eq!(bot.say("lobby", "with").await, 1);
    assert_eq!(viewer.event().await.seq, 1);
    pair.redis.kill().await;
    for n in 2..=50 {
        assert_eq!(bot.say("lobby", "without").await, n);
    }
    let asked = Instant::now();
    let seqs: Vec<u64> = viewer
        .events(49)
        .await
        .iter()
        .map(|event| event.seq)
        .collect();
    assert_eq!(seqs, (2..=50).collect::<Vec<_>>());
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "{:?}",
        asked.elapsed()
    );
    eventually("it is told", async || {
        (ready(&pair.two).await.bus == Some(false)).then_some(())
    })
    .await;
    pair.redis.restart().await;
    pair.joined().await;
    assert_eq!(bot.say("lobby", "with").await, 51);
    assert_eq!(viewer.event().await.seq, 51);
}

#[tokio::test]
async fn a_last_message_that_was_lost_is_noticed() {
    let Some(pair) = Pair::start(&[]).await else {
        return;
    };
    let mut bot = pair.one.connect(&pair.key).await;
    let mut viewer = pair.two.agent("viewer").await;
    viewer.join("lobby").await;
    for n in 1..=5 {
        // Subscriptions end, and nobody is there to hear the next event.
        pair.redis
            .say("CLIENT KILL TYPE pubsub")
            .await
            .expect("cut");
        assert_eq!(bot.say("lobby", "unheard").await, n);
        let said = Instant::now();
        assert_eq!(viewer.event().await.seq, n);
        assert!(
            said.elapsed() < Duration::from_secs(2),
            "{:?}",
            said.elapsed()
        );
    }
}

#[tokio::test]
async fn nobody_leaves_because_redis_has_lost_everything() {
    let Some(mut pair) = Pair::start(&[]).await else {
        return;
    };
    let mut viewer = pair.one.agent("viewer").await;
    viewer.join("lobby").await;
    let mut bot = pair.two.connect(&pair.key).await;
    assert_eq!(
        bot.join("lobby").await.member_count,
        2,
        "it waits to hear of others"
    );
    change(&mut viewer, |change| change.member_count == 2).await;
    pair.redis.kill().await;
    pair.redis.restart().await;
    pair.joined().await;
    // Whoever comes now is told to both, after everything else.
    let mut third = pair.two.agent("third").await;
    assert_eq!(third.join("lobby").await.member_count, 3);
    let seen = change(&mut viewer, |change| {
        assert!(change.left.is_empty(), "{change:?}");
        change.member_count == 3
    });
    seen.await;
    drop(bot);
    change(&mut viewer, |change| change.member_count == 2).await;
}

#[tokio::test]
async fn the_members_of_a_dead_node_leave_within_ten_seconds() {
    let Some(mut pair) = Pair::start(&[]).await else {
        return;
    };
    let mut viewer = pair.one.agent("viewer").await;
    viewer.join("lobby").await;
    let mut bot = pair.two.connect(&pair.key).await;
    bot.join("lobby").await;
    change(&mut viewer, |change| change.member_count == 2).await;
    pair.two.kill().await;
    let died = Instant::now();
    let gone = change(&mut viewer, |change| change.member_count == 1).await;
    assert_eq!(gone.left.len(), 1);
    assert!(
        died.elapsed() < Duration::from_secs(10),
        "{:?}",
        died.elapsed()
    );
}

#[tokio::test]
async fn a_plan_counts_the_connections_of_all_nodes() {
    let Some(mut pair) = Pair::start(&[("connections", 4)]).await else {
        return;
    };
    let full = async |node: &TestServer| {
        let request = with_token(handshake(node.address), &pair.key);
        let mut socket = Socket::open(node.address, request).await.expect("opened");
        match socket.next().await {
            Received::Frame(ServerFrame::Welcome(_)) => Some(socket),
            Received::Frame(ServerFrame::Error(failure)) => {
                assert_eq!(failure.code, ErrorCode::LimitReached);
                assert_eq!(socket.closed().await, CloseCode::ConnectionLimit);
                None
            }
            other => panic!("{other:?}"),
        }
    };
    let mut held = Vec::new();
    for node in [&pair.one, &pair.one, &pair.two, &pair.two] {
        held.push(full(node).await.expect("a seat"));
    }
    assert!(full(&pair.one).await.is_none() && full(&pair.two).await.is_none());
    held.remove(0).close().await;
    eventually(
        "the seat is given back, at the other node too",
        async || {
            let seat = full(&pair.two).await?;
            held.push(seat);
            Some(())
        },
    )
    .await;
    // Without Redis each node has its share: two here, where one is left.
    pair.redis.kill().await;
    eventually("a seat of this node's share", async || {
        full(&pair.one).await.map(drop)
    })
    .await;
    assert!(full(&pair.two).await.is_none(), "three are there already");
}

#[tokio::test]
async fn what_skips_the_log_and_who_is_connected_is_known_on_every_node() {
    let Some(pair) = Pair::start(&[]).await else {
        return;
    };
    let mut viewer = pair.two.agent("viewer").await;
    viewer.join("lobby").await;
    let mut bot = pair.one.connect(&pair.key).await;
    let typing = json!({ "type": "publish", "room": "lobby", "ephemeral": true, "kind": "typing", "body": {} });
    bot.request(typing).await.expect("told");
    let choose = |received| match received {
        Received::Frame(ServerFrame::Ephemeral(message)) => Ok(message),
        other => Err(other),
    };
    assert_eq!(
        viewer.pick("what skips the log", choose).await.kind,
        "typing"
    );
    for node in [&pair.one, &pair.two] {
        let operator = node.admin().await;
        eventually("both are listed", async || {
            let found: Vec<Connection> = operator.get("/workspaces/main/connections").await.ok();
            (found.len() == 2).then_some(())
        })
        .await;
        let room: serde_json::Value = operator.get("/workspaces/main/rooms/lobby").await.ok();
        assert_eq!(room["members"], json!(1));
    }
}

#[tokio::test]
async fn lies_on_the_bus_are_dropped_and_counted() {
    let Some(pair) = Pair::start(&[]).await else {
        return;
    };
    let mut bot = pair.one.connect(&pair.key).await;
    let mut viewer = pair.one.agent("viewer").await;
    viewer.join("lobby").await;
    let channels = pair.redis.say("PUBSUB CHANNELS").await.expect("asked");
    let channels: Vec<&str> = channels
        .lines()
        .filter(|line| line.contains(":room:"))
        .collect();
    assert_eq!(channels.len(), 1, "only the room that is watched");
    for lie in [
        "x",
        "\"\\x01\"",
        "\"\\x01aaaaaaaaaaaaaaaa\\x01\\xff\\xff\\xff\\xff\"",
    ] {
        let said = pair
            .redis
            .say(&format!("PUBLISH {} {lie}", channels[0]))
            .await;
        assert_eq!(said.expect("said"), ":1\r\n", "somebody hears");
    }
    eventually("all are counted", async || {
        let counted = pair
            .one
            .metric("generic_corp_bus_hints_unreadable_total")
            .await;
        (counted == 3.0).then_some(())
    })
    .await;
    assert_eq!(bot.say("lobby", "and on").await, 1);
    assert_eq!(viewer.event().await.seq, 1);
}

#[tokio::test]
async fn a_node_that_is_cut_off_from_redis_hears_of_everything() {
    if !is_cluster() {
        return;
    }
    let redis = Redis::start().await;
    let proxy = Proxy::to(&redis.address()).await;
    let near = TestServer::builder().alone();
    let near = near
        .with("redis.url", format!("redis://{}", redis.address()))
        .start()
        .await;
    let url = format!("redis://{}", proxy.address);
    let far = near.another_node_with("far", &[("redis.url", &url)]).await;
    let (mut bot, mut viewer) = (near.agent("bot").await, far.agent("viewer").await);
    viewer.join("lobby").await;
    for n in 1..=20 {
        if n % 4 == 0 {
            proxy.cut();
        }
        assert_eq!(bot.say("lobby", "heard").await, n);
        let heard = within("it is heard of", viewer.event());
        assert_eq!(heard.await.seq, n);
        proxy.mend();
    }
}
