//! Credentials that are taken away, and those in the wrong place: who holds them is out, at once.

use crate::support::server::{EMAIL, PASSWORD};
use crate::support::socket::{handshake, with_token};
use crate::support::{Bystanders, Socket, TestServer};
use generic_corp_protocol::rest::{NewApiKeySecret, Session};
use generic_corp_protocol::{CloseCode, ErrorCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Error;

/// A second is promised; a busy machine may take longer to notice that it was kept.
const AT_ONCE: Duration = Duration::from_secs(5);

async fn login(hub: &TestServer) -> Session {
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    hub.anybody().post("/auth/login", &body).await.ok()
}

/// Trades a refresh token.
async fn refresh(hub: &TestServer, token: &str) -> Result<Session, ErrorCode> {
    let body = json!({ "refresh_token": token });
    let answer = hub.anybody().post("/auth/refresh", &body).await;
    match answer.status.is_success() {
        true => Ok(answer.ok()),
        false => Err(answer.code()),
    }
}

/// Checks that a token opens nothing: no socket by header or `hello`, no path of the API.
async fn opens_nothing(hub: &TestServer, token: &str) {
    match Socket::open(hub.address, with_token(handshake(hub.address), token)).await {
        Err(Error::Http(answer)) => assert_eq!(answer.status().as_u16(), 401),
        other => panic!("it was let in: {:?}", other.map(drop)),
    }
    let mut socket = Socket::anonymous(hub.address).await;
    socket
        .send(json!({ "type": "hello", "token": token }))
        .await;
    assert_eq!(socket.error().await.code, ErrorCode::InvalidToken);
    assert_eq!(socket.closed().await, CloseCode::Unauthenticated);
    let answer = hub.anybody().with_token(token).get("/me").await;
    assert_eq!(answer.code(), ErrorCode::InvalidToken);
}

#[tokio::test]
async fn a_revoked_key_closes_its_sockets_and_opens_nothing() {
    let hub = TestServer::start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let operator = hub.admin().await;
    let made: NewApiKeySecret = operator
        .post("/workspaces/main/keys", &json!({ "agent": "bot" }))
        .await
        .ok();
    let mut sockets = [
        hub.connect(&made.secret).await,
        hub.connect(&made.secret).await,
    ];
    // Another key of the same agent is another credential.
    let mut kept = hub.agent("bot").await;
    let revoked = Instant::now();
    let path = format!("/workspaces/main/keys/{}", made.key.id);
    assert_eq!(operator.delete(&path).await.status, 204);
    for socket in &mut sockets {
        assert_eq!(socket.closed().await, CloseCode::Forbidden);
    }
    assert!(revoked.elapsed() < AT_ONCE, "{:?}", revoked.elapsed());
    opens_nothing(&hub, &made.secret).await;
    others.undisturbed().await;
    let state = json!({ "type": "presence", "state": "online" });
    kept.request(state).await.expect("it lives on");
}

#[tokio::test]
async fn who_signs_out_is_out_everywhere() {
    let hub = TestServer::start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let (session, other) = (login(&hub).await, login(&hub).await);
    let mut socket = hub.connect(&session.access_token).await;
    let mut elsewhere = hub.connect(&other.access_token).await;
    let left = Instant::now();
    let body = json!({ "refresh_token": session.refresh_token });
    let answer = hub.anybody().post("/auth/logout", &body).await;
    assert_eq!(answer.status, 204);
    assert_eq!(socket.closed().await, CloseCode::Unauthenticated);
    assert!(left.elapsed() < AT_ONCE, "{:?}", left.elapsed());
    opens_nothing(&hub, &session.access_token).await;
    assert_eq!(
        refresh(&hub, &session.refresh_token).await.map(drop),
        Err(ErrorCode::InvalidToken)
    );
    others.undisturbed().await;
    // Signed in twice, signed out once.
    let state = json!({ "type": "presence", "state": "online" });
    elsewhere.request(state).await.expect("it lives on");
}

#[tokio::test]
async fn a_refresh_token_that_comes_again_ends_the_session_and_its_sockets() {
    let hub = TestServer::start().await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let first = login(&hub).await;
    let second = refresh(&hub, &first.refresh_token).await.expect("traded");
    // The answer may have been lost: whoever asks again at once gets the same.
    let again = refresh(&hub, &first.refresh_token).await.expect("traded");
    assert_eq!(again.refresh_token, second.refresh_token);
    let third = refresh(&hub, &second.refresh_token).await.expect("traded");
    let mut sockets = Vec::new();
    for session in [&first, &second, &third] {
        sockets.push(hub.connect(&session.access_token).await);
    }
    // Two hold the session now, and one of them stole it.
    let stolen = Instant::now();
    assert_eq!(
        refresh(&hub, &first.refresh_token).await.map(drop),
        Err(ErrorCode::InvalidToken)
    );
    for socket in &mut sockets {
        assert_eq!(socket.closed().await, CloseCode::Unauthenticated);
    }
    assert!(stolen.elapsed() < AT_ONCE, "{:?}", stolen.elapsed());
    assert_eq!(
        refresh(&hub, &third.refresh_token).await.map(drop),
        Err(ErrorCode::InvalidToken)
    );
    opens_nothing(&hub, &third.access_token).await;
    others.undisturbed().await;
}

#[tokio::test]
async fn a_credential_is_good_in_its_own_place_alone() {
    let hub = TestServer::start().await;
    let (session, key) = (login(&hub).await, hub.key("bot").await);
    opens_nothing(&hub, &session.refresh_token).await;
    for token in [&session.access_token, &key] {
        assert_eq!(
            refresh(&hub, token).await.map(drop),
            Err(ErrorCode::InvalidToken)
        );
    }
    // A key opens its own workspace, and makes no other keys.
    let bot = hub.anybody().with_token(&key);
    let answer = bot
        .post("/workspaces/main/keys", &json!({ "agent": "other" }))
        .await;
    assert_eq!(answer.code(), ErrorCode::Forbidden);
    let me: Value = bot.get("/me").await.ok();
    assert_eq!(me["you"]["name"], "bot");
}
