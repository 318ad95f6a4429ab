//! From a TCP connection to a welcome: who is let in, by which way, and who is not.

use crate::support::socket::{handshake, handshake_to, with_token};
use crate::support::{Socket, TestServer, tcp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use generic_corp_protocol::rest::Problem;
use generic_corp_protocol::{CloseCode, ErrorCode, SenderKind, Timestamp, limit};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;

/// The status and problem of a handshake that is refused.
async fn refused(hub: &TestServer, request: Request) -> Problem {
    match Socket::open(hub.address, request).await {
        Err(Error::Http(answer)) => {
            let (status, body) = (
                answer.status().as_u16(),
                answer.into_body().unwrap_or_default(),
            );
            let problem: Problem = serde_json::from_slice(&body).expect("a problem");
            assert_eq!(status, problem.status);
            problem
        }
        Err(other) => panic!("the handshake failed otherwise: {other}"),
        Ok(_) => panic!("the handshake was accepted"),
    }
}

/// A token with one claim or header changed and the signature kept.
fn forge(token: &str, part: usize, change: impl FnOnce(&mut Value)) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let bytes = BASE64URL.decode(&parts[part]).expect("base64url");
    let mut value: Value = serde_json::from_slice(&bytes).expect("JSON");
    change(&mut value);
    parts[part] = BASE64URL.encode(value.to_string());
    parts.join(".")
}

async fn access_token(hub: &TestServer) -> String {
    hub.admin()
        .await
        .token
        .expect("the administrator has a token")
}

#[tokio::test]
async fn the_header_is_enough_and_welcome_tells_everything() {
    let hub = TestServer::start().await;
    let key = hub.key("deploy-bot").await;
    let mut socket = Socket::open(hub.address, with_token(handshake(hub.address), &key))
        .await
        .unwrap();
    let welcome = socket.welcome().await;
    assert_eq!(&*welcome.workspace.slug, "main");
    assert_eq!(
        (welcome.you.kind, welcome.you.name.as_str()),
        (SenderKind::Agent, "deploy-bot")
    );
    assert_eq!(welcome.scopes, ["read", "publish", "stream", "task"]);
    assert!(welcome.server.node.starts_with("test"));
    assert_eq!(
        welcome.limits.max_frame_bytes as usize,
        limit::MAX_FRAME_BYTES
    );
    assert_eq!(welcome.quota.plan, "self_hosted");
    assert_eq!(welcome.quota.messages_this_hour, 0);
    assert_eq!(
        welcome.token_expires_at, None,
        "a key without an end has none"
    );
    assert!((welcome.server.time.0 - Timestamp::now().0).abs() < 5_000);
    // A later hello describes the program.
    let client = json!({ "name": "deploy", "version": "1.2" });
    socket
        .send(json!({ "type": "hello", "id": "again", "client": client }))
        .await;
    let again = socket.welcome().await;
    assert_eq!(again.id.as_deref(), Some("again"));
    assert_eq!(again.connection, welcome.connection);
}

#[tokio::test]
async fn the_first_frame_may_carry_the_token() {
    let hub = TestServer::start().await;
    let mut socket = Socket::anonymous(hub.address).await;
    let welcome = socket.hello(&access_token(&hub).await).await;
    assert_eq!(
        (welcome.you.kind, welcome.you.name.as_str()),
        (SenderKind::User, "ada")
    );
    assert!(
        welcome
            .token_expires_at
            .is_some_and(|end| end > Timestamp::now())
    );
    assert_eq!(socket.say("lobby", "hello").await, 1);
}

#[tokio::test]
async fn every_bad_token_is_refused_the_same_way() {
    let hub = TestServer::start().await;
    let (token, key) = (access_token(&hub).await, hub.key("bot").await);
    let none = forge(&token, 0, |header| header["alg"] = json!("none"));
    let unsigned = format!("{}.", none.rsplit_once('.').unwrap().0);
    let bad = [
        ("no token at all", "x".to_owned()),
        (
            "a longer life",
            forge(&token, 1, |claims| claims["exp"] = json!(4_102_444_800_u64)),
        ),
        (
            "another user",
            forge(&token, 1, |claims| claims["sub"] = claims["sid"].clone()),
        ),
        ("alg none with the old signature", none),
        ("alg none without a signature", unsigned),
        (
            "another algorithm",
            forge(&token, 0, |header| header["alg"] = json!("RS256")),
        ),
        (
            "another key",
            forge(&token, 0, |header| {
                header["kid"] = json!("../../etc/passwd")
            }),
        ),
        ("half a signature", token[..token.len() - 8].to_owned()),
        (
            "a key with a wrong checksum",
            format!(
                "{}{}",
                &key[..key.len() - 1],
                if key.ends_with('x') { "y" } else { "x" }
            ),
        ),
        (
            "a key of nobody",
            "gck_000000000000_".to_owned() + &"0".repeat(50),
        ),
        ("a very long token", "a".repeat(10_000)),
    ];
    for (what, token) in bad {
        let mut socket = Socket::anonymous(hub.address).await;
        socket
            .send(json!({ "type": "hello", "id": "1", "token": token }))
            .await;
        let error = socket.reply("1").await.expect_err(what);
        assert_eq!(error.code, ErrorCode::InvalidToken, "{what}: {error:?}");
        assert_eq!(socket.closed().await, CloseCode::Unauthenticated, "{what}");
        let problem = refused(&hub, with_token(handshake(hub.address), &token)).await;
        assert_eq!(
            problem.code,
            ErrorCode::InvalidToken,
            "{what} in the header"
        );
        assert!(
            !hub.log().contains(&token) || token.len() < 8,
            "{what} is in the log"
        );
    }
}

#[tokio::test]
async fn a_key_that_has_ended_is_told_apart_and_closes_its_sockets() {
    let hub = TestServer::start().await;
    let end = Timestamp::now().plus_ms(2_000);
    let key = hub
        .key_with(json!({ "agent": "bot", "expires_at": end }))
        .await;
    let mut socket = Socket::open(hub.address, with_token(handshake(hub.address), &key))
        .await
        .unwrap();
    assert_eq!(socket.welcome().await.token_expires_at, Some(end));
    assert_eq!(socket.error().await.code, ErrorCode::TokenExpired);
    assert_eq!(socket.closed().await, CloseCode::Unauthenticated);
    assert!(Timestamp::now() >= end, "not before its end");
    assert!(Timestamp::now() < end.plus_ms(3_000), "soon after its end");
    let problem = refused(&hub, with_token(handshake(hub.address), &key)).await;
    assert_eq!(problem.code, ErrorCode::TokenExpired);
}

#[tokio::test]
async fn a_token_is_renewed_in_place() {
    let hub = TestServer::start().await;
    let end = Timestamp::now().plus_ms(3_000);
    let short = hub
        .key_with(json!({ "agent": "bot", "expires_at": end }))
        .await;
    let long = hub.key_with(json!({ "agent": "bot" })).await;
    let other = hub.key("other").await;
    let mut socket = hub.connect(&short).await;
    let mut second = hub.connect(&short).await;
    socket.join("lobby").await;
    let renewed = socket.hello(&long).await;
    assert_eq!(renewed.token_expires_at, None);
    // The one that was not renewed ends; the renewed one lives on and still is in its room.
    assert_eq!(second.closed().await, CloseCode::Unauthenticated);
    assert_eq!(socket.say("lobby", "still here").await, 1);
    assert_eq!(socket.event().await.seq, 1);
    // Nobody becomes somebody else on the way.
    socket
        .send(json!({ "type": "hello", "id": "x", "token": other }))
        .await;
    assert_eq!(
        socket.reply("x").await.expect_err("refused").code,
        ErrorCode::InvalidToken
    );
    assert_eq!(socket.closed().await, CloseCode::Unauthenticated);
}

#[tokio::test]
async fn nothing_is_done_before_hello() {
    let hub = TestServer::start().await;
    let mut socket = Socket::anonymous(hub.address).await;
    let frame = json!({ "type": "publish", "room": "lobby", "body": 1 });
    for _ in 0..3 {
        assert_eq!(
            socket.refused(frame.clone()).await.code,
            ErrorCode::Unauthenticated
        );
    }
    assert_eq!(socket.closed().await, CloseCode::Unauthenticated);

    let mut socket = Socket::anonymous(hub.address).await;
    assert_eq!(
        socket.refused(json!({ "type": "hello" })).await.code,
        ErrorCode::Unauthenticated
    );
    assert_eq!(socket.closed().await, CloseCode::Unauthenticated);

    let mut socket = Socket::anonymous(hub.address).await;
    socket.send_binary(vec![1; 20]).await;
    assert_eq!(socket.error().await.code, ErrorCode::Unauthenticated);
    // Where it said nothing wrong it may still come in.
    socket.hello(&hub.key("bot").await).await;
    assert_eq!(socket.join("lobby").await.head, 0);
}

#[tokio::test]
async fn the_subprotocol_is_selected_when_it_is_offered() {
    let hub = TestServer::start().await;
    for (offer, selected) in [
        (Some("generic-corp.v1"), true),
        (Some("chat, generic-corp.v1"), true),
        (Some("chat"), false),
        (None, false),
    ] {
        let mut wire = tcp::Wire::open(hub.address).await;
        let offer = offer
            .map(|o| format!("Sec-WebSocket-Protocol: {o}\r\n"))
            .unwrap_or_default();
        let request = format!(
            "GET /ws/main HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Extensions: permessage-deflate\r\n{offer}\r\n"
        );
        wire.send(request.as_bytes()).await;
        let head = wire.head().await.to_lowercase();
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        assert_eq!(
            head.contains("sec-websocket-protocol: generic-corp.v1\r\n"),
            selected
        );
        assert!(
            !head.contains("permessage-deflate"),
            "no extension is negotiated"
        );
        assert!(
            head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"),
            "{head}"
        );
    }
}

#[tokio::test]
async fn foreign_pages_may_not_connect() {
    let hub = TestServer::builder()
        .with("server.allowed_origins", "https://app.example.com")
        .start()
        .await;
    let key = hub.key("bot").await;
    let from = |origin: &str| {
        let mut request = with_token(handshake(hub.address), &key);
        request
            .headers_mut()
            .insert("origin", HeaderValue::from_str(origin).unwrap());
        request
    };
    let own = format!("http://{}", hub.address);
    for origin in [own.as_str(), "https://app.example.com"] {
        let mut socket = Socket::open(hub.address, from(origin)).await.expect(origin);
        socket.welcome().await;
    }
    for origin in [
        "https://evil.example",
        "null",
        "http://app.example.com",
        "http://127.0.0.1:1",
    ] {
        assert_eq!(
            refused(&hub, from(origin)).await.code,
            ErrorCode::OriginNotAllowed,
            "{origin}"
        );
    }
}

#[tokio::test]
async fn a_token_in_the_url_is_refused_and_not_written_down() {
    let hub = TestServer::start().await;
    let key = hub.key("bot").await;
    let url = format!("ws://{}/ws/main?token={key}", hub.address);
    assert_eq!(
        refused(&hub, handshake_to(&url)).await.code,
        ErrorCode::Unauthenticated
    );
    assert!(!hub.log().contains(&key));
}

#[tokio::test]
async fn another_tenants_workspace_is_not_there() {
    let hub = TestServer::builder()
        .with("auth.registration", "open")
        .start()
        .await;
    let session = hub.register("eve@example.com", "evil").await;
    let own: Value = hub
        .anybody()
        .with_token(&session.access_token)
        .get("/me")
        .await
        .ok();
    let theirs: Value = hub.admin().await.get("/me").await.ok();
    let id = |me: &Value| {
        me["organizations"][0]["workspaces"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let to = |workspace: &str| {
        let url = format!("ws://{}/ws/{workspace}", hub.address);
        with_token(handshake_to(&url), &session.access_token)
    };
    Socket::open(hub.address, to(&id(&own)))
        .await
        .expect("her own by its id");
    let foreign = refused(&hub, to(&id(&theirs))).await;
    let missing = refused(&hub, to("nowhere")).await;
    assert_eq!(foreign.code, ErrorCode::NotFound);
    assert_eq!(
        (foreign.detail, foreign.title),
        (missing.detail, missing.title)
    );
    // The same by hello.
    let url = format!("ws://{}/ws/{}", hub.address, id(&theirs));
    let mut socket = Socket::open(hub.address, handshake_to(&url)).await.unwrap();
    socket
        .send(json!({ "type": "hello", "id": "1", "token": session.access_token }))
        .await;
    assert_eq!(
        socket.reply("1").await.expect_err("refused").code,
        ErrorCode::NotFound
    );
    assert_eq!(socket.closed().await, CloseCode::Forbidden);
}

#[tokio::test]
async fn what_is_no_handshake_is_told_so() {
    let hub = TestServer::start().await;
    let ask = async |lines: &str| {
        let mut wire = tcp::Wire::open(hub.address).await;
        let request = format!("{lines}Host: hub\r\nConnection: close\r\n\r\n");
        wire.send(request.as_bytes()).await;
        wire.head()
            .await
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let plain = ask("GET /ws/main HTTP/1.1\r\n").await;
    assert!(plain.starts_with("HTTP/1.1 4"), "{plain}");
    let posted = ask("POST /ws/main HTTP/1.1\r\nContent-Length: 0\r\n").await;
    assert!(posted.starts_with("HTTP/1.1 405"), "{posted}");
}
