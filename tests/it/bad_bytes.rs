//! Bytes that break RFC 6455 or a limit: each closes its own connection with its code, and that is all.

use crate::support::tcp::{BINARY, CLOSE, PING, TEXT, Wire, frame, header};
use crate::support::{Bystanders, TestServer, within};
use generic_corp_protocol::{CloseCode, limit};
use rand::rngs::StdRng;
use rand::{Rng as _, RngCore as _, SeedableRng as _};

/// The first byte of a fragment that is not the last.
const FIRST_TEXT: u8 = 0x01;
const MIDDLE: u8 = 0x00;
const LAST: u8 = 0x80;
const PONG: u8 = 0x8A;

/// Sends each to a connection of its own and checks what that is closed with; nobody else notices.
async fn each_closes(cases: &[(&str, Vec<u8>, u16)]) {
    let hub = TestServer::start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let key = hub.key("bot").await;
    for (what, bytes, code) in cases {
        let mut wire = Wire::upgrade(hub.address, &key).await;
        wire.send(bytes).await;
        assert_eq!(wire.close_code().await, *code, "{what}");
        wire.finish().await;
        wire.rest().await;
        others.undisturbed().await;
    }
}

fn join(parts: &[Vec<u8>]) -> Vec<u8> {
    parts.concat()
}

#[tokio::test]
async fn who_does_not_answer_a_close_frame_is_let_go() {
    let hub = TestServer::start().await;
    let mut wire = Wire::upgrade(hub.address, &hub.key("bot").await).await;
    wire.send(&frame(TEXT, b"\xFF")).await;
    assert_eq!(wire.close_code().await, CloseCode::InvalidUtf8.code());
    // Nothing is sent back, and the socket ends all the same.
    assert!(wire.rest().await.is_empty());
}

#[tokio::test]
async fn broken_frames_are_a_protocol_error() {
    let unmasked = vec![TEXT, 2, b'{', b'}'];
    let mut cases = vec![
        ("an unmasked frame", unmasked),
        ("a long ping", frame(PING, &[b'x'; 126])),
        ("a long pong", frame(PONG, &[b'x'; 126])),
        ("a long close", frame(CLOSE, &[3; 126])),
        ("a fragment of a ping", frame(PING & 0x7F, b"x")),
        ("a fragment of a close", frame(CLOSE & 0x7F, b"")),
        ("a continuation of nothing", frame(LAST, b"x")),
        ("a fragment of nothing", frame(MIDDLE, b"x")),
        (
            "a text within a message",
            join(&[frame(FIRST_TEXT, b"{"), frame(TEXT, b"{}")]),
        ),
        (
            "bytes within a message",
            join(&[frame(FIRST_TEXT, b"{"), frame(BINARY, b"x")]),
        ),
        (
            "a continuation after the end",
            join(&[
                frame(FIRST_TEXT, b"{"),
                frame(LAST, b"}"),
                frame(LAST, b"}"),
            ]),
        ),
        (
            "an HTTP request",
            b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n".to_vec(),
        ),
    ];
    for bit in [0x40, 0x20, 0x10] {
        cases.push(("a reserved bit", frame(TEXT | bit, b"{}")));
        cases.push(("a reserved bit of a ping", frame(PING | bit, b"")));
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        cases.push(("a reserved opcode", frame(LAST | opcode, b"{}")));
    }
    let code = CloseCode::ProtocolError.code();
    let cases: Vec<_> = cases.into_iter().map(|(w, b)| (w, b, code)).collect();
    each_closes(&cases).await;
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_told_apart() {
    let code = CloseCode::InvalidUtf8.code();
    each_closes(&[
        ("a bare 0xFF", frame(TEXT, &[0xFF]), code),
        ("an overlong slash", frame(TEXT, b"\"\xC0\xAF\""), code),
        ("a surrogate", frame(TEXT, b"\"\xED\xA0\x80\""), code),
        ("beyond Unicode", frame(TEXT, b"\"\xF4\x90\x80\x80\""), code),
        ("a cut character", frame(TEXT, b"\"\xE2\x82"), code),
        (
            "a character cut by the last fragment",
            join(&[frame(FIRST_TEXT, b"\"\xE2"), frame(LAST, b"\x82\"")]),
            code,
        ),
        ("a reason that is none", frame(CLOSE, b"\x03\xE8\xFF"), code),
    ])
    .await;
}

#[tokio::test]
async fn what_is_too_large_is_refused_whole_or_in_parts() {
    let most = limit::MAX_FRAME_BYTES;
    let code = CloseCode::TooLarge.code();
    let half = vec![b' '; most / 2];
    let endless = join(&[
        frame(FIRST_TEXT, &half),
        frame(MIDDLE, &half),
        frame(MIDDLE, b" "),
    ]);
    each_closes(&[
        ("a byte too much", frame(TEXT, &vec![b' '; most + 1]), code),
        ("bytes", frame(BINARY, &vec![1; most + 1]), code),
        ("a header alone", header(TEXT, most as u64 + 1), code),
        ("fragments together", endless, code),
        (
            "a fragment that would be",
            join(&[frame(FIRST_TEXT, &half), header(LAST, most as u64)]),
            code,
        ),
        ("a terabyte", header(BINARY, 1 << 40), code),
        ("every bit of a length", header(BINARY, u64::MAX), code),
    ])
    .await;
}

#[tokio::test]
async fn a_declared_terabyte_costs_no_memory() {
    let hub = TestServer::start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let key = hub.key("bot").await;
    others.undisturbed().await;
    let before = hub.resident_bytes();
    let zeros = vec![0; 1 << 20];
    for first in [TEXT, BINARY, FIRST_TEXT, PING] {
        let mut wire = Wire::upgrade(hub.address, &key).await;
        wire.send(&header(first, 1 << 40)).await;
        // It is refused by its header, and what is sent all the same is not kept.
        for _ in 0..64 {
            if !wire.send(&zeros).await {
                break;
            }
        }
        others.undisturbed().await;
    }
    let grown = hub.resident_bytes().saturating_sub(before);
    assert!(grown < 16 << 20, "the hub has grown by {grown} bytes");
}

#[tokio::test]
async fn floods_of_frames_that_say_nothing_are_ended() {
    let code = CloseCode::RateAbuse.code();
    let mut empty_fragments = frame(FIRST_TEXT, b"");
    empty_fragments.extend(frame(MIDDLE, b"").repeat(10_000));
    each_closes(&[
        ("pings", frame(PING, b"x").repeat(10_000), code),
        ("pongs", frame(PONG, b"").repeat(10_000), code),
        ("empty fragments", empty_fragments, code),
    ])
    .await;
}

#[tokio::test]
async fn a_close_frame_is_answered_in_kind() {
    let with = |code: u16, reason: &[u8]| frame(CLOSE, &[&code.to_be_bytes(), reason].concat());
    let error = CloseCode::ProtocolError.code();
    each_closes(&[
        ("no code", frame(CLOSE, b""), 1000),
        ("normal", with(1000, b""), 1000),
        ("going away", with(1001, b"the tab is closed"), 1001),
        ("a code of the client's", with(4999, b""), 4999),
        ("a long reason", with(1000, &[b'x'; 123]), 1000),
        ("half a code", frame(CLOSE, &[3]), error),
        ("below all codes", with(999, b""), error),
        ("reserved", with(1004, b""), error),
        ("never sent: no code", with(1005, b""), error),
        ("never sent: gone", with(1006, b""), error),
        ("never sent: TLS", with(1015, b""), error),
        ("of nobody", with(2999, b""), error),
        ("beyond all codes", with(5000, b""), error),
        (
            "frames after it",
            join(&[with(1000, b""), frame(TEXT, b"{"), frame(0xFF, b"")]),
            1000,
        ),
        (
            "a ping before it",
            join(&[frame(PING, b"x"), with(1000, b"")]),
            1000,
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_is_published_before_a_fault_counts_and_what_follows_does_not() {
    let hub = TestServer::start().await;
    let key = hub.key("bot").await;
    let mut viewer = hub.connect(&key).await;
    viewer.join("lobby").await;
    let mut wire = Wire::upgrade(hub.address, &key).await;
    let publish = frame(TEXT, br#"{"type":"publish","room":"lobby","body":"x"}"#);
    let bytes = join(&[publish.clone(), frame(LAST | 3, b""), publish]);
    wire.send(&bytes).await;
    assert_eq!(wire.close_code().await, CloseCode::ProtocolError.code());
    assert_eq!(viewer.event().await.seq, 1);
    assert_eq!(viewer.say("lobby", "next").await, 2);
}

/// Bytes as a fuzzer would make them: anything, or sound frames around anything.
fn nonsense(random: &mut StdRng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.random_range(1..8) {
        let length = *[0, 1, 7, 125, 126, 300, 70_000]
            .get(random.random_range(0..7))
            .unwrap();
        let mut payload = vec![0; length];
        random.fill_bytes(&mut payload);
        match random.random_range(0..4) {
            0 => bytes.extend(payload),
            1 => bytes.extend(frame(random.random(), &payload)),
            2 => bytes.extend(frame(TEXT, mutated(random).as_bytes())),
            _ => bytes.extend(frame(BINARY, &payload)),
        }
    }
    bytes
}

/// A frame of the protocol with some of its characters changed.
fn mutated(random: &mut StdRng) -> String {
    let frames = [
        r#"{"type":"join","room":"lobby","after":3,"epoch":"x","tail":9}"#,
        r#"[{"type":"history","room":"lobby","before":7,"limit":3,"kinds":["message"]}]"#,
        r#"{"type":"stream.append","stream":"01a213db-cf8a-7267-91d8-9de293039554","offset":0,"base64":"eA=="}"#,
        r#"{"type":"presence","id":"1","state":"running","text":"\u00e9\ud83d\ude00"}"#,
        r#"{"type":"hello","token":"gck_x","client":{"name":"x","version":"1"},"binary":true}"#,
    ];
    let mut text: Vec<char> = frames[random.random_range(0..frames.len())]
        .chars()
        .collect();
    for _ in 0..random.random_range(0..4) {
        let at = random.random_range(0..text.len());
        text[at] = random.random();
    }
    text.into_iter().collect()
}

#[tokio::test]
async fn random_bytes_never_take_the_hub_down() {
    let hub = TestServer::start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let key = hub.key("bot").await;
    // The same bytes each time: what fails once fails again.
    let mut random = StdRng::seed_from_u64(7);
    for round in 0..20 {
        let attacks = (0..20).map(|_| {
            let (bytes, key) = (nonsense(&mut random), &key);
            async move {
                let mut wire = Wire::upgrade(hub.address, key).await;
                wire.send(&bytes).await;
                wire.finish().await;
                wire.rest().await;
            }
        });
        let all = futures_util::future::join_all(attacks);
        within(&format!("round {round}"), all).await;
        others.undisturbed().await;
    }
    assert!(!hub.log().contains("panicked"), "{}", hub.log());
}
