//! Invites over HTTP: who may make them, who may come by them, and how often.

use super::*;
use crate::auth;
use futures_util::future::join_all;

const INVITES: &str = "/organizations/acme/invites";

async fn invite(hub: &Hub, token: &str, body: Value) -> Value {
    let answer = hub.post(INVITES, token, &body).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    answer.json().await.expect("an invite")
}

fn guest(invite: &Value, email: &str) -> Value {
    json!({ "token": invite["token"], "email": email, "name": "Bob", "password": PASSWORD })
}

#[actix_web::test]
async fn an_invite_brings_a_new_account_in_once() {
    let (hub, ann) = Hub::start().await;
    let made = invite(&hub, &ann, json!({ "role": "viewer" })).await;
    let (id, token) = (&made["invite"]["id"], made["token"].as_str().expect("text"));
    let link = format!("https://hub.example.com/invite#{token}");
    assert_eq!(made["link"], link.as_str());
    let list: Value = hub.get(INVITES, &ann).await.json().await.expect("a list");
    assert_eq!((&list[0]["id"], &list[0]["made_by"]), (id, &json!("Ann")));
    assert!(!list.to_string().contains(token), "shown this once");
    let known = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM invites WHERE token_hash = $1");
    let kept = known.bind(token.as_bytes()).fetch_one(hub.store.sqlite().0);
    assert_eq!(kept.await.expect("asked"), 0, "only a hash is kept");

    let shown = hub
        .post("/invites/show", "", &json!({ "token": token }))
        .await;
    let shown: Value = shown.json().await.expect("what it leads to");
    assert_eq!(
        (&shown["organization"], &shown["role"]),
        (&json!("acme"), &json!("viewer"))
    );
    let weak = json!({ "token": token, "email": "bob@example.com", "name": "B", "password": "password12" });
    let answer = hub.post("/invites/accept", "", &weak).await;
    assert_eq!(code(answer).await, "invalid", "and the invite is not spent");
    let taken = hub.post("/invites/accept", "", &guest(&made, EMAIL)).await;
    assert_eq!(code(taken).await, "conflict", "and the invite is not spent");
    let answer = hub
        .post("/invites/accept", "", &guest(&made, "bob@example.com"))
        .await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let bob: Session = answer.json().await.expect("a session");
    let me: Value = hub
        .get("/me", &bob.access_token)
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(me["organizations"][0]["role"], "viewer");

    for answer in [
        hub.post("/invites/accept", "", &guest(&made, "eve@example.com"))
            .await,
        hub.post("/invites/show", "", &json!({ "token": token }))
            .await,
        hub.post("/invites/show", "", &json!({ "token": "" })).await,
    ] {
        assert_eq!(code(answer).await, "invalid_token");
    }
    assert_eq!(
        code(hub.get(INVITES, &bob.access_token).await).await,
        "forbidden"
    );
    let acts = hub.acts().await;
    assert!(acts.contains(&"invite.made".to_owned()), "{acts:?}");
    assert!(acts.contains(&"invite.accepted".to_owned()), "{acts:?}");
}

#[actix_web::test]
async fn an_account_that_is_there_joins_several_organizations() {
    let (hub, ann) = Hub::start().await;
    let eve = hub.register("eve@example.com", "eves").await.access_token;
    let made = invite(
        &hub,
        &ann,
        json!({ "role": "admin", "email": "Eve@Example.com" }),
    )
    .await;
    let token = json!({ "token": made["token"] });
    let refused = hub.post("/invites/join", &ann, &token).await;
    assert_eq!(code(refused).await, "forbidden", "it is for Eve");
    let key = hub.key(&ann, &["admin"]).await.secret;
    assert_eq!(
        code(hub.post("/invites/join", &key, &token).await).await,
        "forbidden"
    );
    let answer = hub.post("/invites/join", &eve, &token).await;
    let me: Value = answer.json().await.expect("JSON");
    let roles = me["organizations"].as_array().expect("a list").iter();
    let roles: Vec<_> = roles.map(|one| (&one["slug"], &one["role"])).collect();
    assert_eq!(
        roles,
        [
            (&json!("acme"), &json!("admin")),
            (&json!("eves"), &json!("owner"))
        ]
    );
    // A second invite is not spent on a member.
    let again = invite(&hub, &ann, json!({ "role": "viewer" })).await;
    let token = json!({ "token": again["token"] });
    assert_eq!(
        code(hub.post("/invites/join", &eve, &token).await).await,
        "conflict"
    );
    let shown = hub.post("/invites/show", "", &token).await;
    assert_eq!(shown.status(), StatusCode::OK);
}

#[actix_web::test]
async fn a_hundred_at_once_get_one_place() {
    let (hub, ann) = Hub::start().await;
    let made = invite(&hub, &ann, json!({ "role": "member" })).await;
    let token = made_token(&made);
    let users = (0..100).map(|n| {
        let email = format!("u{n}@example.com");
        let store = hub.store.clone();
        async move {
            let user = crate::store::account::NewUser {
                id: generic_corp_protocol::UserId::new(),
                email,
                name: "U".to_owned(),
                password_hash: String::new(),
            };
            let hash = auth::digest_of(token);
            let guest = crate::store::invite::Guest::New(&user);
            store
                .accept_invite(hash, guest, 100, None)
                .await
                .expect("asked")
        }
    });
    let outcomes = join_all(users).await;
    let done = |outcome: &&crate::store::invite::Accepted| {
        matches!(outcome, crate::store::invite::Accepted::Done(_))
    };
    assert_eq!(outcomes.iter().filter(done).count(), 1);
    let members = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM memberships");
    let members = members.fetch_one(hub.store.sqlite().0).await;
    assert_eq!(members.expect("asked"), 2);
    let users = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM users");
    let users = users.fetch_one(hub.store.sqlite().0).await;
    assert_eq!(users.expect("asked"), 2, "nothing was half made");
}

#[actix_web::test]
async fn an_invite_that_is_taken_back_or_too_old_is_void() {
    let (hub, ann) = Hub::start().await;
    let made = invite(&hub, &ann, json!({ "role": "member" })).await;
    let id = made["invite"]["id"].as_str().expect("an id");
    let eve = hub.register("eve@example.com", "eves").await.access_token;
    let foreign = hub
        .delete(&format!("/organizations/eves/invites/{id}"), &eve)
        .await;
    assert_eq!(code(foreign).await, "not_found");
    let foreign = hub.delete(&format!("{INVITES}/{id}"), &eve).await;
    assert_eq!(code(foreign).await, "not_found");
    let gone = hub.delete(&format!("{INVITES}/{id}"), &ann).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    let gone = hub.delete(&format!("{INVITES}/{id}"), &ann).await;
    assert_eq!(code(gone).await, "not_found");
    let accept = hub
        .post("/invites/accept", "", &guest(&made, "bob@example.com"))
        .await;
    assert_eq!(code(accept).await, "invalid_token");

    let old = invite(&hub, &ann, json!({ "role": "member" })).await;
    run(&hub, "UPDATE invites SET expires_at = 1").await;
    let accept = hub
        .post("/invites/accept", "", &guest(&old, "bob@example.com"))
        .await;
    assert_eq!(code(accept).await, "invalid_token");
    for (wrong, expected) in [
        (json!({ "role": "king" }), "invalid"),
        (json!({ "role": "member", "email": "nobody" }), "invalid"),
        (
            json!({ "role": "member", "expires_at": "2000-01-01T00:00:00Z" }),
            "invalid",
        ),
        (
            json!({ "role": "member", "expires_at": "2999-01-01T00:00:00Z" }),
            "invalid",
        ),
        (json!({ "role": "member", "rank": 1 }), "unknown_field"),
    ] {
        assert_eq!(
            code(hub.post(INVITES, &ann, &wrong).await).await,
            expected,
            "{wrong}"
        );
    }
}

#[actix_web::test]
async fn an_invite_gives_no_more_than_its_maker_still_has() {
    let (hub, ann) = Hub::start().await;
    let admin = invite(&hub, &ann, json!({ "role": "admin" })).await;
    let answer = hub
        .post("/invites/accept", "", &guest(&admin, "bob@example.com"))
        .await;
    let bob: Session = answer.json().await.expect("a session");
    let refused = hub
        .post(INVITES, &bob.access_token, &json!({ "role": "owner" }))
        .await;
    assert_eq!(code(refused).await, "forbidden");
    let made = invite(&hub, &bob.access_token, json!({ "role": "admin" })).await;
    run(
        &hub,
        "UPDATE memberships SET role = 'member' WHERE role = 'admin'",
    )
    .await;
    let accept = hub
        .post("/invites/accept", "", &guest(&made, "eve@example.com"))
        .await;
    assert_eq!(
        code(accept).await,
        "invalid_token",
        "Bob is no admin any more"
    );
}

#[actix_web::test]
async fn organizations_of_ones_own_have_a_bound() {
    let (hub, ann) = Hub::start().await;
    for n in 1..20 {
        let body = json!({ "slug": format!("acme-{n}") });
        let answer = hub.post("/organizations", &ann, &body).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
    }
    let taken = hub
        .post("/organizations", &ann, &json!({ "slug": "acme" }))
        .await;
    assert_eq!(code(taken).await, "limit_reached");
    let eve = hub.register("eve@example.com", "eves").await.access_token;
    let taken = hub
        .post("/organizations", &eve, &json!({ "slug": "acme" }))
        .await;
    assert_eq!(code(taken).await, "conflict");
}

fn made_token(made: &Value) -> &str {
    made["token"].as_str().expect("text")
}

async fn run(hub: &Hub, statement: &'static str) {
    let ran = sqlx::query(statement).execute(hub.store.sqlite().1).await;
    ran.expect("ran");
}
