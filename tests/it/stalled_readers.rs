//! Viewers that stop reading: they cost a bounded memory, slow nobody, and miss nothing.

use crate::support::{Received, Socket, TestServer, eventually};
use generic_corp_protocol::{CloseCode, ServerFrame, limit};
use serde_json::json;

/// Messages that pass while they do not read.
const MESSAGES: usize = 50_048;
/// Messages before that, after which the hub has what it keeps for everybody.
const WARM_UP: usize = 5_056;
/// Batches on their way at a time.
const BATCHES_AHEAD: usize = 4;

async fn viewer(hub: &TestServer, key: &str) -> Socket {
    let mut viewer = hub.connect(key).await;
    viewer.join("lobby").await;
    viewer
}

/// Publishes so many messages, many at a time.
async fn publish(bot: &mut Socket, count: usize) {
    let frame = json!({ "type": "publish", "room": "lobby", "body": "x".repeat(300) });
    let batches = count / limit::MAX_FRAMES_PER_MESSAGE;
    assert_eq!(batches * limit::MAX_FRAMES_PER_MESSAGE, count);
    for n in 0..batches + BATCHES_AHEAD {
        if n < batches {
            let mut frames = vec![frame.clone(); limit::MAX_FRAMES_PER_MESSAGE];
            frames[limit::MAX_FRAMES_PER_MESSAGE - 1]["id"] = json!(format!("m{n}"));
            bot.send(json!(frames)).await;
        }
        if n >= BATCHES_AHEAD {
            let id = format!("m{}", n - BATCHES_AHEAD);
            bot.reply(&id).await.expect("published");
        }
    }
}

/// Reads on and checks that nothing is missing.
async fn reads(viewer: &mut Socket, seqs: std::ops::RangeInclusive<u64>) {
    for seq in seqs {
        assert_eq!(viewer.event().await.seq, seq);
    }
}

#[tokio::test]
async fn readers_that_stall_cost_no_memory_and_miss_nothing() {
    let hub = TestServer::builder().with("socket.stall_timeout_seconds", 3_600);
    let hub = hub.start().await;
    let key = hub.key("bot").await;
    let mut bot = hub.connect(&key).await;
    let mut live = viewer(&hub, &key).await;
    let mut stalled = Vec::new();
    for _ in 0..5 {
        stalled.push(viewer(&hub, &key).await);
    }
    publish(&mut bot, WARM_UP).await;
    reads(&mut live, 1..=WARM_UP as u64).await;
    let before = hub.resident_bytes();
    let all = (WARM_UP + MESSAGES) as u64;
    let rest = WARM_UP as u64 + 1..=all;
    tokio::join!(publish(&mut bot, MESSAGES), reads(&mut live, rest));
    let grown = hub.resident_bytes().saturating_sub(before);
    assert!(grown < 24 << 20, "the hub has grown by {grown} bytes");
    for viewer in &mut stalled[..2] {
        reads(viewer, 1..=all).await;
    }
}

#[tokio::test]
async fn a_reader_that_takes_nothing_for_too_long_is_closed_and_resumes() {
    let hub = TestServer::builder()
        .alone()
        .with("socket.stall_timeout_seconds", 2)
        .with_metrics();
    let hub = hub.start().await;
    let key = hub.key("bot").await;
    let mut bot = hub.connect(&key).await;
    let mut stalled = viewer(&hub, &key).await;
    let epoch = bot.join("lobby").await.epoch;
    bot.request(json!({ "type": "leave", "room": "lobby" }))
        .await
        .unwrap();
    publish(&mut bot, WARM_UP).await;
    let closed = r#"generic_corp_connections_closed_total{code="4430"}"#;
    let counted = eventually("it is closed, and counted", async || {
        (hub.metric(closed).await == 1.0).then_some(())
    });
    counted.await;
    // Who reads on is told, after what was on its way.
    assert_eq!(stalled.closed().await, CloseCode::TooSlow);
    let seen = stalled.put_aside(|received| match received {
        Received::Frame(ServerFrame::Event(event)) => Some(event.seq),
        _ => None,
    });
    let (last, all) = (seen.len() as u64, WARM_UP as u64);
    assert!(last < all && seen.into_iter().eq(1..=last), "no gap");
    let mut again = hub.connect(&key).await;
    let resume = json!({ "room": "lobby", "after": last, "epoch": epoch });
    assert!(again.join_with(resume).await.recovered);
    reads(&mut again, last + 1..=all).await;
    assert_eq!(again.say("lobby", "here again").await, all + 1);
}
