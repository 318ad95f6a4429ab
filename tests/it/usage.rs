//! What an organization used is counted over sockets, nodes and crashes; a plan that stops, stops.

use crate::support::{Received, Rest, Socket, TestServer, eventually};
use generic_corp_protocol::frame::UsageLevel;
use generic_corp_protocol::rest::{Me, UsageReport};
use generic_corp_protocol::{ErrorCode, ServerFrame};
use serde_json::{Value, json};
use std::time::Instant;

const EVENTS: usize = 40;

/// The administrator's organization, as a path.
async fn organization(admin: &Rest) -> String {
    let me: Me = admin.get("/me").await.ok();
    format!("/organizations/{}", me.organizations[0].id)
}

async fn report(admin: &Rest, by: &str) -> UsageReport {
    let path = organization(admin).await;
    admin.get(&format!("{path}/usage?by={by}")).await.ok()
}

/// A message that publishes.
fn publish() -> Value {
    json!({ "type": "publish", "room": "lobby", "body": "hello" })
}

/// Whether the hub told that this meter stops.
fn told_to_stop(socket: &Socket, meter: &str) -> bool {
    let stops = socket.put_aside(|received| match received {
        Received::Frame(ServerFrame::Usage(usage)) => {
            Some(usage.meter == meter && usage.level == UsageLevel::Hard)
        }
        _ => None,
    });
    stops.contains(&true)
}

#[tokio::test]
async fn a_kill_loses_no_message_and_no_time_is_counted_twice() {
    let mut hub = TestServer::start().await;
    let began = Instant::now();
    let key = hub.key("bot").await;
    // Several sockets of one agent, on whichever nodes.
    let mut bots = Vec::new();
    for _ in 0..3 {
        bots.push(hub.connect(&key).await);
    }
    for n in 0..EVENTS {
        bots[n % 3].say("lobby", &format!("{n}")).await;
    }
    let admin = hub.admin().await;
    let seconds = eventually("the agent's time is written", async || {
        let seconds = report(&admin, "agent").await.total.agent_seconds;
        (seconds >= 2).then_some(seconds)
    });
    let seconds = seconds.await;
    hub.kill().await;
    let connected = began.elapsed().as_secs() + 1;
    drop(bots);
    hub.restart().await;
    let admin = hub.admin().await;
    let after = report(&admin, "agent").await;
    let rows = after.rows.iter();
    let bot = rows.filter(|row| row.name.as_deref() == Some("bot"));
    let messages: Vec<_> = bot.map(|row| row.messages).collect();
    assert_eq!(messages, [EVENTS as u64]);
    let counted = after.total.agent_seconds;
    assert!(
        (seconds..=connected).contains(&counted),
        "{counted} of {connected}"
    );
    assert!(after.total.api_calls > 0);
    let keys = report(&admin, "key").await;
    let sent = keys.rows.iter().map(|row| row.messages).max();
    assert_eq!(sent, Some(EVENTS as u64));
}

#[tokio::test]
async fn a_used_up_month_stops_what_is_sent_and_nothing_that_is_read() {
    let plan = [("messages_per_month", 10)];
    let hub = TestServer::builder().with_plan(&plan).start().await;
    let mut bot = hub.agent("bot").await;
    for _ in 0..10 {
        bot.request(publish()).await.expect("within");
    }
    let refusal = eventually("the month stops", async || {
        bot.request(publish()).await.err()
    })
    .await;
    assert_eq!(refusal.code, ErrorCode::QuotaExceeded);
    let details = refusal.details.expect("details");
    assert_eq!(details["meter"], "messages_per_month");
    assert!(details["resets_at"].is_string());
    assert!(refusal.retry_after_ms <= Some(3_600_000));
    eventually("it is told by a frame", async || {
        let _: Value = bot.ask(json!({ "type": "history", "room": "lobby" })).await;
        told_to_stop(&bot, "messages_per_month").then_some(())
    })
    .await;

    let admin = hub.admin().await;
    let path = organization(&admin).await;
    let alerts: Vec<Value> = admin.get(&format!("{path}/alerts")).await.ok();
    let mut levels: Vec<_> = alerts.iter().map(|alert| alert["level"].as_u64()).collect();
    levels.sort();
    levels.dedup();
    assert_eq!(levels.len(), alerts.len(), "each level once: {alerts:?}");
    assert!(levels.starts_with(&[Some(80), Some(100)]), "{alerts:?}");
    let said = json!({ "body": "hello" });
    let answer = admin
        .post("/workspaces/main/rooms/lobby/events", &said)
        .await;
    assert_eq!(answer.code(), ErrorCode::QuotaExceeded);
}

#[tokio::test]
async fn a_hundred_calls_at_a_limit_of_ten_are_ten_over_all_nodes() {
    let plan = [("api_calls_per_minute", 1), ("api_call_burst", 10)];
    let hub = TestServer::builder().with_plan(&plan).start().await;
    // Making the key is a call of the administrator's, not of the key's.
    let caller = hub.anybody().with_token(&hub.key("bot").await);
    let calls = (0..100).map(|_| caller.get("/me"));
    let answers = futures_util::future::join_all(calls).await;
    let passed = answers.iter().filter(|answer| answer.status.is_success());
    assert_eq!(passed.count(), 10);
    let refused = answers.iter().find(|answer| !answer.status.is_success());
    let refused = refused.expect("ninety");
    assert_eq!(refused.code(), ErrorCode::RateLimited);
    for header in ["ratelimit", "ratelimit-policy", "retry-after"] {
        assert!(refused.headers.contains_key(header), "{header}");
    }
}
