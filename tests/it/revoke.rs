//! What is taken away ends at once: the sockets of whoever had it are closed, or go on with less.

use crate::support::rest::send;
use crate::support::server::PASSWORD;
use crate::support::{Rest, Socket, TestServer, eventually};
use generic_corp_protocol::rest::{AuditEntry, NewApiKeySecret, Session, Workspace};
use generic_corp_protocol::{CloseCode, ErrorCode, SenderKind};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

/// What is promised is a second; a machine that is busy with other tests gets more.
const AT_ONCE: Duration = Duration::from_secs(3);

/// A second owner of the administrator's organization.
async fn second_owner(hub: &TestServer) -> Session {
    let made = hub
        .command(&["admin", "create", "--email", "bob@example.com"])
        .env("GENERIC_CORP_PASSWORD", PASSWORD)
        .output()
        .await
        .expect("it runs");
    assert!(made.status.success(), "{made:?}");
    let login = json!({ "email": "bob@example.com", "password": PASSWORD });
    hub.anybody().post("/auth/login", &login).await.ok()
}

/// Three sockets: in a cluster, one on each node.
async fn sockets(hub: &TestServer, token: &str) -> Vec<Socket> {
    let mut sockets = Vec::new();
    for _ in 0..3 {
        let mut socket = hub.connect(token).await;
        socket.join("lobby").await;
        sockets.push(socket);
    }
    sockets
}

async fn all_closed(sockets: &mut [Socket], code: CloseCode, since: Instant) {
    for socket in sockets {
        assert_eq!(socket.closed().await, code);
    }
    let took = since.elapsed();
    println!("closed {took:?} after the right was taken away");
    assert!(took < AT_ONCE, "{took:?}");
}

async fn set_role(owner: &Rest, user: &Session, role: &str) -> u16 {
    let path = format!("/organizations/main/members/{}", user.user.id);
    let request = owner.request(Method::PATCH, &path);
    send(request.json(&json!({ "role": role })))
        .await
        .status
        .as_u16()
}

#[tokio::test]
async fn a_member_who_is_removed_is_out_at_once() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let bob = second_owner(&hub).await;
    let mut open = sockets(&hub, &bob.access_token).await;
    let since = Instant::now();
    let path = format!("/organizations/main/members/{}", bob.user.id);
    assert_eq!(owner.delete(&path).await.status.as_u16(), 204);
    let bobs = hub.anybody().with_token(&bob.access_token);
    assert_eq!(
        bobs.get("/workspaces/main").await.code(),
        ErrorCode::NotFound
    );
    all_closed(&mut open, CloseCode::Forbidden, since).await;
    let acts: Vec<AuditEntry> = owner.get("/organizations/main/audit").await.ok();
    assert_eq!(acts[0].action, "member.removed");
    assert_eq!(acts[0].target, bob.user.id.to_string());
    assert!(acts[0].address.is_some());
}

#[tokio::test]
async fn a_lower_role_keeps_the_socket_and_takes_its_scopes() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let bob = second_owner(&hub).await;
    let mut open = sockets(&hub, &bob.access_token).await;
    let since = Instant::now();
    assert_eq!(set_role(&owner, &bob, "viewer").await, 204);
    let say = json!({ "type": "publish", "room": "lobby", "body": 1 });
    for socket in &mut open {
        let refused = eventually("the new role counts", async || {
            socket.request(say.clone()).await.err()
        });
        assert_eq!(refused.await.code, ErrorCode::Forbidden);
        let page = json!({ "type": "history", "room": "lobby" });
        socket.request(page).await.expect("a viewer still reads");
    }
    let took = since.elapsed();
    println!("the new role counted {took:?} after it was given");
    assert!(took < AT_ONCE, "{took:?}");
    assert_eq!(set_role(&owner, &bob, "member").await, 204);
    for socket in &mut open {
        eventually("a higher role counts as well", async || {
            socket.request(say.clone()).await.ok()
        })
        .await;
    }
}

#[tokio::test]
async fn who_is_locked_out_by_the_operator_is_out_at_once() {
    let hub = TestServer::start().await;
    let bob = second_owner(&hub).await;
    let mut open = sockets(&hub, &bob.access_token).await;
    let since = Instant::now();
    let run = async |word: &str| {
        let done = hub
            .command(&["admin", word, "bob@example.com"])
            .output()
            .await;
        assert!(done.expect("it runs").status.success());
    };
    run("disable").await;
    all_closed(&mut open, CloseCode::Unauthenticated, since).await;
    let login = json!({ "email": "bob@example.com", "password": PASSWORD });
    let refused = hub.anybody().post("/auth/login", &login).await;
    assert_eq!(refused.code(), ErrorCode::InvalidCredentials);
    run("enable").await;
    let again: Session = hub.anybody().post("/auth/login", &login).await.ok();
    hub.connect(&again.access_token).await;
    let mut unknown = hub.command(&["admin", "disable", "nobody@example.com"]);
    assert!(!unknown.output().await.expect("it runs").status.success());
}

#[tokio::test]
async fn an_organization_keeps_an_owner_and_admins_keep_off_owners() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let bob = second_owner(&hub).await;
    let login = json!({ "email": crate::support::server::EMAIL, "password": PASSWORD });
    let ada: Session = hub.anybody().post("/auth/login", &login).await.ok();
    assert_eq!(set_role(&owner, &bob, "admin").await, 204);
    let admin = hub.anybody().with_token(&bob.access_token);
    // The last owner stays one, and nobody else makes or touches owners.
    assert_eq!(set_role(&owner, &ada, "member").await, 409);
    let myself = format!("/organizations/main/members/{}", ada.user.id);
    assert_eq!(owner.delete(&myself).await.code(), ErrorCode::Conflict);
    assert_eq!(admin.delete(&myself).await.code(), ErrorCode::Forbidden);
    assert_eq!(set_role(&admin, &ada, "viewer").await, 403);
    assert_eq!(set_role(&admin, &bob, "owner").await, 403);
    assert_eq!(set_role(&owner, &bob, "king").await, 422);
    // Two owners who demote each other at once leave one.
    assert_eq!(set_role(&owner, &bob, "owner").await, 204);
    let (one, other) = tokio::join!(
        set_role(&owner, &bob, "viewer"),
        set_role(&admin, &ada, "viewer")
    );
    assert_eq!(
        [one, other].iter().filter(|status| **status == 204).count(),
        1
    );
}

#[tokio::test]
async fn the_audit_log_tells_who_did_what_and_no_secret() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let new = json!({ "slug": "more" });
    let _: Workspace = owner
        .post("/organizations/main/workspaces", &new)
        .await
        .ok();
    let new = json!({ "agent": "sable", "scopes": ["read"] });
    let made: NewApiKeySecret = owner.post("/workspaces/main/keys", &new).await.ok();
    let key = made.key.id.to_string();
    let revoked = owner.delete(&format!("/workspaces/main/keys/{key}")).await;
    assert_eq!(revoked.status.as_u16(), 204);

    let all = owner.get("/organizations/main/audit").await;
    assert!(!all.text().contains(&made.secret));
    let all: Vec<AuditEntry> = all.ok();
    let actions: Vec<&str> = all.iter().map(|act| act.action.as_str()).collect();
    assert!(actions.starts_with(&["key.revoked", "key.made", "workspace.made"]));
    assert_eq!(all[0].target, key);
    assert_eq!(all[1].target, format!("{key} for sable"));
    assert_eq!(all[2].target, "more");
    assert!(all.iter().all(|act| act.actor_kind == SenderKind::User));

    let page = format!("/organizations/main/audit?limit=1&before={}", all[0].id);
    let page: Vec<AuditEntry> = owner.get(&page).await.ok();
    assert_eq!(page.len(), 1);
    assert_eq!(page[0].id, all[1].id);
    let unsound = owner
        .get("/organizations/main/audit?before=yesterday")
        .await;
    assert_eq!(unsound.code(), ErrorCode::Invalid);
}
