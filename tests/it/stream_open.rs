//! Opening a stream: what it may be called, and finding it again.

use crate::support::TestServer;
use generic_corp_protocol::frame::StreamOpened;
use generic_corp_protocol::{ErrorCode, StreamInfo, StreamState};
use serde_json::{Value, json};

#[tokio::test]
async fn names_have_limits_and_a_parent_must_be_there() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "out").await;
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("a\u{1b}[31m")),
        ("name", json!("n".repeat(257))),
        ("media_type", json!("")),
        ("tool_call", json!("\u{0}")),
        ("key", json!("close:x")),
    ] {
        let mut open = json!({ "type": "stream.open", "room": "lobby", "name": "x" });
        open[field] = value;
        assert_eq!(
            bot.refused(open.clone()).await.code,
            ErrorCode::Invalid,
            "{open}"
        );
    }
    let mut orphan = json!({ "type": "stream.open", "room": "lobby", "name": "x" });
    orphan["parent"] = json!("00000000-0000-7000-8000-000000000000");
    assert_eq!(bot.refused(orphan.clone()).await.code, ErrorCode::NotFound);
    orphan["parent"] = json!(stream);
    let _: StreamOpened = bot.ask(orphan).await;
}

#[tokio::test]
async fn opening_again_with_the_key_finds_the_stream() {
    let hub = TestServer::start().await;
    let key = hub.key("bot").await;
    let (mut bot, mut other) = (hub.connect(&key).await, hub.agent("other").await);
    let open =
        |name: &str| json!({ "type": "stream.open", "room": "lobby", "key": "k", "name": name });
    let first: StreamOpened = bot.ask(open("out")).await;
    let append =
        json!({ "type": "stream.append", "stream": first.stream, "offset": 0, "text": "12345" });
    let _: Value = bot.ask(append).await;
    let again: StreamOpened = hub.connect(&key).await.ask(open("out")).await;
    assert_eq!((again.stream, again.seq), (first.stream, first.seq));
    assert_eq!((again.offset, again.duplicate), (5, true));
    assert_eq!(
        bot.refused(open("another")).await.code,
        ErrorCode::IdempotencyConflict
    );
    let theirs: StreamOpened = other.ask(open("out")).await;
    assert_ne!(theirs.stream, first.stream);
    let close = json!({ "type": "stream.close", "stream": first.stream, "offset": 5, "outcome": "completed" });
    let _: StreamInfo = bot.ask(close).await;
    let ended: StreamOpened = bot.ask(open("out")).await;
    assert_eq!(
        (ended.stream, ended.state),
        (first.stream, StreamState::Completed)
    );
}
