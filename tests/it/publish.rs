//! Publishing: what an ack means, what a key does, what is refused.

use crate::support::{Received, TestServer};
use generic_corp_client::Client;
use generic_corp_protocol::frame::{HistoryPage, Published};
use generic_corp_protocol::{CloseCode, ErrorCode, ServerFrame, Timestamp, limit};
use serde_json::{Value, json};

#[tokio::test]
async fn an_ack_gives_the_place_in_the_log_and_the_event_is_as_it_was_sent() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    bot.join("lobby").await;
    let frame = json!({
        "type": "publish", "room": "lobby", "key": "k-1", "kind": "deploy.done", "mentions": ["ada", "bot"],
        "reply_to": 1, "body": { "a": [null, true, "größer ☃", -0.5], "z": 1 },
    });
    let published: Published = bot.ask(frame).await;
    assert_eq!((published.seq, published.duplicate), (Some(1), false));
    assert!((published.time.0 - Timestamp::now().0).abs() < 5_000);
    let event = bot.event().await;
    assert_eq!(
        (event.seq, event.time, event.kind.as_str()),
        (1, published.time, "deploy.done")
    );
    assert_eq!(
        event.body.get(),
        r#"{"a":[null,true,"größer ☃",-0.5],"z":1}"#
    );
    assert_eq!(
        (event.key.as_deref(), event.reply_to),
        (Some("k-1"), Some(1))
    );
    let mentions: Vec<&str> = event.mentions.iter().map(|name| &**name).collect();
    assert_eq!(mentions, ["ada", "bot"]);
}

#[tokio::test]
async fn what_the_store_does_not_take_takes_nothing_else_with_it() {
    let hub = TestServer::builder().on_sqlite().start().await;
    let (mut bot, mut viewer) = (hub.agent("bot").await, hub.agent("viewer").await);
    viewer.join("lobby").await;
    let file = rusqlite::Connection::open(hub.database()).expect("opens");
    let trap = "CREATE TRIGGER trap BEFORE INSERT ON events WHEN new.key = 'poison'
                BEGIN SELECT raise(abort, 'no'); END";
    file.execute(trap, []).expect("made");
    let frame =
        |key: &str| json!({ "type": "publish", "room": "lobby", "key": key, "id": key, "body": 1 });
    // In one message, so that they are committed together.
    let frames = json!(["first", "poison", "last"].map(frame));
    bot.send(frames).await;
    assert!(bot.reply("first").await.is_ok());
    let refused = bot.reply("poison").await.expect_err("refused");
    assert_eq!(refused.code, ErrorCode::Internal);
    assert!(bot.reply("last").await.is_ok());
    let keys: Vec<_> = viewer
        .events(2)
        .await
        .into_iter()
        .map(|event| event.key)
        .collect();
    assert_eq!(keys, ["first", "last"].map(|key| Some(key.to_owned())));
}

#[tokio::test]
async fn a_body_is_kept_to_the_byte() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    bot.join("lobby").await;
    for body in [
        "12345678901234567890.12345678901234567890",
        r#"{ "b" : 1, "a" : 2, "a" : 3 }"#,
        r#""\u0041\n\ud83d\ude00 \u0000""#,
        "null",
        r#""<img onerror=alert(1)> \u001b[31mred ' OR 1=1 --""#,
    ] {
        bot.send_text(&format!(
            r#"{{"type":"publish","room":"lobby","body":{body}}}"#
        ))
        .await;
        assert_eq!(bot.event().await.body.get(), body);
        let page: HistoryPage = bot
            .ask(json!({ "type": "history", "room": "lobby", "limit": 1 }))
            .await;
        let read_back: Value = serde_json::from_str(page.events[0].body.get()).unwrap();
        assert_eq!(
            read_back,
            serde_json::from_str::<Value>(body).unwrap(),
            "after {body}"
        );
    }
}

#[tokio::test]
async fn a_key_makes_a_retry_harmless() {
    let hub = TestServer::start().await;
    let (mut bot, mut other) = (hub.agent("bot").await, hub.agent("other").await);
    bot.join("lobby").await;
    let frame = |body: u64| json!({ "type": "publish", "room": "lobby", "key": "k", "body": body });
    let first: Published = bot.ask(frame(1)).await;
    let retry: Published = bot.ask(frame(1)).await;
    assert_eq!(
        (retry.seq, retry.time, retry.duplicate),
        (first.seq, first.time, true)
    );
    assert_eq!(
        bot.refused(frame(2)).await.code,
        ErrorCode::IdempotencyConflict
    );
    let mut kind = frame(1);
    kind["kind"] = json!("other");
    assert_eq!(bot.refused(kind).await.code, ErrorCode::IdempotencyConflict);
    // A key belongs to its sender and its room.
    hub.room("second").await;
    let theirs: Published = other.ask(frame(2)).await;
    assert_eq!((theirs.seq, theirs.duplicate), (Some(2), false));
    let mut elsewhere = frame(3);
    elsewhere["room"] = json!("second");
    let elsewhere: Published = bot.ask(elsewhere).await;
    assert_eq!((elsewhere.seq, elsewhere.duplicate), (Some(1), false));
    // The room has seen each once.
    let seqs: Vec<u64> = bot.events(2).await.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, [1, 2]);
    assert!(bot.is_quiet().await);
}

#[tokio::test]
async fn the_same_key_at_once_from_many_sockets_is_one_event() {
    let hub = TestServer::start().await;
    let key = hub.key("bot").await;
    let mut sockets = Vec::new();
    for _ in 0..6 {
        sockets.push(hub.connect(&key).await);
    }
    let frame = |id: u64| json!({ "type": "publish", "room": "lobby", "key": "k", "body": 7, "id": format!("{id}") });
    for socket in &mut sockets {
        let frames: Vec<Value> = (0..10).map(frame).collect();
        socket.send(Value::Array(frames)).await;
    }
    let mut fresh = 0;
    for socket in &mut sockets {
        for id in 0..10 {
            let ok = socket.reply(&id.to_string()).await.expect("accepted");
            let published: Published = serde_json::from_value(ok.result.unwrap()).unwrap();
            assert_eq!(published.seq, Some(1));
            fresh += u32::from(!published.duplicate);
        }
    }
    assert_eq!(fresh, 1);
    assert_eq!(sockets[0].join("lobby").await.head, 1);
}

#[tokio::test]
async fn without_a_key_each_publish_is_its_own() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    assert_eq!(bot.say("lobby", "same").await, 1);
    assert_eq!(bot.say("lobby", "same").await, 2);
}

#[tokio::test]
async fn what_is_ephemeral_is_seen_and_not_stored() {
    let hub = TestServer::start().await;
    let (mut bot, mut viewer) = (hub.agent("bot").await, hub.agent("viewer").await);
    viewer.join("lobby").await;
    let frame = json!({
        "type": "publish", "room": "lobby", "kind": "typing", "body": { "on": true }, "ephemeral": true,
    });
    let published: Published = bot.ask(frame).await;
    assert_eq!((published.seq, published.duplicate), (None, false));
    let seen = viewer
        .pick("what is ephemeral", |received| match received {
            Received::Frame(ServerFrame::Ephemeral(seen)) => Ok(seen),
            other => Err(other),
        })
        .await;
    assert_eq!(
        (seen.kind.as_str(), &seen.body),
        ("typing", &json!({ "on": true }))
    );
    assert_eq!((&*seen.room, seen.sender.name.as_str()), ("lobby", "bot"));
    let mut late = hub.agent("late").await;
    assert_eq!(
        late.join_with(json!({ "room": "lobby", "tail": 10 }))
            .await
            .head,
        0
    );
    assert_eq!(bot.say("lobby", "stored").await, 1, "no seq was used up");
}

#[tokio::test]
async fn what_belongs_to_the_hub_or_is_out_of_range_is_refused() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let with = |field: &str, value: Value| {
        let mut frame = json!({ "type": "publish", "room": "lobby", "body": 1 });
        frame[field] = value;
        frame
    };
    let many: Vec<String> = (0..=limit::MAX_MENTIONS).map(|n| format!("m{n}")).collect();
    for (field, value) in [
        ("kind", json!("stream.opened")),
        ("kind", json!("stream.closed")),
        ("kind", json!("system.note")),
        ("kind", json!("task.created")),
        ("kind", json!("")),
        ("kind", json!("Deploy")),
        ("kind", json!("a b")),
        ("kind", json!("k".repeat(limit::MAX_KIND_BYTES + 1))),
        ("key", json!("open:1")),
        ("key", json!("close:1")),
        ("key", json!("")),
        ("key", json!("a\nb")),
        ("key", json!("a\u{202e}b")),
        ("key", json!("k".repeat(limit::MAX_KEY_BYTES + 1))),
        ("mentions", json!(many)),
        ("mentions", json!(["Not A Name"])),
        ("reply_to", json!(1_u64 << 53)),
        ("room", json!("../../etc/passwd")),
        ("room", json!("")),
    ] {
        let error = bot.refused(with(field, value.clone())).await;
        assert_eq!(error.code, ErrorCode::Invalid, "{field} {value}: {error:?}");
        assert!(!error.retryable);
    }
    for spoofed in ["sender", "seq", "time", "workspace"] {
        let error = bot.refused(with(spoofed, json!(1))).await;
        assert_eq!(error.code, ErrorCode::UnknownField);
        assert!(error.message.contains(spoofed), "{}", error.message);
    }
    assert_eq!(bot.join("lobby").await.head, 0, "nothing was stored");
}

#[tokio::test]
async fn an_oversize_body_ends_the_connection_and_touches_nobody_else() {
    let hub = TestServer::start().await;
    let (mut bot, mut other) = (hub.agent("bot").await, hub.agent("other").await);
    let frame = |length: usize| {
        let frame = r#"{"type":"publish","room":"lobby","body":""#;
        format!("{frame}{}\"}}", "x".repeat(length - frame.len() - 2))
    };
    other.join("lobby").await;
    bot.send_text(&frame(limit::MAX_FRAME_BYTES)).await;
    assert_eq!(other.event().await.seq, 1, "the largest is taken");
    bot.send_text(&frame(limit::MAX_FRAME_BYTES + 1)).await;
    assert_eq!(bot.closed().await, CloseCode::TooLarge);
    assert_eq!(other.say("lobby", "undisturbed").await, 2);
}

#[tokio::test]
async fn a_message_may_carry_many_frames_and_each_is_answered() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let frame =
        |n: usize| json!({ "type": "publish", "room": "lobby", "body": n, "id": n.to_string() });
    let mut frames: Vec<Value> = (0..limit::MAX_FRAMES_PER_MESSAGE).map(frame).collect();
    frames[3] = json!({ "type": "publish", "room": "lobby", "id": "3" });
    frames[5] = json!({ "type": "publish", "room": "absent", "body": 1, "id": "5" });
    bot.send(Value::Array(frames)).await;
    let mut seq = 0;
    for n in 0..limit::MAX_FRAMES_PER_MESSAGE {
        match (n, bot.reply(&n.to_string()).await) {
            (3, Err(error)) => assert_eq!(error.code, ErrorCode::InvalidFrame),
            (5, Err(error)) => assert_eq!(error.code, ErrorCode::NotFound),
            (_, Ok(ok)) => {
                seq += 1;
                assert_eq!(ok.result.unwrap()["seq"], json!(seq), "in the order sent");
            }
            (n, Err(error)) => panic!("{n}: {error:?}"),
        }
    }
    let too_many: Vec<Value> = (0..=limit::MAX_FRAMES_PER_MESSAGE).map(frame).collect();
    bot.send(Value::Array(too_many)).await;
    assert_eq!(bot.error().await.code, ErrorCode::Invalid);
    assert_eq!(bot.join("lobby").await.head, seq, "none of them was taken");
}

#[tokio::test]
async fn more_requests_than_may_wait_are_all_answered() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let count = limit::MAX_IN_FLIGHT * 8;
    for n in 0..count {
        let frame = json!({ "type": "publish", "room": "lobby", "body": n, "id": n.to_string() });
        bot.send(frame).await;
    }
    for n in 0..count {
        let ok = bot.reply(&n.to_string()).await.expect("accepted");
        assert_eq!(ok.result.unwrap()["seq"], json!(n + 1));
    }
}

#[tokio::test]
async fn the_client_refuses_what_is_too_large_and_lives_on() {
    let hub = TestServer::start().await;
    let key = hub.key("bot").await;
    let client = Client::builder(hub.url(""), "main").token(key);
    let client = client.connect().await.expect("connected");
    let long = client.say("lobby", &"x".repeat(limit::MAX_FRAME_BYTES));
    let error = long.await.expect_err("too large").to_string();
    assert!(error.contains("use a stream"), "{error}");
    let published = client.say("lobby", "short").await;
    assert_eq!(published.expect("the connection lives").seq, Some(1));
}
