//! How soon what is taken away ends, on every node: figures for `docs/performance.md`.

use crate::support::{Rest, Socket, TestServer};
use generic_corp_protocol::CloseCode;
use generic_corp_protocol::rest::{NewApiKeySecret, Session};
use serde_json::json;
use std::time::Instant;

const ROUNDS: usize = 40;
/// In a cluster, one on each node.
const SOCKETS: usize = 3;

/// Open sockets of one right, and the call that takes it away.
struct Round {
    sockets: Vec<Socket>,
    caller: Rest,
    path: String,
    logout: Option<String>,
    code: CloseCode,
}

impl Round {
    async fn with_key(hub: &TestServer, owner: &Rest) -> Self {
        let new = json!({ "agent": "bot" });
        let made: NewApiKeySecret = owner.post("/workspaces/main/keys", &new).await.ok();
        let path = format!("/workspaces/main/keys/{}", made.key.id);
        Self::new(hub, &made.secret, owner, path, CloseCode::Forbidden).await
    }

    async fn with_member(hub: &TestServer, owner: &Rest) -> Self {
        let bob = joined(hub, owner).await;
        let path = format!("/organizations/main/members/{}", bob.user.id);
        Self::new(hub, &bob.access_token, owner, path, CloseCode::Forbidden).await
    }

    async fn with_session(hub: &TestServer, owner: &Rest) -> Self {
        let bob = joined(hub, owner).await;
        let (token, path) = (&bob.access_token, "/auth/logout".to_owned());
        let code = CloseCode::Unauthenticated;
        let mut round = Self::new(hub, token, &hub.anybody(), path, code).await;
        round.logout = Some(bob.refresh_token);
        round
    }

    async fn new(
        hub: &TestServer,
        token: &str,
        caller: &Rest,
        path: String,
        code: CloseCode,
    ) -> Self {
        let mut sockets = Vec::new();
        for _ in 0..SOCKETS {
            let mut socket = hub.connect(token).await;
            socket.join("lobby").await;
            sockets.push(socket);
        }
        Self {
            sockets,
            caller: caller.clone(),
            path,
            logout: None,
            code,
        }
    }

    /// From the call to the last socket's end, in milliseconds.
    async fn run(mut self) -> f64 {
        let since = Instant::now();
        let take_away = async {
            let answer = match &self.logout {
                Some(token) => {
                    let body = json!({ "refresh_token": token });
                    self.caller.post(&self.path, &body).await
                }
                None => self.caller.delete(&self.path).await,
            };
            assert!(answer.status.is_success(), "{}", answer.text());
        };
        let closed = self.sockets.iter_mut().map(async |socket| {
            assert_eq!(socket.closed().await, self.code);
            since.elapsed()
        });
        let (_, took) = tokio::join!(take_away, futures_util::future::join_all(closed));
        took.into_iter().max().unwrap_or_default().as_secs_f64() * 1_000.0
    }
}

/// Somebody new each time: signing in again and again is slowed.
async fn joined(hub: &TestServer, owner: &Rest) -> Session {
    let email = format!("{:016x}@example.com", rand::random::<u64>());
    hub.member(owner, &email, "member").await
}

fn show(what: &str, mut took: Vec<f64>) {
    took.sort_by(f64::total_cmp);
    let (median, worst) = (took[took.len() / 2], took[took.len() - 1]);
    println!(
        "{what}: median {median:.1} ms, worst {worst:.1} ms of {}",
        took.len()
    );
}

#[tokio::test]
#[ignore = "measures; docs/performance.md says how to run it"]
async fn how_soon_a_right_that_is_taken_away_ends_on_every_node() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let (mut keys, mut members, mut sessions) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        keys.push(Round::with_key(&hub, &owner).await.run().await);
        members.push(Round::with_member(&hub, &owner).await.run().await);
        sessions.push(Round::with_session(&hub, &owner).await.run().await);
    }
    show("key revoked", keys);
    show("member removed", members);
    show("session ended", sessions);
}
