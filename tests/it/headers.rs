//! What every answer tells the browser, and which pages' scripts may call the API.

use crate::support::{TestServer, tcp};
use reqwest::header::HeaderMap;
use reqwest::{Method, Response};

const FRIEND: &str = "https://app.example.com";
const STRANGERS: [&str; 6] = [
    "https://evil.example",
    "null",
    "https://app.example.com.evil.example",
    "https://app.example.com:8443",
    "http://app.example.com",
    "https://user@app.example.com",
];

async fn ask(hub: &TestServer, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = reqwest::Client::new().request(method, hub.url(path));
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request.send().await.expect("an answer")
}

fn value<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let hub = TestServer::start().await;
    for (path, status) in [
        ("/", 200),
        ("/healthz", 200),
        ("/api/v1/setup", 200),
        ("/api/v1/me", 401),
        ("/api/v1/nothing", 404),
        ("/nothing", 404),
        ("/ws/main", 422),
    ] {
        let answer = ask(&hub, Method::GET, path, &[]).await;
        assert_eq!(answer.status(), status, "{path}");
        let headers = answer.headers();
        for (name, expected) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(value(headers, name), expected, "{path} {name}");
        }
        let policy = value(headers, "content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert!(!value(headers, "referrer-policy").is_empty(), "{path}");
        assert!(
            value(headers, "permissions-policy").contains("camera=()"),
            "{path}"
        );
        assert!(
            !headers.contains_key("strict-transport-security"),
            "{path}: no TLS here"
        );
        assert!(!headers.contains_key("server"), "{path}");
    }
}

#[tokio::test]
async fn a_refused_handshake_has_them_too() {
    let hub = TestServer::start().await;
    let mut tcp = tcp::Wire::open(hub.address).await;
    let request = "GET /ws/main HTTP/1.1\r\nHost: hub\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Origin: https://evil.example\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    assert!(tcp.send(request.as_bytes()).await);
    let head = tcp.head().await.to_lowercase();
    assert!(head.starts_with("http/1.1 403"), "{head}");
    assert!(head.contains("x-frame-options: deny"), "{head}");
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");
}

#[tokio::test]
async fn browsers_are_told_to_stay_with_tls_where_people_come_over_it() {
    let hub = TestServer::builder()
        .with("server.public_url", "https://hub.example.com")
        .start()
        .await;
    for path in ["/", "/api/v1/setup"] {
        let answer = ask(&hub, Method::GET, path, &[]).await;
        let transport = value(answer.headers(), "strict-transport-security");
        assert_eq!(transport, "max-age=31536000", "{path}");
    }
}

#[tokio::test]
async fn pages_of_an_allowed_origin_may_call_the_api_and_others_may_not() {
    let hub = TestServer::builder()
        .with("server.allowed_origins", FRIEND)
        .start()
        .await;
    let wish = [
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "authorization,content-type,idempotency-key",
        ),
    ];
    let path = "/api/v1/workspaces/main/rooms/lobby/events";
    let asked = |origin: &'static str| [("origin", origin), wish[0], wish[1]];
    let answer = ask(&hub, Method::OPTIONS, path, &asked(FRIEND)).await;
    assert_eq!(answer.status(), 200);
    let headers = answer.headers();
    assert_eq!(value(headers, "access-control-allow-origin"), FRIEND);
    assert!(value(headers, "access-control-allow-methods").contains("POST"));
    let allowed = value(headers, "access-control-allow-headers").to_lowercase();
    assert!(allowed.contains("authorization") && allowed.contains("idempotency-key"));
    assert!(!headers.contains_key("access-control-allow-credentials"));

    // A refusal can be read by the page as well, and caches keep the pages apart.
    let answer = ask(&hub, Method::GET, path, &[("origin", FRIEND)]).await;
    assert_eq!(answer.status(), 401);
    let headers = answer.headers();
    assert_eq!(value(headers, "access-control-allow-origin"), FRIEND);
    assert!(value(headers, "vary").to_lowercase().contains("origin"));
    assert!(
        value(headers, "access-control-expose-headers")
            .to_lowercase()
            .contains("retry-after")
    );

    for stranger in STRANGERS {
        let answer = ask(&hub, Method::OPTIONS, path, &asked(stranger)).await;
        assert_eq!(answer.status(), 400, "{stranger}");
        assert!(
            !answer.headers().contains_key("access-control-allow-origin"),
            "{stranger}"
        );
        let answer = ask(&hub, Method::GET, path, &[("origin", stranger)]).await;
        assert!(
            !answer.headers().contains_key("access-control-allow-origin"),
            "{stranger}"
        );
    }
}
