//! Deadlines of a connection: `hello`, and signs of life.

use crate::support::{Socket, TestServer, tcp};
use generic_corp_protocol::{CloseCode, ErrorCode};

#[tokio::test]
async fn hello_must_come_in_time() {
    let hub = TestServer::builder()
        .with("socket.hello_timeout_seconds", 1)
        .start()
        .await;
    let mut silent = Socket::anonymous(hub.address).await;
    assert_eq!(silent.error().await.code, ErrorCode::Unauthenticated);
    assert_eq!(silent.closed().await, CloseCode::Timeout);
    // Bytes that are no whole frame do not count as hello.
    let mut slow = tcp::Wire::open(hub.address).await;
    let request = "GET /ws/main HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    slow.send(request.as_bytes()).await;
    assert!(slow.head().await.starts_with("HTTP/1.1 101 "));
    slow.send(&tcp::frame(tcp::TEXT, br#"{"type":"hello"}"#)[..9])
        .await;
    assert_eq!(slow.close_code().await, CloseCode::Timeout.code());
}

#[tokio::test]
async fn the_hub_pings_and_lets_go_of_who_is_silent() {
    let hub = TestServer::builder()
        .with("socket.heartbeat_seconds", 1)
        .start()
        .await;
    let key = hub.key("bot").await;
    // A raw connection never answers a ping; a real client does so by itself and stays.
    let mut dead = tcp::Wire::upgrade(hub.address, &key).await;
    let mut live = hub.connect(&key).await;
    let end = async {
        let mut pings = 0;
        loop {
            match dead.frame().await.expect("a close frame comes first") {
                (9, _) => pings += 1,
                (8, code) => return (pings, code),
                other => panic!("{other:?}"),
            }
        }
    };
    tokio::select! {
        (pings, payload) = end => {
            assert!(pings >= 1, "it was asked for a sign of life");
            assert_eq!(payload[..2], CloseCode::Timeout.code().to_be_bytes());
        }
        other = live.next() => panic!("the live one got {other:?}"),
    }
    assert_eq!(live.say("lobby", "still here").await, 1);
}
