//! Text that is no frame: told why in a code, counted, and of no consequence to anybody else.

use crate::support::{Bystanders, Socket, TestServer};
use ErrorCode::{Invalid, InvalidFrame, InvalidJson, UnknownField, UnknownType};
use generic_corp_protocol::{CloseCode, ErrorCode, limit};
use serde_json::json;

/// A connection is closed at the tenth of them.
const MALFORMED_AT_A_TIME: usize = 9;

/// Sends each text and checks what is answered, on as many connections as it takes; each connection
/// lives on, and nobody else notices.
async fn each_is_refused(cases: &[(&str, ErrorCode)]) {
    let hub = TestServer::start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let key = hub.key("bot").await;
    for cases in cases.chunks(MALFORMED_AT_A_TIME) {
        let mut bot = hub.connect(&key).await;
        for (text, code) in cases {
            bot.send_text(text).await;
            let error = bot.error().await;
            let shown: String = text.chars().take(200).collect();
            assert_eq!(error.code, *code, "{shown}: {error:?}");
            assert!(!error.retryable && !error.message.is_empty(), "{shown}");
            let plain = error.message.chars().all(|c| !c.is_control());
            assert!(plain && error.message.len() < 512, "{shown}: {error:?}");
        }
        still_answers(&mut bot).await;
        others.undisturbed().await;
    }
}

async fn still_answers(socket: &mut Socket) {
    let frame = json!({ "type": "presence", "state": "online" });
    socket.request(frame).await.expect("it lives on");
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    each_is_refused(&[
        ("", InvalidJson),
        (" \n\t", InvalidJson),
        ("{", InvalidJson),
        ("publish", InvalidJson),
        ("undefined", InvalidJson),
        (r#"{"type":"publish""#, InvalidJson),
        (r#"{"type":"leave","room":"lobby",}"#, InvalidJson),
        (r#"{'type':'leave'}"#, InvalidJson),
        (r#"{"type":"leave"} {}"#, InvalidJson),
        (r#"{"type":"leave"}]"#, InvalidJson),
        ("\u{feff}{}", InvalidJson),
        (
            r#"{"type":"publish","room":"lobby","body":NaN}"#,
            InvalidJson,
        ),
        (
            r#"{"type":"publish","room":"lobby","body":01}"#,
            InvalidJson,
        ),
        // Raw control characters, NUL among them.
        (
            "{\"type\":\"publish\",\"room\":\"lobby\",\"body\":\"a\nb\"}",
            InvalidJson,
        ),
        (
            "{\"type\":\"publish\",\"room\":\"lobby\",\"body\":\"a\0b\"}",
            InvalidJson,
        ),
        ("\0", InvalidJson),
        ("{}\0", InvalidJson),
        // Halves of surrogate pairs are in no string, key or name.
        (
            r#"{"type":"publish","room":"lobby","body":"\ud800"}"#,
            InvalidJson,
        ),
        (
            r#"{"type":"publish","room":"lobby","body":"\udc00\ud800"}"#,
            InvalidJson,
        ),
        (
            r#"{"type":"publish","room":"lobby","body":{"\ud800x":1}}"#,
            InvalidJson,
        ),
        (r#"{"type":"\ud800"}"#, InvalidJson),
        (
            r#"{"type":"publish","room":"lobby","body":"\u12"}"#,
            InvalidJson,
        ),
        (
            r#"{"type":"publish","room":"lobby","body":"\x00"}"#,
            InvalidJson,
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_nests_too_deeply_is_refused_at_once() {
    let nested = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        format!(r#"{{"type":"publish","room":"lobby","body":{open}{close}}}"#)
    };
    let deepest = nested(limit::MAX_JSON_DEPTH - 1);
    let too_deep = nested(limit::MAX_JSON_DEPTH);
    let far_too_deep = nested((limit::MAX_FRAME_BYTES - 64) / 2);
    let unended = "[".repeat(limit::MAX_FRAME_BYTES);
    let objects = r#"{"a":"#.repeat(limit::MAX_FRAME_BYTES / 5);
    each_is_refused(&[
        (&too_deep, InvalidJson),
        (&far_too_deep, InvalidJson),
        (&unended, InvalidJson),
        (&objects, InvalidJson),
    ])
    .await;
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    bot.send_text(&deepest).await;
    assert_eq!(
        bot.say("lobby", "behind it").await,
        2,
        "the deepest is taken"
    );
}

#[tokio::test]
async fn json_that_is_no_frame_is_refused() {
    each_is_refused(&[
        ("null", InvalidFrame),
        ("true", InvalidFrame),
        ("1", InvalidFrame),
        ("\"hello\"", InvalidFrame),
        ("{}", InvalidFrame),
        ("[1]", InvalidFrame),
        ("[[]]", InvalidFrame),
        ("[]", Invalid),
        (r#"{"type":7}"#, InvalidFrame),
        (r#"{"type":null}"#, InvalidFrame),
        (r#"{"type":{"a":1}}"#, InvalidFrame),
        (r#"{"type":"leave","type":"leave"}"#, InvalidFrame),
        (
            r#"{"type":"leave","room":"lobby","room":"lobby"}"#,
            InvalidFrame,
        ),
        (r#"{"type":""}"#, UnknownType),
        (r#"{"type":"drop.tables"}"#, UnknownType),
        (r#"{"type":"Publish"}"#, UnknownType),
        (r#"{"type":"welcome"}"#, UnknownType),
        (r#"{"type":"event"}"#, UnknownType),
        (r#"{"type":"x\u0000\u202e<script>\r\n"}"#, UnknownType),
        (
            r#"{"type":"leave","room":"lobby","force":true}"#,
            UnknownField,
        ),
        (r#"{"type":"leave","Room":"lobby"}"#, UnknownField),
        (r#"{"type":"leave","__proto__":{}}"#, UnknownField),
        (r#"{"type":"leave","\u0000":1}"#, UnknownField),
        (
            r#"{"type":"hello","token":"x","is_admin":true}"#,
            UnknownField,
        ),
    ])
    .await;
}

#[tokio::test]
async fn fields_of_a_wrong_type_or_size_are_refused() {
    let long = format!(
        r#"{{"type":"leave","room":"lobby","id":"{}"}}"#,
        "x".repeat(65)
    );
    each_is_refused(&[
        (r#"{"type":"join"}"#, InvalidFrame),
        (r#"{"type":"join","room":null}"#, InvalidFrame),
        (r#"{"type":"join","room":7}"#, InvalidFrame),
        (r#"{"type":"join","room":["lobby"]}"#, InvalidFrame),
        (r#"{"type":"join","room":"\u0000"}"#, Invalid),
        (
            r#"{"type":"join","room":"lobby","after":"1"}"#,
            InvalidFrame,
        ),
        (r#"{"type":"join","room":"lobby","after":-1}"#, InvalidFrame),
        (
            r#"{"type":"join","room":"lobby","after":1.5}"#,
            InvalidFrame,
        ),
        (
            r#"{"type":"join","room":"lobby","after":18446744073709551616}"#,
            InvalidFrame,
        ),
        (
            r#"{"type":"join","room":"lobby","after":1e999}"#,
            InvalidJson,
        ),
        (
            r#"{"type":"history","room":"lobby","limit":4294967296}"#,
            InvalidFrame,
        ),
        (r#"{"type":"publish","room":"lobby"}"#, InvalidFrame),
        (
            r#"{"type":"publish","room":"lobby","body":1,"ephemeral":"yes"}"#,
            InvalidFrame,
        ),
        (
            r#"{"type":"publish","room":"lobby","body":1,"mentions":"all"}"#,
            InvalidFrame,
        ),
        (
            r#"{"type":"publish","room":"lobby","body":1,"key":7}"#,
            InvalidFrame,
        ),
        (r#"{"type":"leave","room":"lobby","id":7}"#, InvalidFrame),
        (r#"{"type":"leave","room":"lobby","id":""}"#, Invalid),
        (&long, Invalid),
        (r#"{"type":"stream.read","stream":"7"}"#, InvalidFrame),
        (r#"{"type":"presence","state":[]}"#, InvalidFrame),
        (r#"{"type":"hello","token":{}}"#, InvalidFrame),
        (r#"{"type":"hello","client":"curl"}"#, InvalidFrame),
    ])
    .await;
}

#[tokio::test]
async fn values_out_of_range_are_refused_and_do_not_count_as_malformed() {
    let hub = TestServer::start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let mut bot = hub.agent("bot").await;
    hub.room("tests").await;
    let stream = bot.open_stream("tests", "x").await;
    let nul = "a\0b";
    for frame in [
        json!({ "type": "publish", "room": "lobby", "body": 1, "key": nul }),
        json!({ "type": "publish", "room": "lobby", "body": 1, "kind": nul }),
        json!({ "type": "presence", "state": nul }),
        json!({ "type": "presence", "state": "x", "text": nul }),
        json!({ "type": "stream.open", "room": "lobby", "name": nul }),
        json!({ "type": "stream.open", "room": "lobby", "name": "x", "media_type": nul }),
        json!({ "type": "stream.open", "room": "lobby", "name": "x", "tool_call": nul }),
        json!({ "type": "cancel", "stream": stream, "reason": nul }),
        json!({ "type": "stream.append", "stream": stream, "offset": u64::MAX, "text": "x" }),
        json!({ "type": "stream.append", "stream": stream, "offset": 1_u64 << 53, "text": "x" }),
        json!({ "type": "join", "room": "lobby", "after": u64::MAX, "epoch": "x" }),
        json!({ "type": "history", "room": "lobby", "after": u64::MAX }),
        json!({ "type": "history", "room": "lobby", "before": u64::MAX }),
    ] {
        let error = bot.refused(frame.clone()).await;
        assert_eq!(error.code, Invalid, "{frame}: {error:?}");
        others.undisturbed().await;
    }
    assert_eq!(bot.say("tests", "still here").await, 2);
}

#[tokio::test]
async fn malformed_frames_again_and_again_end_the_connection() {
    let hub = TestServer::start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let key = hub.key("bot").await;
    let mut bot = hub.connect(&key).await;
    let mut sent = 0;
    while bot.try_send("{".to_owned()).await.is_ok() && sent < 1_000 {
        sent += 1;
    }
    for _ in 0..=MALFORMED_AT_A_TIME {
        assert_eq!(bot.error().await.code, InvalidJson);
    }
    assert_eq!(bot.closed().await, CloseCode::BadFrames);
    // In one message as well, and what stands behind the last of them is not done.
    let mut bot = hub.connect(&key).await;
    let mut frames = vec![json!({ "type": "nonsense" }); limit::MAX_FRAMES_PER_MESSAGE - 1];
    frames.push(json!({ "type": "publish", "room": "lobby", "body": "too late" }));
    bot.send(json!(frames)).await;
    assert_eq!(bot.closed().await, CloseCode::BadFrames);
    // Bytes that are no binary frame count with them.
    let mut bot = hub.connect(&key).await;
    for byte in 0..=MALFORMED_AT_A_TIME as u8 {
        bot.send_binary(vec![byte; 16]).await;
        assert_eq!(bot.error().await.code, InvalidFrame);
    }
    assert_eq!(bot.closed().await, CloseCode::BadFrames);
    others.undisturbed().await;
}

#[tokio::test]
async fn what_is_wrong_is_told_without_giving_it_back() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let secret = "correct, expected horse at line 7";
    for frame in [
        json!({ "type": "hello", "binary": secret }),
        json!({ "type": "hello", "client": secret }),
        json!({ "type": "stream.close", "stream": secret, "offset": 0, "outcome": "completed" }),
        json!({ "type": "stream.append", "stream": 1, "offset": secret }),
        json!({ "type": "join", "room": secret }),
        json!({ "type": "join", "room": 20_261_125 }),
    ] {
        let error = bot.refused(frame.clone()).await;
        for part in ["correct", "horse", "20261125"] {
            assert!(!error.message.contains(part), "{frame}: {error:?}");
        }
    }
    // The name of a field is given back, as much of it as a line holds.
    let long = json!({ "type": "leave", "x\r\n".repeat(10_000): 1 });
    let error = bot.refused(long).await;
    assert_eq!(error.code, UnknownField);
    assert!(error.message.starts_with(r"leave: unknown field `x\r\nx"));
    assert!(error.message.len() < 1_024, "{}", error.message.len());
}
