//! What opens a door is written nowhere, wherever it is put: in its place, in a wrong one, or twice.

use crate::support::rest::send;
use crate::support::server::{EMAIL, PASSWORD};
use crate::support::socket::{handshake, handshake_to, with_token};
use crate::support::tcp::Wire;
use crate::support::{Received, Socket, TestServer, within};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use generic_corp_protocol::rest::{NewApiKeySecret, Session};
use reqwest::Method;
use serde_json::{Value, json};

/// Everything the hub has written about itself.
async fn written(hub: &TestServer) -> String {
    hub.log() + &hub.metrics().await
}

/// Fails when a secret, or a part of it that is long enough to be one, stands in a text in any form.
fn is_kept(secret: &str, text: &str) {
    let parts = secret
        .split(['.', '_', ' '])
        .filter(|part| part.len() >= 20);
    for part in parts.chain([secret]) {
        let bytes = part.as_bytes();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let forms = [
            part.to_owned(),
            part.replace(' ', "%20"),
            part.replace(' ', "+"),
            STANDARD.encode(bytes),
            URL_SAFE_NO_PAD.encode(bytes),
            hex,
            format!("{bytes:?}"),
        ];
        for form in forms {
            let line = text.lines().find(|line| line.contains(&form));
            assert_eq!(line, None, "{part} is written down");
        }
    }
}

/// Puts a secret into every part of an HTTP request that could end up in a log.
async fn over_http(hub: &TestServer, secret: &str) {
    let rest = hub.anybody();
    let mut requests = Vec::new();
    for path in [
        format!("/me?access_token={secret}"),
        format!("/workspaces/{secret}"),
        format!("/workspaces/main/rooms/{secret}/events?after={secret}"),
        format!("/setup?token={secret}"),
        format!("/nothing/{secret}"),
    ] {
        requests.push(rest.request(Method::GET, &path));
    }
    for header in [
        "Authorization",
        "Cookie",
        "X-Api-Key",
        "Last-Event-ID",
        "Idempotency-Key",
        "Origin",
        "User-Agent",
        "Referer",
    ] {
        requests.push(rest.request(Method::GET, "/me").header(header, secret));
    }
    let cookie = format!("gc_refresh={secret}");
    requests.push(
        rest.request(Method::POST, "/auth/refresh")
            .header("Cookie", cookie),
    );
    requests.push(
        rest.request(Method::GET, "/me")
            .basic_auth("ada", Some(secret)),
    );
    requests.push(
        rest.request(Method::GET, "/me")
            .bearer_auth(secret)
            .bearer_auth(secret),
    );
    for (path, body) in [
        (
            "/auth/login",
            json!({ "email": secret, "password": "0123456789" }),
        ),
        (
            "/auth/login",
            json!({ "email": EMAIL, "password": [secret] }),
        ),
        ("/auth/login", json!({ "email": EMAIL, "pasword": secret })),
        ("/auth/refresh", json!({ "refresh_token": secret })),
        (
            "/auth/refresh",
            json!({ "refresh_token": { "token": secret } }),
        ),
        ("/auth/logout", json!(secret)),
        (
            "/auth/register",
            json!({ "email": secret, "name": secret, "password": secret, "organization": secret }),
        ),
        (
            "/setup",
            json!({ "token": secret, "email": secret, "name": "x", "password": secret, "organization": "x", "workspace": "x" }),
        ),
    ] {
        requests.push(rest.request(Method::POST, path).json(&body));
    }
    for request in requests {
        let answer = send(request).await;
        assert!(!answer.text().contains(secret), "{}", answer.text());
    }
    // And where the parser itself refuses the request.
    let mut wire = Wire::open(hub.address).await;
    let broken =
        format!("GET /{secret} HTTP/1.1\r\nAuthorization: Bearer {secret}\r\nX {secret}\r\n\r\n");
    wire.send(broken.as_bytes()).await;
    wire.rest().await;
}

/// The same for a socket, which may already be somebody's.
async fn over_a_socket(mut socket: Socket, secret: &str) {
    for frame in [
        json!({ "type": "hello", "token": [secret] }),
        json!({ "type": "hello", "client": secret }),
        json!({ "type": "join", "room": secret }),
        json!({ "type": "join", "room": "lobby", "epoch": secret, "after": 1 }),
        json!({ "type": "publish", "room": "lobby", "body": secret, "key": secret, "kind": secret }),
        json!({ "type": "stream.read", "stream": secret }),
        json!({ "type": secret }),
        json!({ "type": "leave", secret: secret }),
    ] {
        let _ = socket.try_send(frame.to_string()).await;
    }
    let _ = socket
        .try_send(format!(r#"{{"type":"hello","token":"{secret}"#))
        .await;
    let _ = socket
        .try_send(json!({ "type": "hello", "token": secret }).to_string())
        .await;
    let _ = socket.try_close(&secret[..secret.len().min(100)]).await;
    let ended =
        async { while !matches!(socket.next().await, Received::Closed(..) | Received::Gone) {} };
    within("the socket ends", ended).await;
}

/// A handshake with a secret where it does not belong.
async fn over_handshakes(hub: &TestServer, secret: &str) {
    let encoded = secret.replace(' ', "%20");
    for url in [
        format!("ws://{}/ws/main?token={encoded}", hub.address),
        format!("ws://{}/ws/{encoded}", hub.address),
        format!("ws://{}/{encoded}", hub.address),
    ] {
        let _ = Socket::open(hub.address, handshake_to(&url)).await;
    }
    let plain = handshake(hub.address);
    let _ = Socket::open(
        hub.address,
        with_token(plain, &format!("{secret} {secret}")),
    )
    .await;
    for header in ["sec-websocket-protocol", "origin", "cookie", "x-token"] {
        let mut request = handshake(hub.address);
        request
            .headers_mut()
            .insert(header, secret.parse().unwrap());
        let _ = Socket::open(hub.address, request).await;
    }
}

#[tokio::test]
async fn no_secret_is_ever_written_down() {
    let hub = TestServer::builder()
        .with("bootstrap.email", "")
        .with("log_output.filter", "trace")
        .with("auth.registration", "open")
        .with_metrics();
    let hub = hub.start().await;
    let setup = hub.banner.split("/setup#").nth(1).expect("a setup link");
    let setup = setup.lines().next().unwrap().to_owned();
    over_http(&hub, &setup).await;
    // Each in its own place, where it works; then everywhere else.
    let founding = json!({
        "token": setup, "email": EMAIL, "name": "Ada", "password": PASSWORD, "organization": "main", "workspace": "main",
    });
    let first: Session = hub.anybody().post("/setup", &founding).await.ok();
    let operator = hub.admin().await;
    let trade = json!({ "refresh_token": first.refresh_token });
    let second: Session = hub.anybody().post("/auth/refresh", &trade).await.ok();
    let made: NewApiKeySecret = operator
        .post("/workspaces/main/keys", &json!({ "agent": "bot" }))
        .await
        .ok();
    for token in [&second.access_token, &made.secret] {
        let mut socket = Socket::anonymous(hub.address).await;
        socket.hello(token).await;
        socket.join("lobby").await;
        let _: Value = hub.anybody().with_token(token).get("/me").await.ok();
    }
    let secrets = [
        setup.as_str(),
        PASSWORD,
        &first.access_token,
        &first.refresh_token,
        &second.access_token,
        &second.refresh_token,
        &made.secret,
    ];
    for secret in secrets {
        over_http(&hub, secret).await;
        over_handshakes(&hub, secret).await;
        over_a_socket(Socket::anonymous(hub.address).await, secret).await;
        over_a_socket(hub.connect(&made.secret).await, secret).await;
    }
    // After its end a secret is still one.
    let revoke = format!("/workspaces/main/keys/{}", made.key.id);
    assert_eq!(operator.delete(&revoke).await.status, 204);
    over_http(&hub, &made.secret).await;
    let text = written(&hub).await;
    assert!(text.contains("TRACE"), "it tells what it does: {text}");
    for secret in secrets {
        is_kept(secret, &text);
    }
}
