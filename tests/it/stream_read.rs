//! Reading a stream while it grows and after: from the start, from an offset, from the tail.

use crate::support::{Received, Socket, TestServer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use generic_corp_protocol::frame::{StreamClosed, StreamReading};
use generic_corp_protocol::{ErrorCode, ServerFrame, StreamOutcome, StreamState, limit};
use serde_json::{Value, json};

/// Bytes of a stream in order until its end or until `until`, beginning at `from`.
async fn bytes(
    viewer: &mut Socket,
    from: u64,
    until: Option<u64>,
) -> (Vec<u8>, Option<StreamClosed>) {
    let mut bytes = Vec::new();
    loop {
        if until == Some(from + bytes.len() as u64) {
            return (bytes, None);
        }
        match viewer.next().await {
            Received::Frame(ServerFrame::StreamData(data)) => {
                assert_eq!(
                    data.offset,
                    from + bytes.len() as u64,
                    "no gap and no repeat"
                );
                match (data.text, data.base64) {
                    (Some(text), None) => bytes.extend(text.into_bytes()),
                    (None, Some(text)) => bytes.extend(BASE64.decode(text).expect("base64")),
                    both => panic!("{both:?}"),
                }
            }
            Received::Frame(ServerFrame::StreamClosed(end)) => return (bytes, Some(end)),
            other => panic!("{other:?}"),
        }
    }
}

async fn write(bot: &mut Socket, stream: &str, offset: usize, text: &str) {
    let frame =
        json!({ "type": "stream.append", "stream": stream, "offset": offset, "text": text });
    bot.request(frame).await.expect("appended");
}

async fn end(bot: &mut Socket, stream: &str, offset: usize, outcome: &str) {
    let frame = json!({
        "type": "stream.close", "stream": stream, "offset": offset, "outcome": outcome, "exit_code": 3,
    });
    bot.request(frame).await.expect("closed");
}

async fn read(viewer: &mut Socket, stream: &str, mut fields: Value) -> StreamReading {
    (fields["type"], fields["stream"]) = (json!("stream.read"), json!(stream));
    viewer.ask(fields).await
}

#[tokio::test]
async fn a_viewer_follows_from_anywhere_to_the_end() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "out").await;
    write(&mut bot, &stream, 0, "0123456789").await;
    let (mut whole, mut middle, mut tail, mut next) = (
        hub.agent("whole").await,
        hub.agent("middle").await,
        hub.agent("tail").await,
        hub.agent("next").await,
    );
    assert_eq!(read(&mut whole, &stream, json!({})).await.offset, 0);
    let reading = read(&mut middle, &stream, json!({ "offset": 4 })).await;
    assert_eq!((reading.offset, reading.info.length), (4, 10));
    assert_eq!(
        (reading.info.state, reading.handle),
        (StreamState::Open, None)
    );
    assert_eq!(
        read(&mut tail, &stream, json!({ "tail_bytes": 3 }))
            .await
            .offset,
        7
    );
    assert_eq!(
        read(&mut next, &stream, json!({ "offset": 10 }))
            .await
            .offset,
        10
    );
    assert_eq!(bytes(&mut whole, 0, Some(10)).await.0, b"0123456789");
    write(&mut bot, &stream, 10, "abc").await;
    end(&mut bot, &stream, 13, "failed").await;
    for (viewer, from, text) in [
        (&mut whole, 10, "abc"),
        (&mut middle, 4, "456789abc"),
        (&mut tail, 7, "789abc"),
        (&mut next, 10, "abc"),
    ] {
        let (bytes, end) = bytes(viewer, from, None).await;
        assert_eq!(String::from_utf8(bytes).unwrap(), text);
        let end = end.expect("an end");
        assert_eq!((end.offset, end.outcome), (13, StreamOutcome::Failed));
        assert_eq!(
            (end.exit_code, end.stream.to_string()),
            (Some(3), stream.clone())
        );
    }
}

#[tokio::test]
async fn who_comes_late_reads_a_finished_stream_as_a_live_one() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "out").await;
    // More than stays in memory, and than one write carries.
    let mut text = String::new();
    while text.len() < 600_000 {
        let line = format!("line {} of the output, größer than ASCII\n", text.len());
        text.push_str(&line.repeat(200));
        let from = text.len() - line.len() * 200;
        write(&mut bot, &stream, from, &text[from..]).await;
    }
    end(&mut bot, &stream, text.len(), "completed").await;
    let mut late = hub.agent("late").await;
    for from in [0, 1, 300_001, text.len() - 5] {
        let reading = read(&mut late, &stream, json!({ "offset": from })).await;
        assert_eq!(reading.info.state, StreamState::Completed);
        let (bytes, end) = bytes(&mut late, from as u64, None).await;
        assert!(bytes == text.as_bytes()[from..], "from {from}");
        assert_eq!(end.expect("an end").outcome, StreamOutcome::Completed);
    }
    let reading = read(&mut late, &stream, json!({ "tail_bytes": u64::MAX >> 12 })).await;
    assert_eq!(
        reading.offset, 0,
        "a tail longer than the stream is all of it"
    );
    assert_eq!(bytes(&mut late, 0, None).await.0.len(), text.len());
}

#[tokio::test]
async fn who_does_not_follow_gets_what_there_is() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "out").await;
    write(&mut bot, &stream, 0, "now").await;
    let mut viewer = hub.agent("viewer").await;
    read(&mut viewer, &stream, json!({ "follow": false })).await;
    assert_eq!(bytes(&mut viewer, 0, Some(3)).await.0, b"now");
    write(&mut bot, &stream, 3, "later").await;
    assert!(viewer.is_quiet().await);
    end(&mut bot, &stream, 8, "completed").await;
    assert!(viewer.is_quiet().await);
    // Of a stream that has ended the end is told, too.
    read(&mut viewer, &stream, json!({ "follow": false })).await;
    let (all, end) = bytes(&mut viewer, 0, None).await;
    assert_eq!((all, end.is_some()), (b"nowlater".to_vec(), true));
}

#[tokio::test]
async fn a_reader_may_leave_and_resume_at_its_offset() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "out").await;
    let mut viewer = hub.agent("viewer").await;
    read(&mut viewer, &stream, json!({})).await;
    write(&mut bot, &stream, 0, "first ").await;
    assert_eq!(bytes(&mut viewer, 0, Some(6)).await.0, b"first ");
    let leave = json!({ "type": "leave", "stream": stream });
    viewer.request(leave.clone()).await.expect("left");
    assert_eq!(viewer.refused(leave).await.code, ErrorCode::NotFound);
    write(&mut bot, &stream, 6, "missed ").await;
    assert!(viewer.is_quiet().await);
    read(&mut viewer, &stream, json!({ "offset": 6 })).await;
    write(&mut bot, &stream, 13, "live").await;
    assert_eq!(bytes(&mut viewer, 6, Some(17)).await.0, b"missed live");
}

#[tokio::test]
async fn characters_cut_by_a_chunk_arrive_whole_in_the_bytes() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "out").await;
    let mut viewer = hub.agent("viewer").await;
    read(&mut viewer, &stream, json!({})).await;
    let text = "☃größe😀".as_bytes();
    for (at, byte) in text.iter().enumerate() {
        let frame = json!({
            "type": "stream.append", "stream": stream, "offset": at, "base64": BASE64.encode([*byte]),
        });
        bot.request(frame).await.expect("appended");
    }
    assert_eq!(bytes(&mut viewer, 0, Some(text.len() as u64)).await.0, text);
    let mut late = hub.agent("late").await;
    read(&mut late, &stream, json!({ "offset": 1 })).await;
    assert_eq!(
        bytes(&mut late, 1, Some(text.len() as u64)).await.0,
        text[1..]
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "out").await;
    write(&mut bot, &stream, 0, "12345").await;
    let beyond = bot
        .refused(json!({ "type": "stream.read", "stream": stream, "offset": 6 }))
        .await;
    assert_eq!(beyond.code, ErrorCode::StreamOffset);
    assert_eq!(beyond.details.expect("details")["length"], json!(5));
    let both = json!({ "type": "stream.read", "stream": stream, "offset": 1, "tail_bytes": 1 });
    assert_eq!(bot.refused(both).await.code, ErrorCode::Invalid);
    let absent = "00000000-0000-7000-8000-000000000000";
    for frame in ["stream.read", "cancel"] {
        let frame = json!({ "type": frame, "stream": absent });
        assert_eq!(bot.refused(frame).await.code, ErrorCode::NotFound);
    }
}

#[tokio::test]
async fn a_connection_reads_a_hundred_streams_and_no_more() {
    let hub = TestServer::start().await;
    let (mut bot, mut viewer) = (hub.agent("bot").await, hub.agent("viewer").await);
    let mut streams = Vec::new();
    for n in 0..=limit::MAX_STREAMS_PER_CONNECTION {
        streams.push(bot.open_stream("lobby", &format!("out {n}")).await);
    }
    let last = streams.pop().unwrap();
    for stream in &streams {
        read(&mut viewer, stream, json!({})).await;
    }
    let beyond = json!({ "type": "stream.read", "stream": last });
    assert_eq!(viewer.refused(beyond).await.code, ErrorCode::LimitReached);
    read(&mut viewer, &streams[0], json!({})).await;
    end(&mut bot, &streams[1], 0, "completed").await;
    bytes(&mut viewer, 0, None).await.1.expect("an end");
    read(&mut viewer, &last, json!({})).await;
}
