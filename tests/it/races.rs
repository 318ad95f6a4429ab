//! Many at once at a limit: as many as it allows get through, and the others are told.

use crate::support::{Received, Rest, Socket, TestServer};
use futures_util::future::join_all;
use generic_corp_protocol::{ErrorCode, ServerFrame};
use serde_json::{Value, json};

/// Requests at a time in the races.
const AT_ONCE: usize = 100;
/// What they may have between them.
const LIMIT: u64 = 10;

async fn at_once<T>(make: impl AsyncFn(usize) -> T) -> Vec<T> {
    join_all((0..AT_ONCE).map(|number| make(number))).await
}

fn made(answers: &[ErrorCode], refused: ErrorCode) -> usize {
    let others: Vec<_> = answers.iter().filter(|code| **code != refused).collect();
    assert!(others.is_empty(), "{others:?}");
    AT_ONCE - answers.len()
}

/// The codes of those that did not succeed.
async fn race(admin: &Rest, path: &str, body: impl Fn(usize) -> Value) -> Vec<ErrorCode> {
    let answers = at_once(async |number| admin.post(path, &body(number)).await).await;
    let failed = answers.iter().filter(|answer| !answer.status.is_success());
    failed.map(|answer| answer.code()).collect()
}

/// How many of the requests at once to make this get through where the plan has so many.
async fn get_through(limit: (&str, u64), path: &str, body: impl Fn(usize) -> Value) -> usize {
    let hub = TestServer::builder().with_plan(&[limit]).start().await;
    let failed = race(&hub.admin().await, path, body).await;
    made(&failed, ErrorCode::LimitReached)
}

#[tokio::test]
async fn a_hundred_rooms_at_once_at_a_limit_of_ten_are_ten() {
    let body = |n| json!({ "name": format!("r{n}") });
    // The lobby was there.
    let made = get_through(("rooms", LIMIT + 1), "/workspaces/main/rooms", body).await;
    assert_eq!(made, LIMIT as usize);
}

#[tokio::test]
async fn a_hundred_agents_at_once_at_a_limit_of_ten_are_ten() {
    let body = |n| json!({ "name": format!("a{n}") });
    let made = get_through(("agents", LIMIT), "/workspaces/main/agents", body).await;
    assert_eq!(made, LIMIT as usize);
}

#[tokio::test]
async fn a_hundred_keys_at_once_make_no_more_agents_than_the_plan_has() {
    let body = |n| json!({ "agent": format!("a{n}") });
    let made = get_through(("agents", LIMIT), "/workspaces/main/keys", body).await;
    assert_eq!(made, LIMIT as usize);
}

#[tokio::test]
async fn a_hundred_sockets_at_once_at_a_limit_of_ten_are_ten() {
    let hub = TestServer::builder()
        .with_plan(&[("connections", LIMIT)])
        .start()
        .await;
    let key = hub.key("bot").await;
    let sockets = at_once(async |_| {
        let mut socket = Socket::anonymous(hub.address).await;
        socket.send(json!({ "type": "hello", "token": key })).await;
        let first = socket.next().await;
        (socket, first)
    })
    .await;
    let mut let_in = 0;
    for (_, first) in &sockets {
        match first {
            Received::Frame(ServerFrame::Welcome(_)) => let_in += 1,
            Received::Frame(ServerFrame::Error(failure)) => {
                assert_eq!(failure.code, ErrorCode::LimitReached);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(let_in, LIMIT);
}

#[tokio::test]
async fn a_hundred_workspaces_of_one_name_at_once_are_one() {
    let hub = TestServer::start().await;
    let admin = hub.admin().await;
    let path = "/organizations/main/workspaces";
    let failed = race(&admin, path, |_| json!({ "slug": "same" })).await;
    assert_eq!(made(&failed, ErrorCode::Conflict), 1);
}
