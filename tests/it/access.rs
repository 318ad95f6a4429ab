//! Who may come where: workspaces that not everyone may enter, members up to the plan's limit, and the end of
//! workspaces and organizations.

use crate::support::{Rest, TestServer, eventually};
use generic_corp_protocol::rest::{AuditEntry, Me, Room, Session, UsageReport, Workspace};
use generic_corp_protocol::{CloseCode, ErrorCode};
use serde_json::{Value, json};

async fn narrow(owner: &Rest) {
    let listed = json!({ "access": "listed" });
    let _: Workspace = owner.patch("/workspaces/main", &listed).await.ok();
}

/// A hub where anybody may make an account and an organization.
async fn open_hub() -> TestServer {
    TestServer::builder()
        .with("auth.registration", "open")
        .start()
        .await
}

fn seat(session: &Session) -> String {
    format!("/workspaces/main/members/{}", session.user.id)
}

#[tokio::test]
async fn a_listed_workspace_is_there_for_those_on_its_list_alone() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let mia = hub.member(&owner, "mia@example.com", "member").await;
    let rest = hub.anybody().with_token(&mia.access_token);
    let mut socket = hub.connect(&mia.access_token).await;
    socket.join("lobby").await;

    narrow(&owner).await;
    assert_eq!(socket.closed().await, CloseCode::Forbidden);
    let gone = rest.get("/workspaces/main").await;
    assert_eq!(gone.code(), ErrorCode::NotFound);
    let me: Me = rest.get("/me").await.ok();
    assert!(me.organizations[0].workspaces.is_empty());
    let usage = "/organizations/main/usage?by=workspace";
    let theirs: UsageReport = rest.get(usage).await.ok();
    assert!(
        theirs
            .rows
            .iter()
            .all(|row| row.name.as_deref() != Some("main"))
    );
    let _: Workspace = owner.get("/workspaces/main").await.ok();

    let put = owner.put(&seat(&mia), &json!({ "role": "viewer" })).await;
    assert_eq!(put.status.as_u16(), 204, "{}", put.text());
    let listed: Vec<Value> = owner.get("/workspaces/main/members").await.ok();
    assert_eq!((listed.len(), &listed[0]["role"]), (1, &json!("viewer")));
    let mut socket = hub.connect(&mia.access_token).await;
    socket.join("lobby").await;
    let say = json!({ "type": "publish", "room": "lobby", "body": 1 });
    let refused = socket.request(say.clone()).await.expect_err("a viewer");
    assert_eq!(refused.code, ErrorCode::Forbidden);

    // A member of the organization may be an admin of the workspace, and rises without a new socket.
    owner.put(&seat(&mia), &json!({ "role": "admin" })).await;
    eventually("the role on the list counts", async || {
        socket.request(say.clone()).await.ok()
    })
    .await;
    let _: Room = rest
        .post("/workspaces/main/rooms", &json!({ "name": "new" }))
        .await
        .ok();
    assert_eq!(owner.delete(&seat(&mia)).await.status.as_u16(), 204);
    assert_eq!(socket.closed().await, CloseCode::Forbidden);
    assert_eq!(owner.delete(&seat(&mia)).await.code(), ErrorCode::NotFound);

    let acts: Vec<AuditEntry> = owner.get("/organizations/main/audit").await.ok();
    let actions: Vec<&str> = acts.iter().map(|act| act.action.as_str()).collect();
    for action in [
        "workspace.access_changed",
        "workspace.member_listed",
        "workspace.member_unlisted",
    ] {
        assert!(actions.contains(&action), "{action} is not in {actions:?}");
    }
}

#[tokio::test]
async fn nobody_of_another_organization_is_put_on_a_list() {
    let hub = open_hub().await;
    let owner = hub.admin().await;
    let eve = hub.register("eve@example.com", "evil").await;
    let put = owner.put(&seat(&eve), &json!({ "role": "viewer" })).await;
    assert_eq!(put.code(), ErrorCode::NotFound);
    let mia = hub.member(&owner, "mia@example.com", "member").await;
    let king = owner.put(&seat(&mia), &json!({ "role": "owner" })).await;
    assert_eq!(king.code(), ErrorCode::Invalid);
    // Who leaves the organization is off the list when they come back.
    owner.put(&seat(&mia), &json!({ "role": "viewer" })).await;
    let member = format!("/organizations/main/members/{}", mia.user.id);
    assert_eq!(owner.delete(&member).await.status.as_u16(), 204);
    let listed: Vec<Value> = owner.get("/workspaces/main/members").await.ok();
    assert!(listed.is_empty());
}

#[tokio::test]
async fn a_deleted_workspace_is_gone_at_once_and_its_name_free() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let secret = hub.key("sable").await;
    let login = json!({ "email": crate::support::server::EMAIL, "password": crate::support::server::PASSWORD });
    let ada: Session = hub.anybody().post("/auth/login", &login).await.ok();
    let mut sockets = [
        hub.connect(&secret).await,
        hub.connect(&ada.access_token).await,
    ];
    for socket in &mut sockets {
        socket.join("lobby").await;
        socket.say("lobby", "hello").await;
    }
    let path = "/organizations/main/workspaces/main";
    for unsure in [path.to_owned(), format!("{path}?confirm=other")] {
        assert_eq!(owner.delete(&unsure).await.code(), ErrorCode::Invalid);
    }
    let sure = format!("{path}?confirm=main");
    let deleted = owner.delete(&sure).await;
    assert_eq!(deleted.status.as_u16(), 204, "{}", deleted.text());
    for socket in &mut sockets {
        assert_eq!(socket.closed().await, CloseCode::Forbidden);
    }
    assert_eq!(
        owner.get("/workspaces/main").await.code(),
        ErrorCode::NotFound
    );
    assert_eq!(owner.delete(&sure).await.code(), ErrorCode::NotFound);
    let refused = hub
        .anybody()
        .with_token(&secret)
        .get("/workspaces/main")
        .await;
    assert!(!refused.status.is_success());
    let again: Workspace = owner
        .post("/organizations/main/workspaces", &json!({ "slug": "main" }))
        .await
        .ok();
    let lobby: Room = owner
        .get(&format!("/workspaces/{}/rooms/lobby", again.id))
        .await
        .ok();
    assert_eq!(lobby.head, 0);
}

#[tokio::test]
async fn a_deleted_organization_leaves_its_people_their_accounts() {
    let hub = open_hub().await;
    let owner = hub.admin().await;
    let mia = hub.member(&owner, "mia@example.com", "admin").await;
    let admin = hub.anybody().with_token(&mia.access_token);
    let mut socket = hub.connect(&mia.access_token).await;
    socket.join("lobby").await;
    let sure = "/organizations/main?confirm=main";
    assert_eq!(admin.delete(sure).await.code(), ErrorCode::Forbidden);
    assert_eq!(
        owner.delete("/organizations/main").await.code(),
        ErrorCode::Invalid
    );
    assert_eq!(owner.delete(sure).await.status.as_u16(), 204);
    assert_eq!(socket.closed().await, CloseCode::Forbidden);
    let me: Me = admin.get("/me").await.ok();
    assert!(me.organizations.is_empty());
    assert_eq!(
        owner.get("/organizations/main/members").await.code(),
        ErrorCode::NotFound
    );
    let new = json!({ "slug": "main" });
    let made = owner.post("/organizations", &new).await;
    assert!(made.status.is_success(), "{}", made.text());
}

#[tokio::test]
async fn a_plan_for_three_members_takes_in_no_fourth() {
    let hub = TestServer::builder()
        .with_plan(&[("members", 3)])
        .start()
        .await;
    let owner = hub.admin().await;
    let invites = "/organizations/main/invites";
    let mut links = Vec::new();
    for _ in 0..10 {
        let made: Value = owner.post(invites, &json!({ "role": "member" })).await.ok();
        links.push(made["token"].clone());
    }
    let accept = async |number: usize| {
        let body = json!({
            "token": links[number], "email": format!("u{number}@example.com"), "name": "U",
            "password": crate::support::server::PASSWORD,
        });
        hub.anybody().post("/invites/accept", &body).await
    };
    let answers = futures_util::future::join_all((0..10).map(accept)).await;
    let (come, refused): (Vec<_>, Vec<_>) = answers
        .iter()
        .partition(|answer| answer.status.is_success());
    assert_eq!(come.len(), 2);
    assert!(
        refused
            .iter()
            .all(|answer| answer.code() == ErrorCode::LimitReached)
    );
}
