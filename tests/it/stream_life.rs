//! Producers that are asked to stop, come back, or never do.

use crate::support::{Received, Socket, TestServer};
use generic_corp_protocol::frame::{CancelNotice, StreamOpened};
use generic_corp_protocol::{ErrorCode, ServerFrame, StreamInfo, StreamState};
use serde_json::{Value, json};

async fn cancelled(producer: &mut Socket) -> CancelNotice {
    producer
        .pick("a wish to cancel", |received| match received {
            Received::Frame(ServerFrame::Cancel(notice)) => Ok(notice),
            other => Err(other),
        })
        .await
}

fn open(key: &str) -> Value {
    json!({ "type": "stream.open", "room": "lobby", "key": key, "name": "job" })
}

#[tokio::test]
async fn a_producer_that_is_there_is_asked_to_stop_at_once() {
    let hub = TestServer::start().await;
    let (mut bot, mut person) = (hub.agent("bot").await, hub.agent("person").await);
    let stream = bot.open_stream("lobby", "job").await;
    let cancel = json!({ "type": "cancel", "stream": stream, "reason": "wrong branch" });
    person.request(cancel.clone()).await.expect("noted");
    let notice = cancelled(&mut bot).await;
    assert_eq!(
        (notice.stream.to_string(), notice.by.name.as_str()),
        (stream.clone(), "person")
    );
    assert_eq!(notice.reason.as_deref(), Some("wrong branch"));
    let append = json!({ "type": "stream.append", "stream": stream, "offset": 0, "text": "" });
    bot.request(append).await.expect("appended");
    assert!(bot.is_quiet().await, "told once");
    let close =
        json!({ "type": "stream.close", "stream": stream, "offset": 0, "outcome": "cancelled" });
    let info: StreamInfo = bot.ask(close).await;
    assert_eq!(info.state, StreamState::Cancelled);
    assert_eq!(person.refused(cancel).await.code, ErrorCode::StreamClosed);
}

#[tokio::test]
async fn a_producer_that_was_away_is_told_when_it_is_back() {
    let hub = TestServer::start().await;
    let key = hub.key("bot").await;
    let mut bot = hub.connect(&key).await;
    let opened: StreamOpened = bot.ask(open("job-1")).await;
    bot.close().await;
    let mut person = hub.agent("person").await;
    let cancel = json!({ "type": "cancel", "stream": opened.stream });
    person.request(cancel).await.expect("noted");

    let mut bot = hub.connect(&key).await;
    let again: StreamOpened = bot.ask(open("job-1")).await;
    assert_eq!(again.stream, opened.stream);
    let notice = cancelled(&mut bot).await;
    assert_eq!(
        (notice.stream, notice.by.name.as_str()),
        (opened.stream, "person")
    );
    drop(bot);
    // The same by an append, for a producer that does not open again.
    let mut bot = hub.connect(&key).await;
    let append =
        json!({ "type": "stream.append", "stream": opened.stream, "offset": 0, "text": "still" });
    bot.request(append.clone()).await.expect("appended");
    assert_eq!(cancelled(&mut bot).await.stream, opened.stream);
    bot.request(append).await.expect("a repeat");
    assert!(bot.is_quiet().await, "told once");
}

#[tokio::test]
async fn a_key_without_publish_may_not_cancel() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "job").await;
    let reader = hub
        .key_with(json!({ "agent": "reader", "scopes": ["read"] }))
        .await;
    let mut reader = hub.connect(&reader).await;
    let cancel = json!({ "type": "cancel", "stream": stream });
    assert_eq!(reader.refused(cancel).await.code, ErrorCode::Forbidden);
    let long = json!({ "type": "cancel", "stream": stream, "reason": "r".repeat(257) });
    assert_eq!(bot.refused(long).await.code, ErrorCode::Invalid);
}

#[tokio::test]
async fn a_stream_whose_producer_does_not_come_back_is_interrupted() {
    let hub = TestServer::builder()
        .with("log.stream_lease_seconds", 1)
        .start()
        .await;
    let mut viewer = hub.agent("viewer").await;
    viewer.join("lobby").await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "job").await;
    viewer
        .request(json!({ "type": "stream.read", "stream": stream }))
        .await
        .expect("reading");
    let append =
        json!({ "type": "stream.append", "stream": stream, "offset": 0, "text": "half a l" });
    bot.request(append).await.expect("appended");
    drop(bot);
    let end = viewer
        .pick("the end", |received| match received {
            Received::Frame(ServerFrame::StreamClosed(end)) => Ok(end),
            other => Err(other),
        })
        .await;
    assert_eq!(
        (end.offset, end.outcome.into()),
        (8, StreamState::Interrupted)
    );
    let events = viewer.events(2).await;
    assert_eq!(events[1].kind, "stream.closed");
    let body: Value = serde_json::from_str(events[1].body.get()).unwrap();
    assert_eq!(
        (&body["outcome"], &body["length"]),
        (&json!("interrupted"), &json!(8))
    );
    assert_eq!(events[1].sender.name, "bot");
    // Who comes back too late is told so.
    let mut bot = hub.agent("bot").await;
    let append = json!({ "type": "stream.append", "stream": stream, "offset": 8, "text": "ine" });
    let late = bot.refused(append).await;
    assert_eq!(late.code, ErrorCode::StreamClosed);
    assert_eq!(
        late.details.expect("details")["state"],
        json!("interrupted")
    );
}

#[tokio::test]
async fn a_producer_that_is_connected_keeps_its_stream_without_writing() {
    let hub = TestServer::builder()
        .with("log.stream_lease_seconds", 1)
        .start()
        .await;
    let key = hub.key("bot").await;
    let mut bot = hub.connect(&key).await;
    let opened: StreamOpened = bot.ask(open("job-1")).await;
    // Another stream without a producer shows when a lease has run out.
    let mut other = hub.agent("other").await;
    other.join("lobby").await;
    let _: StreamOpened = hub.connect(&key).await.ask(open("job-2")).await;
    let interrupted = async |viewer: &mut Socket| loop {
        let event = viewer.event().await;
        if event.kind == "stream.closed" {
            let body: Value = serde_json::from_str(event.body.get()).unwrap();
            return body["stream"].as_str().unwrap().to_owned();
        }
    };
    assert_ne!(interrupted(&mut other).await, opened.stream.to_string());
    // The producer moves to another connection; there it goes on.
    drop(bot);
    let mut bot = hub.connect(&key).await;
    let again: StreamOpened = bot.ask(open("job-1")).await;
    assert_eq!(
        (again.stream, again.state),
        (opened.stream, StreamState::Open)
    );
    let _: StreamOpened = hub.connect(&key).await.ask(open("job-3")).await;
    assert_ne!(interrupted(&mut other).await, opened.stream.to_string());
    let append =
        json!({ "type": "stream.append", "stream": opened.stream, "offset": 0, "text": "alive" });
    bot.request(append).await.expect("appended");
}

#[tokio::test]
async fn a_restart_gives_producers_time_to_come_back() {
    let mut hub = TestServer::builder()
        .with("log.stream_lease_seconds", 2)
        .with_fixed_port()
        .start()
        .await;
    let key = hub.key("bot").await;
    let mut bot = hub.connect(&key).await;
    let back: StreamOpened = bot.ask(open("back")).await;
    let lost: StreamOpened = bot.ask(open("lost")).await;
    hub.restart().await;
    let mut bot = hub.connect(&key).await;
    let again: StreamOpened = bot.ask(open("back")).await;
    assert_eq!(
        (again.stream, again.state),
        (back.stream, StreamState::Open)
    );
    bot.join_with(json!({ "room": "lobby", "tail": 10 })).await;
    let end = loop {
        let event = bot.event().await;
        if event.kind == "stream.closed" {
            break serde_json::from_str::<Value>(event.body.get()).unwrap();
        }
    };
    assert_eq!(
        (&end["stream"], &end["outcome"]),
        (&json!(lost.stream), &json!("interrupted"))
    );
    let close = json!({ "type": "stream.close", "stream": back.stream, "offset": 0, "outcome": "completed" });
    let info: StreamInfo = bot.ask(close).await;
    assert_eq!(info.state, StreamState::Completed);
}
