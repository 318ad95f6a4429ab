//! Requests that break HTTP: refused without a word of the hub's insides, and the connection ends.

use crate::support::socket::handshake_to;
use crate::support::tcp::Wire;
use crate::support::{Bystanders, Socket, TestServer};
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::rest::Problem;
use tokio_tungstenite::tungstenite::Error;

/// Sends bytes and gives the status of the answer; none where the hub only hangs up.
async fn status(hub: &TestServer, bytes: &[u8]) -> Option<u16> {
    let mut wire = Wire::open(hub.address).await;
    wire.send(bytes).await;
    wire.finish().await;
    let answer = String::from_utf8_lossy(&wire.rest().await).into_owned();
    for inside in ["actix", "serde", "src/", "panicked"] {
        assert!(!answer.contains(inside), "{answer}");
    }
    let line = answer.lines().next()?;
    line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

#[tokio::test]
async fn broken_requests_are_refused_and_fill_no_log() {
    let (settings, _) = generic_corp::config::load(None).expect("the defaults");
    let filter = settings.log_output.filter;
    let hub = TestServer::builder().with("log_output.filter", filter);
    let hub = hub.start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let with = |lines: &str| format!("GET /healthz HTTP/1.1\r\n{lines}\r\n").into_bytes();
    let post = |lines: &str| {
        let head =
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json";
        format!("{head}\r\n{lines}").into_bytes()
    };
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    let large = format!("Host: hub\r\nX: {}\r\n", "x".repeat(200 << 10));
    let long = format!(
        "GET /{} HTTP/1.1\r\nHost: hub\r\n\r\n",
        "x".repeat(100 << 10)
    );
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("no host", with("")),
        ("two hosts", with("Host: a\r\nHost: b\r\n")),
        (
            "two lengths",
            post("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        ),
        (
            "a length and chunks",
            post("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ),
        ("a negative length", post("Content-Length: -1\r\n\r\n")),
        ("a signed length", post("Content-Length: +2\r\n\r\n{}")),
        (
            "an unknown encoding",
            post("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ),
        (
            "a chunk of no size",
            post("Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n"),
        ),
        (
            "a chunk beyond all sizes",
            post("Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{}"),
        ),
        ("a space before the colon", with("Host: hub\r\nX : 1\r\n")),
        ("a folded header", with("Host: hub\r\nX: 1\r\n 2\r\n")),
        ("NUL in a header", with("Host: hub\r\nX: \0\r\n")),
        ("too many headers", with(&format!("Host: hub\r\n{many}"))),
        ("large headers", with(&large)),
        ("a long path", long.into_bytes()),
        ("HTTP/3.0", b"GET / HTTP/3.0\r\nHost: hub\r\n\r\n".to_vec()),
        ("HTTP/0.9", b"GET /\r\n\r\n".to_vec()),
        (
            "HTTP/2",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec(),
        ),
        (
            "TLS",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        ),
        ("noise", vec![0xFF; 4_096]),
    ];
    for (what, bytes) in cases {
        let status = status(&hub, &bytes).await;
        // While much is still on its way, the end of the connection may overtake the answer.
        let told = matches!(status, Some(400 | 431)) || bytes.len() > 64 << 10;
        assert!(told, "{what}: {status:?}");
    }
    others.undisturbed().await;
    assert!(!hub.log().contains("ERROR"), "{}", hub.log());
}

#[tokio::test]
async fn paths_that_lead_out_are_not_there() {
    let hub = TestServer::start().await;
    for path in [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/..\\..\\etc\\passwd",
        "//etc/passwd",
        "/api/v1/../../etc/passwd",
        "/api/v1/workspaces/main/rooms/%00",
        "/ws/../metrics",
        "/metrics",
        "/hub.db",
    ] {
        let mut wire = Wire::open(hub.address).await;
        let request = format!("GET {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n");
        wire.send(request.as_bytes()).await;
        let answer = String::from_utf8_lossy(&wire.rest().await).into_owned();
        assert!(
            !answer.contains("root:") && !answer.contains("SQLite"),
            "{path}: {answer}"
        );
        assert!(!answer.contains("generic_corp_"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn what_follows_an_upgrade_is_frames_and_nothing_else() {
    let hub = TestServer::start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let mut wire = Wire::open(hub.address).await;
    let request = "GET /ws/main HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\
                   GET /api/v1/me HTTP/1.1\r\nHost: hub\r\n\r\n";
    wire.send(request.as_bytes()).await;
    assert!(wire.head().await.starts_with("HTTP/1.1 101 "));
    assert_eq!(wire.close_code().await, 1002);
    others.undisturbed().await;
}

#[tokio::test]
#[cfg(not(feature = "conformance"))]
async fn the_echo_of_conformance_runs_is_not_there() {
    let hub = TestServer::start().await;
    let url = format!("ws://{}/echo", hub.address);
    let Err(Error::Http(answer)) = Socket::open(hub.address, handshake_to(&url)).await else {
        panic!("there is an echo");
    };
    assert_eq!(answer.status().as_u16(), 404);
    let problem: Problem = serde_json::from_slice(&answer.into_body().unwrap()).unwrap();
    assert_eq!(problem.code, ErrorCode::NotFound);
}
