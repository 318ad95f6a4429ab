//! What a connection may send, as its plan says: told at the beginning, warned before the end, refused
//! beyond it with a time to come back.

use crate::support::socket::{Reply, handshake, with_token};
use crate::support::{Bystanders, Received, Socket, TestServer, eventually};
use generic_corp::config::Plans;
use generic_corp_protocol::binary::BinaryKind;
use generic_corp_protocol::frame::{Failure, UsageLevel};
use generic_corp_protocol::{BinaryFrame, CloseCode, ErrorCode, ServerFrame, Timestamp, limit};
use serde_json::{Value, json};
use std::time::Duration;

/// A publish of so many bytes.
fn publish(bytes: usize) -> Value {
    json!({ "type": "publish", "room": "lobby", "body": "x".repeat(bytes - 2) })
}

/// Sends a frame many times in one message, which leaves no time to refill, and gives the answers.
async fn at_once(socket: &mut Socket, frame: &Value, count: usize) -> Vec<Reply> {
    let with_id = |n: usize| {
        let mut frame = frame.clone();
        frame["id"] = json!(n.to_string());
        frame
    };
    socket.send((0..count).map(with_id).collect()).await;
    let mut replies = Vec::new();
    for n in 0..count {
        replies.push(socket.reply(&n.to_string()).await);
    }
    replies
}

/// The last of the refusals, of which there must be some.
fn last_refusal(replies: Vec<Reply>) -> Failure {
    let refused = replies.into_iter().filter_map(Result::err).next_back();
    refused.expect("something was refused")
}

/// Waits as long as the hub says.
async fn wait_as_told(error: &Failure) {
    let wait = error.retry_after_ms.expect("it says how long to wait");
    assert!(error.retryable && wait > 0);
    tokio::time::sleep(Duration::from_millis(wait)).await;
}

#[tokio::test]
async fn the_welcome_tells_what_the_plan_gives() {
    let plans = Plans::load("").expect("the built-in plans");
    for name in ["free", "starter", "pro"] {
        let hub = TestServer::builder().with("tenancy.default_plan", name);
        let hub = hub.start().await;
        let plan = plans.get(name).expect("built in");
        let request = with_token(handshake(hub.address), &hub.key("bot").await);
        let mut bot = Socket::open(hub.address, request).await.unwrap();
        let quota = bot.welcome().await.quota;
        assert_eq!(quota.plan, name);
        assert_eq!(
            (quota.messages_per_second, quota.message_burst),
            (plan.messages_per_second, plan.message_burst)
        );
        assert_eq!(
            (quota.bytes_per_second, quota.byte_burst),
            (plan.bytes_per_second, plan.byte_burst)
        );
        assert_eq!(
            (quota.messages_per_hour, quota.messages_this_hour),
            (plan.messages_per_hour, 0)
        );
    }
}

#[tokio::test]
async fn a_burst_passes_and_what_is_faster_is_told_how_long_to_wait() {
    let plan = [("messages_per_second", 2), ("message_burst", 20)];
    let hub = TestServer::builder().with_plan(&plan).start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let mut bot = hub.agent("bot").await;
    hub.room("other").await;
    let frame = json!({ "type": "publish", "room": "other", "body": 1 });
    let replies = at_once(&mut bot, &frame, 40).await;
    let accepted = replies.iter().take_while(|reply| reply.is_ok()).count();
    assert!(accepted >= 20, "only {accepted} of the burst");
    let refusal = last_refusal(replies);
    assert_eq!(refusal.code, ErrorCode::RateLimited);
    assert_eq!(refusal.details, Some(json!({ "type": "publish" })));
    assert!(refusal.retry_after_ms <= Some(501), "{refusal:?}");
    wait_as_told(&refusal).await;
    bot.request(frame).await.expect("it waited");
    others.undisturbed().await;
}

#[tokio::test]
async fn bytes_are_counted_as_messages_are() {
    let plan = [("bytes_per_second", 2_000), ("byte_burst", 8_000)];
    let hub = TestServer::builder().with_plan(&plan).start().await;
    let mut bot = hub.agent("bot").await;
    let refusal = last_refusal(at_once(&mut bot, &publish(5_000), 8).await);
    assert_eq!(refusal.code, ErrorCode::RateLimited);
    wait_as_told(&refusal).await;
    bot.request(publish(5_000)).await.expect("it waited");
    // What is larger than a whole burst passes when all is there, and is paid back afterwards.
    let refusal = bot.refused(publish(20_000)).await;
    wait_as_told(&refusal).await;
    bot.request(publish(20_000)).await.expect("it waited");
    let debt = bot.refused(publish(9)).await.retry_after_ms.unwrap();
    assert!((1_000..=6_100).contains(&debt), "{debt}");
}

#[tokio::test]
async fn the_bytes_of_streams_are_charged() {
    let plan = [("bytes_per_second", 2_000), ("byte_burst", 8_000)];
    let hub = TestServer::builder().with_plan(&plan).start().await;
    let mut bot = hub.agent("bot").await;
    let hello = json!({ "type": "hello", "binary": true });
    bot.send(hello).await;
    bot.welcome().await;
    let open = json!({ "type": "stream.open", "room": "lobby", "name": "x" });
    let opened: Value = bot.ask(open).await;
    let (stream, handle) = (&opened["stream"], opened["handle"].as_u64().unwrap() as u32);
    let append = |offset: usize, bytes: usize| json!({ "type": "stream.append", "stream": stream, "offset": offset, "text": "x".repeat(bytes) });
    bot.request(append(0, 7_500)).await.expect("within");
    let refusal = last_refusal(at_once(&mut bot, &append(7_500, 5_000), 2).await);
    assert_eq!(refusal.code, ErrorCode::RateLimited);
    let details = json!({ "type": "stream.append", "stream": stream });
    assert_eq!(refusal.details, Some(details.clone()));
    wait_as_told(&refusal).await;
    bot.request(append(7_500, 5_000)).await.expect("it waited");
    // In binary frames as well, whose refusal nobody but the stream can be told by.
    let frame = BinaryFrame {
        kind: BinaryKind::Append,
        handle,
        offset: 12_500,
        payload: &[b'x'; 40_000],
    };
    bot.send_binary(frame.encode()).await;
    let refusal = bot.error().await;
    assert_eq!(
        (refusal.code, refusal.details.as_ref()),
        (ErrorCode::RateLimited, Some(&details))
    );
    // Appends of a byte are work too.
    let mut tiny = Vec::new();
    for n in 0..limit::MAX_FRAMES_PER_MESSAGE {
        tiny.push(append(12_500 + n, 1));
    }
    bot.send(json!(tiny)).await;
    assert_eq!(bot.error().await.code, ErrorCode::RateLimited);
}

/// The usage notices so far.
fn usage(socket: &Socket) -> Vec<(UsageLevel, u64, u64)> {
    socket.put_aside(|received| match received {
        Received::Frame(ServerFrame::Usage(usage)) => Some((usage.level, usage.used, usage.limit)),
        _ => None,
    })
}

#[tokio::test]
async fn the_hour_is_warned_of_once_and_then_stops_what_is_sent() {
    let hub = TestServer::builder().with_plan(&[("messages_per_hour", 10)]);
    let hub = hub.start().await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "x").await;
    for n in 2..=10 {
        bot.request(publish(9)).await.expect("within");
        let warned = [(UsageLevel::Warn, 8, 10)];
        let expected: &[_] = if n < 8 { &[] } else { &warned };
        assert_eq!(usage(&bot), expected, "after {n}");
    }
    let before = Timestamp::now();
    let refusal = bot.refused(publish(9)).await;
    assert_eq!(refusal.code, ErrorCode::QuotaExceeded);
    let wait = refusal.retry_after_ms.unwrap() as i64;
    assert!((3_300_000..=3_600_000).contains(&wait), "{wait}");
    let resets_at: Timestamp =
        serde_json::from_value(refusal.details.unwrap()["resets_at"].clone()).unwrap();
    assert!(
        resets_at >= before.plus_ms(wait - 1_000) && resets_at <= before.plus_ms(wait + 60_000)
    );
    let opening = json!({ "type": "stream.open", "room": "lobby", "name": "y" });
    assert_eq!(bot.refused(opening).await.code, ErrorCode::QuotaExceeded);
    assert_eq!(usage(&bot)[1], (UsageLevel::Hard, 10, 10));
    // Reading goes on: the past, and what others say from now on; and a stream that runs can be ended.
    let history = json!({ "type": "history", "room": "lobby" });
    let page: Value = bot.ask(history).await;
    assert_eq!(page["events"].as_array().unwrap().len(), 10);
    bot.join("lobby").await;
    assert_eq!(hub.agent("other").await.say("lobby", "hello").await, 11);
    assert_eq!(bot.event().await.seq, 11);
    let append = json!({ "type": "stream.append", "stream": stream, "offset": 0, "text": "x" });
    bot.request(append).await.expect("bytes are no messages");
    let closing =
        json!({ "type": "stream.close", "stream": stream, "offset": 1, "outcome": "failed" });
    bot.request(closing).await.expect("it is closed");
}

#[tokio::test]
async fn who_ignores_it_again_and_again_is_closed() {
    let plan = [("messages_per_second", 1), ("message_burst", 30)];
    let hub = TestServer::builder().with_plan(&plan).start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let mut bot = hub.agent("bot").await;
    hub.room("other").await;
    let mut viewer = hub.agent("viewer").await;
    viewer.join("other").await;
    let frame = json!({ "type": "publish", "room": "other", "body": 1 });
    let many = json!(vec![frame; limit::MAX_FRAMES_PER_MESSAGE]).to_string();
    // 200 refusals in ten seconds are too many; a few messages' worth of them come at once.
    for _ in 0..8 {
        let _ = bot.try_send(many.clone()).await;
    }
    assert_eq!(bot.error().await.code, ErrorCode::RateLimited);
    assert_eq!(bot.closed().await, CloseCode::RateAbuse);
    others.undisturbed().await;
    // What was accepted is there, and nothing of what was not.
    let head = viewer.join("other").await.head;
    assert!((30..60).contains(&head), "{head}");
}

#[tokio::test]
async fn saying_hello_again_is_a_request_like_any_other() {
    let plan = [("messages_per_second", 1), ("message_burst", 10)];
    let hub = TestServer::builder().with_plan(&plan).start().await;
    let mut bot = hub.agent("bot").await;
    let hellos = vec![json!({ "type": "hello" }); 20];
    bot.send(json!(hellos)).await;
    let error = bot.error().await;
    assert_eq!(error.code, ErrorCode::RateLimited);
    assert_eq!(error.details, Some(json!({ "type": "hello" })));
}

#[tokio::test]
async fn a_plan_has_so_many_connections_at_a_time() {
    let hub = TestServer::builder().with_plan(&[("connections", 2)]);
    let hub = hub.start().await;
    let key = hub.key("bot").await;
    let mut first = hub.connect(&key).await;
    let mut second = hub.connect(&key).await;
    let by_header = Socket::open(hub.address, with_token(handshake(hub.address), &key));
    let by_header = by_header.await.unwrap();
    let mut by_hello = Socket::anonymous(hub.address).await;
    by_hello
        .send(json!({ "type": "hello", "token": key }))
        .await;
    for mut surplus in [by_header, by_hello] {
        assert_eq!(surplus.error().await.code, ErrorCode::LimitReached);
        assert_eq!(surplus.closed().await, CloseCode::ConnectionLimit);
    }
    assert_eq!(first.say("lobby", "undisturbed").await, 1);
    second.close().await;
    let again = eventually("a place is given back", async || {
        let request = with_token(handshake(hub.address), &key);
        let mut socket = Socket::open(hub.address, request).await.ok()?;
        matches!(
            socket.next().await,
            Received::Frame(ServerFrame::Welcome(_))
        )
        .then_some(socket)
    });
    assert_eq!(again.await.say("lobby", "here").await, 2);
}
