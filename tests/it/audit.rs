//! What the audit log tells of accounts, rooms and agents; what is taken away is told in `revoke`.

use crate::support::server::{EMAIL, PASSWORD};
use crate::support::{Rest, TestServer, eventually};
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::rest::{AuditEntry, Session};
use serde_json::{Value, json};

async fn acts(owner: &Rest) -> Vec<AuditEntry> {
    owner.get("/organizations/main/audit").await.ok()
}

async fn told(owner: &Rest, action: &str, target: &str) -> AuditEntry {
    eventually(action, async || {
        let mut acts = acts(owner).await.into_iter();
        acts.find(|act| act.action == action && act.target.contains(target))
    })
    .await
}

#[tokio::test]
async fn sessions_and_passwords_stand_in_the_log_of_each_organization_of_their_person() {
    let hub = TestServer::builder()
        .with("auth.registration", "open")
        .start()
        .await;
    let owner = hub.admin().await;
    let mia = hub.member(&owner, "mia@example.com", "member").await;
    hub.register("eve@example.com", "evil").await;
    let anybody = hub.anybody();
    let login = json!({ "email": "mia@example.com", "password": PASSWORD });
    let session: Session = anybody.post("/auth/login", &login).await.ok();
    let begun = told(&owner, "session.begun", "").await;
    assert_eq!(begun.actor_id, mia.user.id.0);
    assert!(begun.address.is_some());

    // A token that was traded, and again: somebody has a copy.
    let trade = |session: &Session| json!({ "refresh_token": session.refresh_token });
    let second: Session = anybody.post("/auth/refresh", &trade(&session)).await.ok();
    let _: Session = anybody.post("/auth/refresh", &trade(&second)).await.ok();
    let reused = anybody.post("/auth/refresh", &trade(&session)).await;
    assert_eq!(reused.code(), ErrorCode::InvalidToken);
    let reused = told(&owner, "session.reused", "").await;
    assert_eq!(reused.actor_name, mia.user.name);

    let session: Session = anybody.post("/auth/login", &login).await.ok();
    anybody.post("/auth/logout", &trade(&session)).await;
    told(&owner, "session.ended", "").await;

    let wrong = json!({ "email": "mia@example.com", "password": "not the password" });
    for _ in 0..5 {
        let refused = anybody.post("/auth/login", &wrong).await;
        assert_eq!(refused.code(), ErrorCode::InvalidCredentials);
    }
    told(&owner, "session.refused", "mia@example.com (1)").await;
    let wrong = json!({ "email": "eve@example.com", "password": "not the password" });
    anybody.post("/auth/login", &wrong).await;

    let out = hub
        .command(&["admin", "disable", "mia@example.com"])
        .output();
    assert!(out.await.expect("it runs").status.success());
    told(&owner, "user.disabled", "mia@example.com").await;

    let all = acts(&owner).await;
    let refused = all.iter().filter(|act| act.action == "session.refused");
    // On three nodes, each may write down the first it saw.
    assert!(refused.count() <= 3, "a flood fills no log");
    assert!(
        all.iter().all(|act| !act.target.contains("eve@")),
        "of another organization"
    );
    let text = owner.get("/organizations/main/audit").await.text();
    for secret in [PASSWORD, "not the password", &session.refresh_token] {
        assert!(!text.contains(secret));
    }
}

#[tokio::test]
async fn rooms_and_agents_that_are_made_are_told() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    for (path, name) in [("rooms", "build"), ("agents", "sable")] {
        let path = format!("/workspaces/main/{path}");
        let _: Value = owner.post(&path, &json!({ "name": name })).await.ok();
    }
    let all = acts(&owner).await;
    let told: Vec<_> = all[..2]
        .iter()
        .map(|act| (act.action.as_str(), act.target.as_str()))
        .collect();
    assert_eq!(told, [("agent.made", "sable"), ("room.made", "build")]);
    let login = json!({ "email": EMAIL, "password": PASSWORD });
    let _: Session = hub.anybody().post("/auth/login", &login).await.ok();
    assert_eq!(acts(&owner).await[0].action, "session.begun");
}
