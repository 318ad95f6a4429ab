//! One's own account over HTTP: name, password, sessions, and the way back in.

use super::*;
use crate::auth::Visitor;
use generic_corp_protocol::rest::OwnSession;

const NEW: &str = "a fresh pair of ferrets";

async fn login(hub: &Hub, password: &str) -> Response {
    let body = json!({ "email": EMAIL, "password": password });
    hub.post("/auth/login", "", &body).await
}

async fn reset_link(hub: &Hub) -> String {
    let day = Duration::from_secs(86_400);
    let made = hub.auth.make_reset(EMAIL, None, day, None).await;
    made.expect("asked").expect("there")
}

#[actix_web::test]
async fn a_changed_password_ends_every_other_session() {
    let (hub, here) = Hub::start().await;
    let there = hub.login(EMAIL).await;
    let link = reset_link(&hub).await;
    let change =
        |current: &str, password: &str| json!({ "current": current, "password": password });
    for (current, password, expected) in [
        ("not my password", NEW, "invalid_credentials"),
        (PASSWORD, "short", "invalid"),
        (PASSWORD, "password123", "invalid"),
        (PASSWORD, "ann@example.com", "invalid"),
    ] {
        let answer = hub
            .post("/me/password", &here, &change(current, password))
            .await;
        assert_eq!(code(answer).await, expected, "{password}");
    }
    let answer = hub
        .post("/me/password", &here, &change(PASSWORD, NEW))
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
    let session: Session = answer.json().await.expect("a session");
    let me = hub.get("/me", &session.access_token).await;
    assert_eq!(me.status(), StatusCode::OK, "at once");
    assert_eq!(code(hub.get("/me", &here).await).await, "invalid_token");
    assert_eq!(
        code(hub.get("/me", &there.access_token).await).await,
        "invalid_token"
    );
    let trade = json!({ "refresh_token": there.refresh_token });
    assert_eq!(
        code(hub.post("/auth/refresh", "", &trade).await).await,
        "invalid_token"
    );
    let trade = json!({ "refresh_token": session.refresh_token });
    let traded = hub.post("/auth/refresh", "", &trade).await;
    assert_eq!(traded.status(), StatusCode::OK, "this one goes on");
    assert_eq!(
        code(login(&hub, PASSWORD).await).await,
        "invalid_credentials"
    );
    assert_eq!(login(&hub, NEW).await.status(), StatusCode::OK);
    let old_link = json!({ "token": link, "password": PASSWORD });
    assert_eq!(
        code(hub.post("/auth/reset", "", &old_link).await).await,
        "invalid_token"
    );
    assert!(hub.acts().await.contains(&"password.changed".to_owned()));
}

#[actix_web::test]
async fn guessing_with_a_stolen_session_is_slowed() {
    let (hub, stolen) = Hub::start().await;
    let guess = json!({ "current": "not my password", "password": NEW });
    for _ in 0..10 {
        let answer = hub.post("/me/password", &stolen, &guess).await;
        assert_eq!(code(answer).await, "invalid_credentials");
    }
    let answer = hub.post("/me/password", &stolen, &guess).await;
    assert_eq!(code(answer).await, "rate_limited");
    let own = hub.login(EMAIL).await.access_token;
    let change = json!({ "current": PASSWORD, "password": NEW });
    let answer = hub.post("/me/password", &own, &change).await;
    assert_eq!(
        answer.status(),
        StatusCode::OK,
        "its owner is not locked out"
    );
}

#[actix_web::test]
async fn a_reset_link_works_once_and_ends_every_session() {
    let (hub, before) = Hub::start().await;
    let (link, other) = (reset_link(&hub).await, reset_link(&hub).await);
    let reset = |token: &str, password: &str| json!({ "token": token, "password": password });
    let weak = hub
        .post("/auth/reset", "", &reset(&link, "password123"))
        .await;
    assert_eq!(code(weak).await, "invalid", "and the link is not spent");
    let attempts = (0..20).map(|_| {
        let (hub, body) = (&hub, reset(&link, NEW));
        async move { hub.post("/auth/reset", "", &body).await.status() }
    });
    let outcomes = futures_util::future::join_all(attempts).await;
    let done = outcomes
        .iter()
        .filter(|status| **status == StatusCode::NO_CONTENT);
    assert_eq!(done.count(), 1, "{outcomes:?}");
    assert_eq!(code(hub.get("/me", &before).await).await, "invalid_token");
    assert_eq!(
        code(login(&hub, PASSWORD).await).await,
        "invalid_credentials"
    );
    assert_eq!(login(&hub, NEW).await.status(), StatusCode::OK);
    for void in [&link, &other, "", "forged"] {
        let answer = hub.post("/auth/reset", "", &reset(void, NEW)).await;
        assert_eq!(code(answer).await, "invalid_token");
    }
    let old = reset_link(&hub).await;
    let aged = sqlx::query("UPDATE password_resets SET expires_at = 1");
    aged.execute(hub.store.sqlite().1).await.expect("ran");
    let answer = hub.post("/auth/reset", "", &reset(&old, NEW)).await;
    assert_eq!(code(answer).await, "invalid_token");
    assert!(hub.acts().await.contains(&"password.reset".to_owned()));
}

#[actix_web::test]
async fn an_admin_resets_only_whom_nobody_else_trusts() {
    let (hub, ann) = Hub::start().await;
    let bring = async |email: &str, role: &str| -> Session {
        let body = json!({ "role": role });
        let made = hub.post("/organizations/acme/invites", &ann, &body).await;
        let made: Value = made.json().await.expect("an invite");
        let body =
            json!({ "token": made["token"], "email": email, "name": "B", "password": PASSWORD });
        let answer = hub.post("/invites/accept", "", &body).await;
        answer.json().await.expect("a session")
    };
    let admin = bring("adam@example.com", "admin").await;
    let member = bring("mia@example.com", "member").await;
    let path = |of: &Session| format!("/organizations/acme/members/{}/reset", of.user.id);
    let ask = async |who: &str, of: &Session| hub.post(&path(of), who, &json!({})).await;
    let ann_session = hub.login(EMAIL).await;
    for (who, of, expected) in [
        (&member.access_token, &admin, "forbidden"),
        (&admin.access_token, &ann_session, "forbidden"),
        (&admin.access_token, &admin, "forbidden"),
    ] {
        assert_eq!(code(ask(who, of).await).await, expected);
    }
    let made: Value = ask(&admin.access_token, &member)
        .await
        .json()
        .await
        .expect("a link");
    let made_twice: Value = ask(&admin.access_token, &member)
        .await
        .json()
        .await
        .expect("a link");
    // What another organization has given her is not the admin's: the link that is there loses its force.
    let eve = hub.register("eve@example.com", "eves").await.access_token;
    let invite = hub
        .post(
            "/organizations/eves/invites",
            &eve,
            &json!({ "role": "member" }),
        )
        .await;
    let invite: Value = invite.json().await.expect("an invite");
    let body = json!({ "token": invite["token"] });
    let joined = hub.post("/invites/join", &member.access_token, &body).await;
    assert_eq!(joined.status(), StatusCode::OK);
    let reset = |made: &Value| json!({ "token": made["token"], "password": NEW });
    let answer = hub.post("/auth/reset", "", &reset(&made)).await;
    assert_eq!(code(answer).await, "invalid_token");
    assert_eq!(
        code(ask(&admin.access_token, &member).await).await,
        "forbidden"
    );
    assert_eq!(code(ask(&eve, &member).await).await, "not_found");
    let left = sqlx::query(
        "DELETE FROM memberships WHERE organization_id IN
        (SELECT id FROM organizations WHERE slug = 'eves') AND role = 'member'",
    );
    left.execute(hub.store.sqlite().1).await.expect("ran");
    let answer = hub.post("/auth/reset", "", &reset(&made_twice)).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
}

#[actix_web::test]
async fn sessions_are_listed_and_ended_one_by_one_or_all_others() {
    let (hub, here) = Hub::start().await;
    let elsewhere = Visitor::new([192, 0, 2, 7].into(), Some("curl/8"));
    let there = hub
        .auth
        .login(EMAIL, PASSWORD, elsewhere)
        .await
        .expect("in");
    let third = hub.login(EMAIL).await;
    let list = async |token: &str| -> Vec<OwnSession> {
        hub.get("/me/sessions", token)
            .await
            .json()
            .await
            .expect("a list")
    };
    let known = list(&here).await;
    assert_eq!(known.len(), 3);
    assert_eq!(known.iter().filter(|one| one.current).count(), 1);
    let is_there = |one: &&OwnSession| one.address.as_deref() == Some("192.0.2.7");
    let found = known.iter().find(is_there).expect("listed");
    assert_eq!(found.user_agent.as_deref(), Some("curl/8"));
    assert!(!found.current);
    let path = format!("/me/sessions/{}", found.id);
    let eve = hub.register("eve@example.com", "eves").await.access_token;
    assert_eq!(code(hub.delete(&path, &eve).await).await, "not_found");
    assert_eq!(
        hub.delete(&path, &here).await.status(),
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        code(hub.get("/me", &there.access_token).await).await,
        "invalid_token"
    );
    assert_eq!(code(hub.delete(&path, &here).await).await, "not_found");

    assert_eq!(
        hub.delete("/me/sessions", &here).await.status(),
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        code(hub.get("/me", &third.access_token).await).await,
        "invalid_token"
    );
    assert_eq!(list(&here).await.len(), 1);
    let me = hub.get("/me", &eve).await;
    assert_eq!(me.status(), StatusCode::OK, "another's are another's");
    let key = hub.key(&here, &["admin"]).await.secret;
    assert_eq!(code(hub.get("/me/sessions", &key).await).await, "forbidden");
}

#[actix_web::test]
async fn people_name_themselves() {
    let (hub, ann) = Hub::start().await;
    let rename = async |body: &Value| {
        let request = hub
            .request(Method::PATCH, "/me")
            .bearer_auth(&ann)
            .json(body);
        request.send().await.expect("answered")
    };
    let me: Value = rename(&json!({ "name": " Ann Lee " }))
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(me["you"]["name"], "Ann Lee");
    for wrong in ["", "a\nb"] {
        assert_eq!(
            code(rename(&json!({ "name": wrong })).await).await,
            "invalid"
        );
    }
    let greedy = json!({ "name": "Ann", "email": "eve@example.com" });
    assert_eq!(code(rename(&greedy).await).await, "unknown_field");
}
