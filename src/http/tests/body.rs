//! Bodies that are not what they should be.

use super::*;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn login(hub: &Hub, kind: Option<&str>, body: impl Into<reqwest::Body>) -> String {
    let mut request = hub.request(Method::POST, "/auth/login").body(body);
    if let Some(kind) = kind {
        request = request.header(CONTENT_TYPE, kind);
    }
    code(request.send().await.expect("answered")).await
}

#[actix_web::test]
async fn malformed_json_is_told_in_our_words() {
    let hub = Hub::empty().await;
    let deep = "[".repeat(60_000);
    let cases: [(&[u8], &str); 18] = [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (
            b"{\"email\": \"a\", \"password\": \"b\"} {}",
            "invalid_json",
        ),
        (b"\xef\xbb\xbf{}", "invalid_json"),
        (b"{\"email\": NaN}", "invalid_json"),
        (b"{\"email\": 1e999}", "invalid_json"),
        (b"{\"email\": \"\xff\"}", "invalid_json"),
        (b"{\"email\": \"\\ud800\"}", "invalid_json"),
        (b"{\"email\": \"a\nb\"}", "invalid_json"),
        (deep.as_bytes(), "invalid_json"),
        (b"null", "invalid_frame"),
        (b"[]", "invalid_frame"),
        (b"\"text\"", "invalid_frame"),
        (b"{}", "invalid_frame"),
        (b"{\"email\": 7, \"password\": \"x\"}", "invalid_frame"),
        (b"{\"email\": null, \"password\": \"x\"}", "invalid_frame"),
        (
            b"{\"email\": \"a\", \"email\": \"b\", \"password\": \"x\"}",
            "invalid_frame",
        ),
        (
            b"{\"email\": \"a\", \"password\": \"x\", \"is_admin\": true}",
            "unknown_field",
        ),
    ];
    for (body, expected) in cases {
        let got = login(&hub, Some("application/json"), body.to_vec()).await;
        assert_eq!(got, expected, "{:.60}", String::from_utf8_lossy(body));
    }
}

#[actix_web::test]
async fn other_types_and_packed_bodies_are_refused_unread() {
    let hub = Hub::empty().await;
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("application/jsonx"),
    ] {
        assert_eq!(
            login(&hub, kind, "{}").await,
            "unsupported_media_type",
            "{kind:?}"
        );
    }
    let typed = login(&hub, Some("Application/JSON; charset=utf-8"), "{}").await;
    assert_eq!(typed, "invalid_frame");
    for packing in ["gzip", "br", "deflate", "gzip, identity"] {
        let request = hub
            .request(Method::POST, "/auth/login")
            .header(CONTENT_TYPE, "application/json")
            .header(CONTENT_ENCODING, packing)
            .body("{}");
        let answer = request.send().await.expect("answered");
        assert_eq!(code(answer).await, "unsupported_media_type", "{packing}");
    }
}

#[actix_web::test]
async fn a_large_body_is_refused_by_its_length_and_by_its_bytes() {
    let hub = Hub::empty().await;
    let kind = Some("application/json");
    assert_eq!(login(&hub, kind, vec![b' '; 65_537]).await, "too_large");
    assert_eq!(login(&hub, kind, vec![b' '; 65_536]).await, "invalid_json");

    // Too large, and without credentials: both have no declared length and no end.
    for path in ["auth/login", "workspaces/main/rooms"] {
        endless(&hub, path).await;
    }
}

async fn endless(hub: &Hub, path: &str) {
    let mut socket = TcpStream::connect(hub.address).await.expect("connected");
    let head = format!(
        "POST /api/v1/{path} HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.expect("sent");
    let chunk = format!("2000\r\n{}\r\n", " ".repeat(8192));
    let endless = async { while socket.write_all(chunk.as_bytes()).await.is_ok() {} };
    let closed = tokio::time::timeout(Duration::from_secs(10), endless).await;
    closed.expect("the connection is closed");
}

#[actix_web::test]
async fn who_may_not_ask_is_told_before_the_body_is_read() {
    let hub = Hub::empty().await;
    let request = hub
        .request(Method::POST, "/workspaces/main/rooms")
        .body(vec![0; 1 << 20]);
    let answer = request.send().await.expect("answered");
    assert_eq!(code(answer).await, "unauthenticated");
}

#[actix_web::test]
async fn a_slow_body_is_cut_off() {
    let hub = Hub::empty().await;
    let mut socket = TcpStream::connect(hub.address).await.expect("connected");
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    socket.write_all(head.as_bytes()).await.expect("sent");
    let began = Instant::now();
    let mut answer = Vec::new();
    let read = socket.read_to_end(&mut answer);
    let read = tokio::time::timeout(Duration::from_secs(10), read).await;
    read.expect("the connection is closed").expect("read");
    let answer = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 408 "), "{answer}");
    assert!(
        answer.contains("connection: close") && answer.contains("\"timeout\""),
        "{answer}"
    );
    assert!(began.elapsed() < Duration::from_secs(5));
}
