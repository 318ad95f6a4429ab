//! Organizations' things over HTTP: who sees them, who makes them, how many.

use super::*;
use generic_corp_protocol::rest::{ApiKey, Room};

#[actix_web::test]
async fn rooms_are_made_listed_and_found() {
    let (hub, token) = Hub::start().await;
    let new = json!({ "name": "deploy", "topic": "Ships" });
    let answer = hub.post("/workspaces/main/rooms", &token, &new).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let place = answer.headers()["location"]
        .to_str()
        .expect("text")
        .to_owned();
    let made: Room = answer.json().await.expect("a room");
    assert_eq!((made.head, made.topic.as_str()), (0, "Ships"));

    let found: Room = hub
        .get(&format!("!{place}"), &token)
        .await
        .json()
        .await
        .expect("a room");
    assert_eq!((found.id, &found.epoch), (made.id, &made.epoch));
    let answer = hub.get("/workspaces/main/rooms?limit=1", &token).await;
    let link = answer.headers()["link"].to_str().expect("text").to_owned();
    let first: Vec<Room> = answer.json().await.expect("rooms");
    assert_eq!(&*first[0].name, "deploy");
    let next = link
        .trim_start_matches('<')
        .split('>')
        .next()
        .expect("a link");
    let rest: Vec<Room> = hub
        .get(&format!("!{next}"), &token)
        .await
        .json()
        .await
        .expect("rooms");
    assert_eq!(&*rest[0].name, "lobby");

    assert_eq!(
        code(hub.post("/workspaces/main/rooms", &token, &new).await).await,
        "conflict"
    );
    for (body, expected) in [
        (json!({ "name": "Deploy" }), "invalid"),
        (json!({ "name": "../x" }), "invalid"),
        (json!({ "name": "x".repeat(65) }), "invalid"),
        (json!({ "name": "ok", "topic": "a\u{202e}b" }), "invalid"),
        (json!({ "name": "ok", "head": 7 }), "unknown_field"),
        (json!({ "name": 7 }), "invalid_frame"),
        (json!({}), "invalid_frame"),
        (json!([]), "invalid_frame"),
    ] {
        let answer = hub.post("/workspaces/main/rooms", &token, &body).await;
        assert_eq!(code(answer).await, expected, "{body}");
    }
    for (query, expected) in [
        ("limit=x", "invalid"),
        ("limit=-1", "invalid"),
        ("page=2", "unknown_field"),
    ] {
        let answer = hub
            .get(&format!("/workspaces/main/rooms?{query}"), &token)
            .await;
        assert_eq!(code(answer).await, expected, "{query}");
    }
}

#[actix_web::test]
async fn foreign_things_and_unknown_things_are_the_same() {
    let (hub, ann) = Hub::start().await;
    hub.administrator("bob@example.com", "bobs").await;
    let bob = hub.login("bob@example.com").await.access_token;
    let me: Value = hub.get("/me", &ann).await.json().await.expect("JSON");
    let anns = me["organizations"][0]["workspaces"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let organization = me["organizations"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let unknown = uuid::Uuid::now_v7();
    let key = hub.key(&ann, &["read"]).await;

    for (foreign, missing) in [
        (
            format!("/workspaces/{anns}"),
            format!("/workspaces/{unknown}"),
        ),
        (
            format!("/workspaces/{anns}/rooms"),
            "/workspaces/nowhere/rooms".to_owned(),
        ),
        (
            format!("/workspaces/{anns}/rooms/lobby"),
            format!("/workspaces/{unknown}/rooms/lobby"),
        ),
        (
            format!("/workspaces/{anns}/keys"),
            format!("/workspaces/{unknown}/keys"),
        ),
        (
            "/organizations/acme/workspaces".to_owned(),
            "/organizations/nobodys/workspaces".to_owned(),
        ),
        (
            format!("/organizations/{organization}/workspaces"),
            format!("/organizations/{unknown}/workspaces"),
        ),
    ] {
        let (foreign, missing) = (hub.get(&foreign, &bob).await, hub.get(&missing, &bob).await);
        assert_eq!(foreign.status(), StatusCode::NOT_FOUND);
        assert_eq!(
            foreign.text().await.expect("text"),
            missing.text().await.expect("text")
        );
    }
    // Bob's own workspace is called `main` as well, and Ann's key is not in it.
    let revoke = hub.request(
        Method::DELETE,
        &format!("/workspaces/main/keys/{}", key.key.id),
    );
    let answer = revoke.bearer_auth(&bob).send().await.expect("answered");
    assert_eq!(code(answer).await, "not_found");
    hub.get("/workspaces/main", &key.secret)
        .await
        .error_for_status()
        .expect("still good");
    assert_eq!(
        code(hub.get("/workspaces/nowhere", &key.secret).await).await,
        "not_found"
    );
}

#[actix_web::test]
async fn a_name_in_two_organizations_asks_for_the_id() {
    let (hub, _) = Hub::start().await;
    hub.administrator("bob@example.com", "bobs").await;
    sqlx::query(
        "INSERT INTO memberships (organization_id, user_id, role, created_at)
         SELECT o.id, u.id, 'viewer', 0 FROM organizations o, users u
         WHERE o.slug = 'bobs' AND u.email = 'ann@example.com'",
    )
    .execute(hub.store.sqlite().1)
    .await
    .expect("ran");
    let ann = hub.login(EMAIL).await.access_token;
    assert_eq!(
        code(hub.get("/workspaces/main", &ann).await).await,
        "conflict"
    );
    let me: Value = hub.get("/me", &ann).await.json().await.expect("JSON");
    let bobs = &me["organizations"][1];
    assert_eq!(
        (&bobs["slug"], &bobs["role"]),
        (&json!("bobs"), &json!("viewer"))
    );
    let path = format!(
        "/workspaces/{}",
        bobs["workspaces"][0]["id"].as_str().expect("an id")
    );
    hub.get(&path, &ann)
        .await
        .error_for_status()
        .expect("by id");

    let room = hub
        .post(&format!("{path}/rooms"), &ann, &json!({ "name": "x" }))
        .await;
    assert_eq!(code(room).await, "forbidden", "a viewer looks only");
    let workspace = hub
        .post(
            "/organizations/bobs/workspaces",
            &ann,
            &json!({ "slug": "x" }),
        )
        .await;
    assert_eq!(code(workspace).await, "forbidden");
}

#[actix_web::test]
async fn workspaces_are_made_with_a_lobby() {
    let (hub, token) = Hub::start().await;
    let path = "/organizations/acme/workspaces";
    let answer = hub
        .post(path, &token, &json!({ "slug": "lab", "name": "The Lab" }))
        .await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    hub.get("/workspaces/lab/rooms/lobby", &token)
        .await
        .error_for_status()
        .expect("there");
    let answer = hub.post(path, &token, &json!({ "slug": "lab" })).await;
    assert_eq!(code(answer).await, "conflict");
    let all: Value = hub.get(path, &token).await.json().await.expect("JSON");
    assert_eq!(
        (&all[0]["slug"], &all[1]["name"]),
        (&json!("lab"), &json!("main"))
    );

    let key = hub.key(&token, &["read", "admin"]).await.secret;
    let answer = hub.post(path, &key, &json!({ "slug": "more" })).await;
    assert_eq!(
        code(answer).await,
        "not_found",
        "a key opens no organization"
    );
}

#[actix_web::test]
async fn keys_are_shown_once_and_end_when_revoked() {
    let (hub, token) = Hub::start().await;
    let made = hub.key(&token, &[]).await;
    assert!(made.secret.starts_with(&made.key.prefix));
    assert_eq!(made.key.scopes, ["read", "publish", "stream", "task"]);
    let me: Value = hub
        .get("/me", &made.secret)
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(
        (&me["you"]["name"], &me["organizations"][0]["role"]),
        (&json!("sable"), &json!("agent"))
    );

    let listed = hub
        .get("/workspaces/main/keys", &token)
        .await
        .text()
        .await
        .expect("text");
    assert!(listed.contains(&made.key.prefix) && !listed.contains(&made.secret));
    let agents: Value = hub
        .get("/workspaces/main/agents", &made.secret)
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(agents[0]["name"], "sable");
    assert_eq!(
        code(hub.get("/workspaces/main/keys", &made.secret).await).await,
        "forbidden"
    );

    let used = async {
        loop {
            let keys = hub.get("/workspaces/main/keys", &token).await;
            let keys: Vec<ApiKey> = keys.json().await.expect("keys");
            if keys[0].last_used_at.is_some() {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), used)
        .await
        .expect("its use is written");

    let revoke = || {
        let path = format!("/workspaces/main/keys/{}", made.key.id);
        hub.request(Method::DELETE, &path)
            .bearer_auth(&token)
            .send()
    };
    assert_eq!(
        revoke().await.expect("answered").status(),
        StatusCode::NO_CONTENT
    );
    assert_eq!(code(revoke().await.expect("answered")).await, "not_found");
    let refused =
        async { while hub.get("/me", &made.secret).await.status() != StatusCode::UNAUTHORIZED {} };
    tokio::time::timeout(Duration::from_secs(3), refused)
        .await
        .expect("soon");
    let left: Vec<ApiKey> = hub
        .get("/workspaces/main/keys", &token)
        .await
        .json()
        .await
        .expect("keys");
    assert!(left.is_empty());
}

#[actix_web::test]
async fn a_key_can_do_no_more_than_its_maker() {
    let (hub, token) = Hub::start().await;
    let path = "/workspaces/main/keys";
    let admin = hub.key(&token, &["admin", "read"]).await.secret;
    let answer = hub
        .post(
            path,
            &admin,
            &json!({ "agent": "spy", "scopes": ["publish"] }),
        )
        .await;
    assert_eq!(code(answer).await, "forbidden");
    let answer = hub
        .post(path, &admin, &json!({ "agent": "spy", "scopes": ["read"] }))
        .await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    for body in [
        json!({ "agent": "x", "scopes": ["root"] }),
        json!({ "agent": "X" }),
        json!({ "agent": "x", "name": "a\nb" }),
        json!({ "agent": "x", "expires_at": "2020-01-01T00:00:00Z" }),
    ] {
        assert_eq!(
            code(hub.post(path, &token, &body).await).await,
            "invalid",
            "{body}"
        );
    }
    let body = json!({ "agent": "x", "expires_at": "tomorrow" });
    assert_eq!(
        code(hub.post(path, &token, &body).await).await,
        "invalid_frame"
    );
}

#[actix_web::test]
async fn the_plan_limits_rooms_and_agents() {
    let (hub, token) = Hub::start().await;
    // The free plan has 100 rooms (one is the lobby) and 20 agents.
    for n in 0..99 {
        let answer = hub
            .post(
                "/workspaces/main/rooms",
                &token,
                &json!({ "name": format!("r{n}") }),
            )
            .await;
        assert_eq!(answer.status(), StatusCode::CREATED);
    }
    let answer = hub
        .post("/workspaces/main/rooms", &token, &json!({ "name": "more" }))
        .await;
    assert_eq!(code(answer).await, "limit_reached");
    hub.post(
        "/organizations/acme/workspaces",
        &token,
        &json!({ "slug": "lab" }),
    )
    .await;
    let answer = hub
        .post("/workspaces/lab/rooms", &token, &json!({ "name": "more" }))
        .await;
    assert_eq!(
        code(answer).await,
        "limit_reached",
        "the organization counts"
    );

    for n in 0..20 {
        let answer = hub
            .post(
                "/workspaces/main/agents",
                &token,
                &json!({ "name": format!("a{n}") }),
            )
            .await;
        assert_eq!(answer.status(), StatusCode::CREATED);
    }
    let answer = hub
        .post(
            "/workspaces/main/agents",
            &token,
            &json!({ "name": "more" }),
        )
        .await;
    assert_eq!(code(answer).await, "limit_reached");
    let answer = hub
        .post("/workspaces/main/keys", &token, &json!({ "agent": "more" }))
        .await;
    assert_eq!(code(answer).await, "limit_reached");
    let answer = hub
        .post("/workspaces/main/keys", &token, &json!({ "agent": "a0" }))
        .await;
    assert_eq!(
        answer.status(),
        StatusCode::CREATED,
        "for one that is there"
    );
}
