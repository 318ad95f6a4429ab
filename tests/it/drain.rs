//! SIGTERM: clients are told when to come back, what is acknowledged is stored, and the hub ends in time.

use crate::support::rest::send;
use crate::support::socket::{handshake, with_token};
use crate::support::{Received, Socket, TestServer, eventually};
use generic_corp_protocol::frame::{Goaway, Published};
use generic_corp_protocol::rest::Readiness;
use generic_corp_protocol::{CloseCode, ErrorCode, ServerFrame};
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::time::{Duration, Instant};

/// The slots of six clients are a second apart: the last can still work on a slow machine.
const DRAIN: Duration = Duration::from_secs(6);
/// What is added to the time of the drain: a tick, the close handshake, a busy machine.
const SLACK: Duration = Duration::from_secs(5);

async fn told_to_go(socket: &mut Socket) -> Goaway {
    loop {
        match socket.next().await {
            Received::Frame(ServerFrame::Goaway(goaway)) => return goaway,
            Received::Frame(_) => {}
            other => panic!("waited for goaway, but {other:?}"),
        }
    }
}

/// How the hub answers at a path outside of the API.
async fn probe(hub: &TestServer, path: &str) -> (StatusCode, Vec<u8>) {
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("an HTTP client");
    let answer = send(client.request(Method::GET, hub.url(path))).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn everybody_is_told_a_slot_and_finds_everything_afterwards() {
    let mut hub = TestServer::builder()
        .alone()
        .with_fixed_port()
        .with("server.drain_seconds", DRAIN.as_secs())
        .start()
        .await;
    let mut keys = Vec::new();
    for n in 0..6 {
        keys.push(hub.key(&format!("agent-{n}")).await);
    }
    let mut sockets = Vec::new();
    for key in &keys {
        let mut socket = hub.connect(key).await;
        let epoch = socket.join("lobby").await.epoch;
        sockets.push((socket, epoch));
    }
    assert_eq!(probe(&hub, "/readyz").await.0, StatusCode::OK);

    let begun = Instant::now();
    hub.terminate();
    let mut slots = Vec::new();
    for (socket, _) in &mut sockets {
        slots.push(told_to_go(socket).await.reconnect_after_ms);
    }
    let (status, body) = probe(&hub, "/readyz").await;
    let readiness: Readiness = serde_json::from_slice(&body).expect("a readiness");
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        readiness.draining && readiness.store,
        "not ready, for this reason alone"
    );
    assert_eq!(probe(&hub, "/healthz").await.0, StatusCode::OK, "it lives");
    slots.sort();
    assert_eq!(
        slots,
        [0, 1000, 2000, 3000, 4000, 5000],
        "spread over the drain"
    );

    // Until its slot comes a client goes on working; what is acknowledged then counts like any other.
    let mut acked = Vec::new();
    for (n, (socket, _)) in sockets.iter_mut().enumerate() {
        let id = format!("last-{n}");
        let frame = json!({ "type": "publish", "room": "lobby", "key": id, "id": id, "body": n });
        socket.try_send(frame.to_string()).await.expect("sent");
    }
    for (n, (socket, _)) in sockets.iter_mut().enumerate() {
        loop {
            match socket.next().await {
                Received::Frame(ServerFrame::Ok(ok)) => {
                    let published = serde_json::from_value(ok.result.expect("a result"));
                    let published: Published = published.expect("published");
                    acked.push((published.seq.expect("a seq"), format!("last-{n}")));
                }
                Received::Frame(_) => {}
                Received::Closed(code, _) => {
                    assert_eq!(code, CloseCode::ServiceRestart.code());
                    break;
                }
                other => panic!("unexpected {other:?}"),
            }
        }
        socket.close().await;
    }
    assert!(acked.len() >= 3, "the last slots were not at once");
    assert!(hub.ended().await.success());
    assert!(begun.elapsed() < DRAIN + SLACK, "{:?}", begun.elapsed());

    hub.restart().await;
    for (key, (_, epoch)) in keys.iter().zip(&sockets) {
        let mut socket = hub.connect(key).await;
        let resume = json!({ "room": "lobby", "after": 0, "epoch": epoch });
        let joined = socket.join_with(resume).await;
        assert!(joined.recovered);
        let events = socket.events(joined.head as usize).await;
        for (seq, key) in &acked {
            assert_eq!(events[*seq as usize - 1].key.as_ref(), Some(key));
        }
    }
}

#[tokio::test]
async fn who_comes_during_the_drain_is_sent_away() {
    let hub = TestServer::builder()
        .alone()
        .with("server.drain_seconds", 30)
        .start()
        .await;
    let (key, address) = (hub.key("bot").await, hub.address);
    let mut early = hub.connect(&key).await;
    let mut silent = Socket::anonymous(address).await;
    let admin = hub.admin().await;
    hub.terminate();
    told_to_go(&mut early).await;

    let refused = Socket::open(address, with_token(handshake(address), &key)).await;
    let Err(tokio_tungstenite::tungstenite::Error::Http(answer)) = refused else {
        panic!("the upgrade was accepted")
    };
    assert_eq!(answer.status(), 503);
    let problem: generic_corp_protocol::rest::Problem =
        serde_json::from_slice(answer.body().as_ref().expect("a body")).expect("a problem");
    assert_eq!(problem.code, ErrorCode::ShuttingDown);
    assert!(problem.retryable);

    let live = admin.get("/workspaces/main/rooms/lobby/live").await;
    assert_eq!(live.code(), ErrorCode::ShuttingDown);

    silent.send(json!({ "type": "hello", "token": key })).await;
    let error = silent.error().await;
    assert_eq!(
        (error.code, error.retryable),
        (ErrorCode::ShuttingDown, true)
    );
    assert_eq!(silent.closed().await, CloseCode::ServiceRestart);
}

#[tokio::test]
async fn a_second_signal_stops_at_once() {
    let mut hub = TestServer::builder()
        .with("server.drain_seconds", 60)
        .start()
        .await;
    let (mut first, mut second) = (hub.agent("one").await, hub.agent("two").await);
    hub.terminate();
    told_to_go(&mut first).await;
    told_to_go(&mut second).await;
    let begun = Instant::now();
    hub.terminate();
    assert!(hub.ended().await.success());
    assert!(begun.elapsed() < SLACK, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_hub_without_sockets_ends_at_once() {
    let mut hub = TestServer::builder()
        .with("server.drain_seconds", 60)
        .start()
        .await;
    // A client that keeps its HTTP connection does not hold the hub up.
    let admin = hub.admin().await;
    let _: serde_json::Value = admin.get("/me").await.ok();
    let begun = Instant::now();
    hub.terminate();
    assert!(hub.ended().await.success());
    assert!(begun.elapsed() < SLACK, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn clients_that_do_not_go_do_not_hold_it_up() {
    let mut hub = TestServer::builder()
        .with("server.drain_seconds", 1)
        .start()
        .await;
    let mut socket = hub.agent("deaf").await;
    let admin = hub.admin().await;
    let live = admin.request(Method::GET, "/workspaces/main/rooms/lobby/live");
    let mut live = live.send().await.expect("an answer");
    let begun = Instant::now();
    hub.terminate();
    // The socket hears of it and neither reads on nor closes.
    told_to_go(&mut socket).await;
    let mut text = String::new();
    eventually("the last of the live events", async || {
        let chunk = live.chunk().await.expect("a chunk")?;
        text.push_str(&String::from_utf8_lossy(&chunk));
        text.contains("event: goaway").then_some(())
    })
    .await;
    assert!(text.contains("retry: "), "{text}");
    assert!(hub.ended().await.success());
    assert!(
        begun.elapsed() < Duration::from_secs(1) + SLACK,
        "{:?}",
        begun.elapsed()
    );
}
