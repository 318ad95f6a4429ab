//! People and their sessions over a real hub: what ends closes sockets at once, and secrets change under them.

use crate::support::server::{EMAIL, PASSWORD};
use crate::support::{Rest, TestServer};
use generic_corp_protocol::rest::{NewInviteLink, OwnSession, Session};
use generic_corp_protocol::{CloseCode, ErrorCode};
use serde_json::json;

const NEW: &str = "a fresh pair of ferrets";

async fn login(hub: &TestServer, password: &str) -> Session {
    let body = json!({ "email": EMAIL, "password": password });
    hub.anybody().post("/auth/login", &body).await.ok()
}

fn person(hub: &TestServer, session: &Session) -> Rest {
    hub.anybody().with_token(&session.access_token)
}

/// The next session answer, or why there is none.
async fn refresh(hub: &TestServer, session: &Session) -> Result<Session, ErrorCode> {
    let body = json!({ "refresh_token": session.refresh_token });
    let answer = hub.anybody().post("/auth/refresh", &body).await;
    match answer.status.is_success() {
        true => Ok(answer.ok()),
        false => Err(answer.code()),
    }
}

#[tokio::test]
async fn a_changed_password_closes_the_sockets_of_every_other_session() {
    let hub = TestServer::start().await;
    let (here, there) = (login(&hub, PASSWORD).await, login(&hub, PASSWORD).await);
    let mut kept = hub.connect(&here.access_token).await;
    let mut closed = hub.connect(&there.access_token).await;
    let change = json!({ "current": PASSWORD, "password": NEW });
    let changed = person(&hub, &here).post("/me/password", &change).await;
    let changed: Session = changed.ok();
    assert_eq!(closed.closed().await, CloseCode::Unauthenticated);
    let _me: serde_json::Value = person(&hub, &changed).get("/me").await.ok();
    let state = json!({ "type": "presence", "state": "online" });
    kept.request(state).await.expect("its own goes on");
}

#[tokio::test]
async fn a_session_that_is_ended_from_the_list_closes_its_sockets() {
    let hub = TestServer::start().await;
    let (here, there) = (login(&hub, PASSWORD).await, login(&hub, PASSWORD).await);
    let mut closed = hub.connect(&there.access_token).await;
    let list: Vec<OwnSession> = person(&hub, &there).get("/me/sessions").await.ok();
    let own = list.iter().find(|one| one.current).expect("listed");
    assert_eq!(own.address.as_deref(), Some("127.0.0.1"));
    let path = format!("/me/sessions/{}", own.id);
    let ended = person(&hub, &here).delete(&path).await;
    assert_eq!(ended.status, 204);
    assert_eq!(closed.closed().await, CloseCode::Unauthenticated);
}

#[tokio::test]
async fn the_operators_link_sets_a_new_password_and_closes_every_socket() {
    let hub = TestServer::start().await;
    let session = login(&hub, PASSWORD).await;
    let mut socket = hub.connect(&session.access_token).await;
    let printed = hub.command(&["admin", "reset", EMAIL]).output().await;
    let printed = printed.unwrap();
    assert!(printed.status.success(), "{printed:?}");
    let link = String::from_utf8(printed.stdout).unwrap();
    let (_, token) = link.trim().split_once("/reset#").expect("a link");
    let reset = json!({ "token": token, "password": NEW });
    assert_eq!(hub.anybody().post("/auth/reset", &reset).await.status, 204);
    assert_eq!(socket.closed().await, CloseCode::Unauthenticated);
    login(&hub, NEW).await;
    let nobody = hub.command(&["admin", "reset", "eve@example.com"]).output();
    assert!(!nobody.await.unwrap().status.success());
}

#[tokio::test]
async fn one_of_many_at_once_comes_by_an_invite() {
    let hub = TestServer::start().await;
    let invite = json!({ "role": "member" });
    let ada = hub.admin().await;
    let made = ada.post("/organizations/main/invites", &invite).await;
    let made: NewInviteLink = made.ok();
    let guests = (0..40).map(|n| {
        let (rest, token) = (hub.anybody(), made.token.clone());
        async move {
            let email = format!("guest{n}@example.com");
            let body = json!({ "token": token, "email": email, "name": "G", "password": PASSWORD });
            let answer = rest.post("/invites/accept", &body).await;
            (answer.status.as_u16(), email)
        }
    });
    let outcomes = futures_util::future::join_all(guests).await;
    let (came, refused): (Vec<_>, Vec<_>) = outcomes.iter().partition(|(status, _)| *status == 201);
    assert_eq!(came.len(), 1, "{outcomes:?}");
    let login = json!({ "email": came[0].1, "password": PASSWORD });
    let _: Session = hub.anybody().post("/auth/login", &login).await.ok();
    let login = json!({ "email": refused[0].1, "password": PASSWORD });
    let nobody = hub.anybody().post("/auth/login", &login).await;
    assert_eq!(nobody.code(), ErrorCode::InvalidCredentials);
}

#[tokio::test]
async fn a_new_secret_signs_nobody_out_until_the_old_one_is_taken_away() {
    const FRESH: &str = "another secret, another secret!!";
    let mut hub = TestServer::start().await;
    let old = login(&hub, PASSWORD).await;
    let first = hub.set("auth.secret", FRESH).expect("it had one");
    hub.set("auth.previous_secrets", first);
    hub.restart().await;
    let mut socket = hub.connect(&old.access_token).await;
    let state = json!({ "type": "presence", "state": "online" });
    socket.request(state).await.expect("let in");
    let new = refresh(&hub, &old).await.expect("traded");
    hub.set("auth.previous_secrets", "");
    hub.restart().await;
    let out = person(&hub, &old).get("/me").await;
    assert_eq!(out.code(), ErrorCode::InvalidToken);
    assert_eq!(
        refresh(&hub, &old).await.map(drop),
        Err(ErrorCode::InvalidToken)
    );
    let _me: serde_json::Value = person(&hub, &new).get("/me").await.ok();
    refresh(&hub, &new).await.expect("traded");
}

#[tokio::test]
async fn the_secret_beside_the_database_is_changed_by_a_command() {
    let builder = TestServer::builder().on_sqlite();
    let mut hub = builder.with("auth.secret", "").start().await;
    let old = login(&hub, PASSWORD).await;
    let rotate = async |hub: &TestServer, arguments: &[&str]| {
        let output = hub.command(arguments).output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    rotate(&hub, &["admin", "rotate-secret"]).await;
    hub.restart().await;
    let new = refresh(&hub, &old).await.expect("nobody is signed out");
    rotate(&hub, &["admin", "rotate-secret", "--forget"]).await;
    hub.restart().await;
    assert_eq!(
        refresh(&hub, &new).await.map(drop),
        Err(ErrorCode::InvalidToken)
    );
    login(&hub, PASSWORD).await;
}
