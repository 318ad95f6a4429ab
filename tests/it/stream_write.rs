//! Writing a stream: offsets, who may, and what cannot be.

use crate::support::{Received, Socket, TestServer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use generic_corp_protocol::binary::BinaryKind;
use generic_corp_protocol::frame::{StreamOpened, StreamReading};
use generic_corp_protocol::{BinaryFrame, ErrorCode, ServerFrame, StreamInfo, StreamState, limit};
use serde_json::{Value, json};

fn append(stream: &str, offset: u64, text: &str) -> Value {
    json!({ "type": "stream.append", "stream": stream, "offset": offset, "text": text })
}

fn close(stream: &str, offset: u64) -> Value {
    json!({
        "type": "stream.close", "stream": stream, "offset": offset, "outcome": "completed", "exit_code": 0,
    })
}

/// How far the stream is durable, from the reply to an append.
async fn appended(socket: &mut Socket, frame: Value) -> u64 {
    let result: Value = socket.ask(frame).await;
    result["offset"].as_u64().expect("an offset")
}

/// Everything that is stored.
async fn stored(socket: &mut Socket, stream: &str) -> Vec<u8> {
    let read = json!({ "type": "stream.read", "stream": stream, "follow": false });
    let reading: StreamReading = socket.ask(read).await;
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < reading.info.length {
        let data = socket
            .pick("data", |received| match received {
                Received::Frame(ServerFrame::StreamData(data)) => Ok(data),
                other => Err(other),
            })
            .await;
        assert_eq!(data.offset, bytes.len() as u64);
        match (data.text, data.base64) {
            (Some(text), None) => bytes.extend_from_slice(text.as_bytes()),
            (None, Some(text)) => bytes.extend(BASE64.decode(text).expect("base64")),
            both => panic!("{both:?}"),
        }
    }
    bytes
}

#[tokio::test]
async fn the_life_of_a_stream_stands_in_the_room() {
    let hub = TestServer::start().await;
    let (mut bot, mut viewer) = (hub.agent("bot").await, hub.agent("viewer").await);
    viewer.join("lobby").await;
    bot.say("lobby", "first").await;
    let open = json!({
        "type": "stream.open", "room": "lobby", "key": "build-1", "name": "cargo test", "role": "stdout",
        "media_type": "text/plain", "tool_call": "call-1",
    });
    let opened: StreamOpened = bot.ask(open).await;
    assert_eq!((opened.seq, opened.offset, opened.duplicate), (2, 0, false));
    assert_eq!((opened.state, opened.handle), (StreamState::Open, None));
    let stream = opened.stream.to_string();
    let mut late = hub.agent("late").await;
    let running = late.join("lobby").await.streams;
    assert_eq!((running.len(), running[0].stream), (1, opened.stream));

    assert_eq!(
        appended(&mut bot, append(&stream, 0, "running 2 tests\n")).await,
        16
    );
    assert_eq!(appended(&mut bot, append(&stream, 16, "ok\n")).await, 19);
    let mut end = close(&stream, 19);
    end["metadata"] = json!({ "tokens": 7 });
    let info: StreamInfo = bot.ask(end).await;
    assert_eq!(
        (info.state, info.length, info.exit_code),
        (StreamState::Completed, 19, Some(0))
    );
    assert_eq!(
        (info.name.as_str(), info.media_type.as_str()),
        ("cargo test", "text/plain")
    );

    let events = viewer.events(3).await;
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["message", "stream.opened", "stream.closed"]);
    assert!(events.iter().all(|event| event.sender.name == "bot"));
    let body = |at: usize| serde_json::from_str::<Value>(events[at].body.get()).unwrap();
    let (begin, end) = (body(1), body(2));
    assert_eq!(
        (&begin["stream"], &begin["name"]),
        (&json!(stream), &json!("cargo test"))
    );
    assert_eq!(
        (&begin["role"], &begin["tool_call"]),
        (&json!("stdout"), &json!("call-1"))
    );
    assert_eq!(
        (&end["stream"], &end["outcome"]),
        (&json!(stream), &json!("completed"))
    );
    assert_eq!((&end["exit_code"], &end["length"]), (&json!(0), &json!(19)));
    assert_eq!(end["metadata"], json!({ "tokens": 7 }));
    assert!(end["duration_ms"].is_u64());
    assert_eq!(stored(&mut late, &stream).await, b"running 2 tests\nok\n");
    assert!(
        hub.agent("last")
            .await
            .join("lobby")
            .await
            .streams
            .is_empty(),
        "none runs"
    );
}

#[tokio::test]
async fn bytes_that_are_stored_are_skipped_and_a_gap_is_refused() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "out").await;
    assert_eq!(appended(&mut bot, append(&stream, 0, "hello")).await, 5);
    assert_eq!(
        appended(&mut bot, append(&stream, 0, "hello")).await,
        5,
        "a repeat"
    );
    assert_eq!(
        appended(&mut bot, append(&stream, 3, "lo wor")).await,
        9,
        "an overlap"
    );
    assert_eq!(
        appended(&mut bot, append(&stream, 1, "ell")).await,
        9,
        "in the middle"
    );
    assert_eq!(
        appended(&mut bot, append(&stream, 9, "")).await,
        9,
        "nothing"
    );
    let gap = bot.refused(append(&stream, 10, "x")).await;
    assert_eq!(gap.code, ErrorCode::StreamOffset);
    let details = gap.details.expect("details");
    assert_eq!(
        (&details["length"], &details["stream"]),
        (&json!(9), &json!(stream))
    );
    let early = bot.refused(close(&stream, 8)).await;
    assert_eq!(early.code, ErrorCode::StreamOffset);
    assert_eq!(early.details.expect("details")["length"], json!(9));
    assert_eq!(appended(&mut bot, append(&stream, 9, "ld")).await, 11);
    let _: StreamInfo = bot.ask(close(&stream, 11)).await;
    assert_eq!(stored(&mut bot, &stream).await, b"hello world");
}

#[tokio::test]
async fn appends_without_an_id_are_acked_and_their_faults_name_the_stream() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "out").await;
    for n in 0..100 {
        bot.send(append(&stream, n * 10, "0123456789")).await;
    }
    let mut durable = 0;
    while durable < 1000 {
        let ack = bot
            .pick("an ack", |received| match received {
                Received::Frame(ServerFrame::StreamAck(ack)) => Ok(ack),
                other => Err(other),
            })
            .await;
        assert!(
            ack.offset > durable && ack.offset % 10 == 0,
            "acks only grow"
        );
        assert_eq!(ack.stream.to_string(), stream);
        durable = ack.offset;
    }
    bot.send(append(&stream, 5000, "gap")).await;
    let error = bot.error().await;
    assert_eq!((error.id, error.code), (None, ErrorCode::StreamOffset));
    assert_eq!(
        error.details.expect("details"),
        json!({ "length": 1000, "stream": stream })
    );
    bot.send(json!({ "type": "stream.append", "stream": stream, "offset": 1000, "base64": "?" }))
        .await;
    let error = bot.error().await;
    assert_eq!((error.id, error.code), (None, ErrorCode::Invalid));
    assert_eq!(error.details.expect("details"), json!({ "stream": stream }));
}

#[tokio::test]
async fn only_the_sender_that_opened_a_stream_writes_it() {
    let hub = TestServer::start().await;
    let key = hub.key("bot").await;
    let (mut bot, mut same, mut other) = (
        hub.connect(&key).await,
        hub.connect(&key).await,
        hub.agent("other").await,
    );
    let stream = bot.open_stream("lobby", "out").await;
    assert_eq!(
        other.refused(append(&stream, 0, "x")).await.code,
        ErrorCode::Forbidden
    );
    assert_eq!(
        other.refused(close(&stream, 0)).await.code,
        ErrorCode::Forbidden
    );
    assert_eq!(appended(&mut same, append(&stream, 0, "mine too")).await, 8);
    let absent = "00000000-0000-7000-8000-000000000000";
    assert_eq!(
        bot.refused(append(absent, 0, "x")).await.code,
        ErrorCode::NotFound
    );
    assert_eq!(
        bot.refused(append("nonsense", 0, "x")).await.code,
        ErrorCode::InvalidFrame
    );
}

#[tokio::test]
async fn a_closed_stream_takes_nothing_new_and_closes_once() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    bot.join("lobby").await;
    let stream = bot.open_stream("lobby", "out").await;
    appended(&mut bot, append(&stream, 0, "done")).await;
    let _: StreamInfo = bot.ask(close(&stream, 4)).await;
    let late = bot.refused(append(&stream, 4, "more")).await;
    assert_eq!(late.code, ErrorCode::StreamClosed);
    let details = late.details.expect("details");
    assert_eq!(
        (&details["length"], &details["state"]),
        (&json!(4), &json!("completed"))
    );
    // Repeats after a lost answer are harmless.
    assert_eq!(appended(&mut bot, append(&stream, 0, "done")).await, 4);
    let info: StreamInfo = bot.ask(close(&stream, 4)).await;
    assert_eq!(info.state, StreamState::Completed);
    let mut failed = close(&stream, 4);
    failed["outcome"] = json!("failed");
    assert_eq!(bot.refused(failed).await.code, ErrorCode::StreamClosed);
    assert_eq!(bot.events(2).await[1].kind, "stream.closed");
    assert!(bot.is_quiet().await, "one event tells the end");
}

#[tokio::test]
async fn interrupted_is_the_hubs_word() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "out").await;
    let with = |outcome: &str| {
        let mut frame = close(&stream, 0);
        frame["outcome"] = json!(outcome);
        frame
    };
    assert_eq!(
        bot.refused(with("interrupted")).await.code,
        ErrorCode::Invalid
    );
    assert_eq!(
        bot.refused(with("done")).await.code,
        ErrorCode::InvalidFrame
    );
    let info: StreamInfo = bot.ask(with("failed")).await;
    assert_eq!(info.state, StreamState::Failed);
}

#[tokio::test]
async fn base64_carries_any_byte() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "out").await;
    let bytes: Vec<u8> = (0..=255).collect();
    let frame = |text: &str| json!({ "type": "stream.append", "stream": stream, "offset": 0, "base64": text });
    let (good, bad) = (frame(&BASE64.encode(&bytes)), frame("not base64!"));
    assert_eq!(bot.refused(bad).await.code, ErrorCode::Invalid);
    assert_eq!(appended(&mut bot, good.clone()).await, 256);
    let mut both = good;
    both["text"] = json!("x");
    assert_eq!(bot.refused(both).await.code, ErrorCode::Invalid);
    let neither = json!({ "type": "stream.append", "stream": stream, "offset": 0 });
    assert_eq!(bot.refused(neither).await.code, ErrorCode::Invalid);
    assert_eq!(stored(&mut bot, &stream).await, bytes);
}

#[tokio::test]
async fn binary_frames_carry_bytes_without_json() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    bot.send(json!({ "type": "hello", "binary": true })).await;
    bot.welcome().await;
    let open = json!({ "type": "stream.open", "room": "lobby", "name": "out" });
    let opened: StreamOpened = bot.ask(open).await;
    let handle = opened
        .handle
        .expect("who takes binary frames gets a handle");
    let bytes: Vec<u8> = (0..40_000_u32).map(|n| (n * 7) as u8).collect();
    for (n, payload) in bytes.chunks(10_000).enumerate() {
        let frame = BinaryFrame {
            kind: BinaryKind::Append,
            handle,
            offset: n as u64 * 10_000,
            payload,
        };
        bot.send_binary(frame.encode()).await;
    }
    let mut durable = 0;
    while durable < 40_000 {
        durable = bot
            .pick("an ack", |received| match received {
                Received::Frame(ServerFrame::StreamAck(ack)) => Ok(ack.offset),
                other => Err(other),
            })
            .await;
    }
    let read = json!({ "type": "stream.read", "stream": opened.stream, "follow": false });
    let reading: StreamReading = bot.ask(read).await;
    assert_eq!(reading.handle, Some(handle));
    let mut read = Vec::new();
    while read.len() < bytes.len() {
        match bot.next().await {
            Received::Bytes(of, offset, payload) => {
                assert_eq!((of, offset), (handle, read.len() as u64));
                read.extend(payload);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(read, bytes);
    // What is no append, or of an unknown handle, is told so.
    for bad in [vec![], vec![1; 5], [&[9][..], &[0; 12], b"x"].concat()] {
        bot.send_binary(bad).await;
        assert_eq!(bot.error().await.code, ErrorCode::InvalidFrame);
    }
    let unknown = BinaryFrame {
        kind: BinaryKind::Append,
        handle: 77,
        offset: 0,
        payload: b"x",
    };
    bot.send_binary(unknown.encode()).await;
    assert_eq!(bot.error().await.code, ErrorCode::InvalidFrame);
}

#[tokio::test]
async fn sizes_have_limits() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "out").await;
    let most = "x".repeat(limit::MAX_APPEND_BYTES);
    assert_eq!(
        appended(&mut bot, append(&stream, 0, &most)).await,
        most.len() as u64
    );
    let over = append(&stream, most.len() as u64, &format!("{most}x"));
    assert_eq!(bot.refused(over).await.code, ErrorCode::TooLarge);
    let far = append(&stream, limit::MAX_POSITION, "x");
    assert_eq!(bot.refused(far).await.code, ErrorCode::Invalid);
}
