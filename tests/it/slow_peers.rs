//! Peers that take their time: each wait has an end, each count has a bound, and others go on.

use crate::support::tcp::{TEXT, Wire, frame};
use crate::support::{Bystanders, TestServer, eventually};
use generic_corp_protocol::CloseCode;
use std::time::Duration;

/// What a slow sender pauses between two bytes.
const PAUSE: Duration = Duration::from_millis(50);

const HANDSHAKE: &str = "GET /ws/main HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Sends byte by byte; how many the hub let it send.
async fn drip(wire: &mut Wire, bytes: &[u8]) -> usize {
    for (sent, byte) in bytes.iter().enumerate() {
        if !wire.send(&[*byte]).await {
            return sent;
        }
        tokio::time::sleep(PAUSE).await;
    }
    bytes.len()
}

#[tokio::test]
async fn a_handshake_that_drips_in_is_ended() {
    let hub = TestServer::builder().with("server.header_timeout_seconds", 1);
    let hub = hub.start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let request = HANDSHAKE.replace("\r\n\r\n", &format!("\r\nX: {}\r\n\r\n", "x".repeat(400)));
    let mut wire = Wire::open(hub.address).await;
    let sent = drip(&mut wire, request.as_bytes()).await;
    assert!(sent < request.len(), "it was let in after half a minute");
    // Half a request, and none at all.
    for part in ["GET /ws/main HTT", ""] {
        let mut wire = Wire::open(hub.address).await;
        wire.send(part.as_bytes()).await;
        let answer = String::from_utf8(wire.rest().await).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 408 ") || answer.is_empty(),
            "{answer}"
        );
    }
    others.undisturbed().await;
}

#[tokio::test]
async fn a_connection_that_asks_nothing_more_is_closed() {
    let hub = TestServer::builder().with("server.idle_timeout_seconds", 1);
    let hub = hub.start().await;
    let mut wire = Wire::open(hub.address).await;
    let begun = std::time::Instant::now();
    wire.send(b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n")
        .await;
    let answer = String::from_utf8(wire.rest().await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(begun.elapsed() >= std::time::Duration::from_millis(500));
}

#[tokio::test]
async fn a_body_that_drips_in_is_ended() {
    let hub = TestServer::builder().with("server.body_timeout_seconds", 1);
    let hub = hub.start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let key = hub.key("bot").await;
    for framing in ["Content-Length: 1000", "Transfer-Encoding: chunked"] {
        let mut wire = Wire::open(hub.address).await;
        let head = format!(
            "POST /api/v1/workspaces/main/rooms/lobby/events HTTP/1.1\r\nHost: hub\r\n\
             Authorization: Bearer {key}\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"
        );
        wire.send(head.as_bytes()).await;
        wire.send(b"3E8\r\n{").await;
        let answer = String::from_utf8(wire.rest().await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{framing}: {answer}");
        assert!(answer.contains(r#""code":"timeout""#), "{answer}");
        let mut wire = Wire::open(hub.address).await;
        wire.send(head.as_bytes()).await;
        let body = format!("3E8\r\n{}", " ".repeat(600));
        let sent = drip(&mut wire, body.as_bytes()).await;
        assert!(sent < body.len(), "{framing}: read on for half a minute");
    }
    others.undisturbed().await;
}

#[tokio::test]
async fn a_hundred_half_open_sockets_are_ended_and_disturb_nobody() {
    let hub = TestServer::builder().with("server.header_timeout_seconds", 2);
    let hub = hub.start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let mut wires = Vec::new();
    for n in 0..100 {
        let mut wire = Wire::open(hub.address).await;
        let begin = ["GET /ws/main HTTP/1.1\r\nHos", "GET ", ""][n % 3];
        wire.send(begin.as_bytes()).await;
        wires.push(wire);
        if n % 25 == 0 {
            others.undisturbed().await;
        }
    }
    for wire in &mut wires {
        wire.rest().await;
    }
    others.undisturbed().await;
}

/// A socket from this address that is let in and says nothing more; `None` where it is refused.
async fn half_open(hub: &TestServer, source: [u8; 4]) -> Option<Wire> {
    let mut wire = Wire::open_from(source, hub.address).await;
    wire.send(HANDSHAKE.as_bytes()).await;
    match wire.head().await {
        head if head.starts_with("HTTP/1.1 101 ") => Some(wire),
        head => {
            assert_eq!(head, "", "the surplus is not worth an answer");
            None
        }
    }
}

#[tokio::test]
async fn more_sockets_than_one_address_or_the_hub_may_have_are_refused() {
    for workers in [1, 2] {
        let hub = TestServer::builder()
            .alone()
            .with("server.workers", workers)
            .with("socket.hello_timeout_seconds", 600)
            .with("server.max_connections_per_address", 40)
            .with("server.max_connections", 60);
        let hub = hub.start().await;
        let mut others = Bystanders::join(&hub, "lobby").await;
        let (one, two) = ([127, 0, 0, 2], [127, 0, 0, 3]);
        let mut held = Vec::new();
        while let Some(wire) = half_open(&hub, one).await {
            held.push(wire);
        }
        assert_eq!(held.len(), 40, "of one address");
        others.undisturbed().await;
        while let Some(wire) = half_open(&hub, two).await {
            held.push(wire);
        }
        // The bystanders' two, and while it is kept alive the one that made their key.
        assert!((57..=58).contains(&held.len()), "{} in all", held.len());
        others.undisturbed().await;
        held.clear();
        let free = eventually("places are given back", async || half_open(&hub, one).await);
        free.await;
        others.undisturbed().await;
    }
}

#[tokio::test]
async fn a_full_hub_refuses_at_once_also_who_asks_for_nothing() {
    // One worker accepts in the order of the connections.
    let hub = TestServer::builder()
        .alone()
        .with("server.workers", 1)
        .with("server.header_timeout_seconds", 600)
        .with("server.max_connections", 20);
    let hub = hub.start().await;
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(Wire::open(hub.address).await);
    }
    for _ in 0..5 {
        assert!(Wire::open(hub.address).await.rest().await.is_empty());
    }
    held.clear();
    let free = eventually("places are given back", async || {
        half_open(&hub, [127, 0, 0, 1]).await
    });
    free.await;
}

#[tokio::test]
async fn a_hub_that_may_open_few_files_takes_fewer_sockets_and_goes_on() {
    let few = ["sh", "-c", "ulimit -n 300 && exec \"$@\"", "sh"];
    let hub = TestServer::builder()
        .alone()
        .with("socket.hello_timeout_seconds", 600)
        .below(&few);
    let hub = hub.start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let mut held = Vec::new();
    while let Some(wire) = half_open(&hub, [127, 0, 0, 2]).await {
        held.push(wire);
    }
    assert!((10..290).contains(&held.len()), "{} sockets", held.len());
    // What the hub itself has to open, it still can.
    others.undisturbed().await;
    held.clear();
    let free = eventually("places are given back", async || {
        half_open(&hub, [127, 0, 0, 2]).await
    });
    free.await;
}

#[tokio::test]
async fn a_hub_that_may_open_more_files_does() {
    let some = ["sh", "-c", "ulimit -S -n 300 && exec \"$@\"", "sh"];
    let hub = TestServer::builder()
        .with("socket.hello_timeout_seconds", 600)
        .below(&some);
    let hub = hub.start().await;
    let mut held = Vec::new();
    for _ in 0..400 {
        held.push(half_open(&hub, [127, 0, 0, 2]).await.expect("let in"));
    }
    assert_eq!(hub.agent("bot").await.say("lobby", "here").await, 1);
}

#[tokio::test]
async fn half_a_frame_and_then_silence_is_no_sign_of_life() {
    let hub = TestServer::builder().with("socket.heartbeat_seconds", 1);
    let hub = hub.start().await;
    let key = hub.key("bot").await;
    let mut wire = Wire::upgrade(hub.address, &key).await;
    let whole = frame(TEXT, br#"{"type":"publish","room":"lobby","body":1}"#);
    wire.send(&whole[..20]).await;
    assert_eq!(wire.close_code().await, CloseCode::Timeout.code());
    let mut other = hub.connect(&key).await;
    assert_eq!(other.say("lobby", "the first").await, 1);
}
