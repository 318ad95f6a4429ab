//! Whoever follows by Server-Sent Events is out like a socket's owner is; in a cluster, on every node.

use crate::support::server::{EMAIL, PASSWORD};
use crate::support::wait::within;
use crate::support::{Rest, TestServer, eventually};
use generic_corp_protocol::CloseCode;
use generic_corp_protocol::rest::{NewApiKeySecret, Session};
use reqwest::{Method, StatusCode};
use serde_json::json;

const ROOM: &str = "/workspaces/main/rooms/lobby";

/// An answer that is written on and on.
struct Live {
    answer: reqwest::Response,
    text: String,
}

impl Live {
    async fn open(rest: &Rest, path: &str, first: &str) -> Self {
        let answer = rest.request(Method::GET, path).send().await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        let mut live = Self {
            answer,
            text: String::new(),
        };
        live.until(&format!("event: {first}\n")).await;
        live
    }

    async fn until(&mut self, text: &str) {
        eventually(text, async || {
            let chunk = self.answer.chunk().await.expect("a chunk");
            let chunk = chunk.expect("not the end yet");
            self.text.push_str(&String::from_utf8_lossy(&chunk));
            self.text.contains(text).then_some(())
        })
        .await;
    }

    /// Checks that it ends, and that its last word is why.
    async fn ends(mut self, code: CloseCode) {
        let rest = within("the end of the answer", self.answer.text());
        self.text.push_str(&rest.await.expect("a whole answer"));
        let (_, last) = self.text.rsplit_once("event: ").expect("an event");
        let expected = format!("close\ndata: {{\"code\":{}", code.code());
        assert!(last.starts_with(&expected), "{last}");
    }
}

/// A room and a stream in it that is open, followed three times each: in a cluster, on each node.
async fn follow(hub: &TestServer, token: &str) -> Vec<Live> {
    let mut producer = hub.agent("producer").await;
    let stream = producer.open_stream("lobby", "build").await;
    let stream = format!("/workspaces/main/streams/{stream}/live");
    let mut lives = Vec::new();
    for _ in 0..3 {
        // A client of one's own: a connection that is used again would stay at its node.
        let rest = hub.anybody().with_token(token);
        lives.push(Live::open(&rest, &format!("{ROOM}/live"), "joined").await);
        let rest = hub.anybody().with_token(token);
        lives.push(Live::open(&rest, &stream, "stream.reading").await);
    }
    lives
}

async fn all_end(lives: Vec<Live>, code: CloseCode) {
    for live in lives {
        live.ends(code).await;
    }
}

#[tokio::test]
async fn a_revoked_key_ends_what_it_follows() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let new = json!({ "agent": "bot" });
    let made: NewApiKeySecret = owner.post("/workspaces/main/keys", &new).await.ok();
    let lives = follow(&hub, &made.secret).await;
    let path = format!("/workspaces/main/keys/{}", made.key.id);
    assert_eq!(owner.delete(&path).await.status, StatusCode::NO_CONTENT);
    all_end(lives, CloseCode::Forbidden).await;
}

#[tokio::test]
async fn a_session_that_ends_takes_what_it_follows_with_it() {
    let hub = TestServer::start().await;
    let login = json!({ "email": EMAIL, "password": PASSWORD });
    let session: Session = hub.anybody().post("/auth/login", &login).await.ok();
    let lives = follow(&hub, &session.access_token).await;
    let out = json!({ "refresh_token": session.refresh_token });
    let answer = hub.anybody().post("/auth/logout", &out).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    all_end(lives, CloseCode::Unauthenticated).await;
}

#[tokio::test]
async fn a_member_who_is_removed_follows_nothing_and_one_with_less_goes_on() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let bob = hub.member(&owner, "bob@example.com", "member").await;
    let mut lives = follow(&hub, &bob.access_token).await;
    let path = format!("/organizations/main/members/{}", bob.user.id);
    let less = owner.request(Method::PATCH, &path);
    let less = less.json(&json!({ "role": "viewer" })).send().await;
    assert_eq!(less.expect("an answer").status(), StatusCode::NO_CONTENT);
    let bobs = hub.anybody().with_token(&bob.access_token);
    let said = json!({ "body": { "text": "no" } });
    eventually("the role counts", async || {
        let answer = bobs.post(&format!("{ROOM}/events"), &said).await;
        (answer.status == StatusCode::FORBIDDEN).then_some(())
    })
    .await;
    let said = json!({ "body": { "text": "a viewer reads" } });
    let answer = owner.post(&format!("{ROOM}/events"), &said).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    for live in lives.iter_mut().step_by(2) {
        live.until("a viewer reads").await;
    }
    assert_eq!(owner.delete(&path).await.status, StatusCode::NO_CONTENT);
    all_end(lives, CloseCode::Forbidden).await;
}
