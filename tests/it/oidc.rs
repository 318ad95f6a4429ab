//! Sign-in by OpenID Connect, at a provider of the test's own: who comes in, as whom, and what happens when it is away.

use crate::support::browser::{ALONE, Browser, builder_with, hub, hub_with};
use crate::support::provider::{Health, Provider};
use crate::support::server::{EMAIL, PASSWORD};
use crate::support::{Rest, TestServer, eventually};
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::rest::{Me, OwnSession, Session, SetupStatus};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn person(hub: &TestServer, session: &Session) -> Rest {
    hub.anybody().with_token(&session.access_token)
}

#[tokio::test]
async fn who_signs_in_at_the_provider_has_a_session_like_any_other() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256] {
        let provider = Provider::start(algorithm).await;
        let hub = hub(&provider).await;
        provider.person("robin", EMAIL);
        let session: Session = Browser::new(&hub).sign_in(&provider).await.ok();
        assert_eq!(session.user.email, EMAIL, "{algorithm:?}");
        let ada = person(&hub, &session);
        let me: Me = ada.get("/me").await.ok();
        assert_eq!(me.organizations[0].role, "owner");
        let list: Vec<OwnSession> = ada.get("/me/sessions").await.ok();
        let own = list.iter().find(|one| one.current).expect("listed");
        assert_eq!(own.address.as_deref(), Some("127.0.0.1"));
        let body = json!({ "refresh_token": session.refresh_token });
        let _: Session = hub.anybody().post("/auth/refresh", &body).await.ok();
        let login = json!({ "email": EMAIL, "password": PASSWORD });
        let _: Session = hub.anybody().post("/auth/login", &login).await.ok();
    }
}

#[tokio::test]
async fn the_sign_in_page_is_told_of_a_provider_only_where_there_is_one() {
    let provider = Provider::start(Algorithm::ES256).await;
    let (with, without) = (hub(&provider).await, TestServer::start().await);
    let status: SetupStatus = with.anybody().get("/setup").await.ok();
    assert_eq!(status.sign_in_with.as_deref(), Some("Kiln"));
    let status: SetupStatus = without.anybody().get("/setup").await.ok();
    assert_eq!(status.sign_in_with, None);
    let refused = without.anybody().post("/auth/oidc", &json!({})).await;
    assert_eq!(refused.code(), ErrorCode::Unsupported);
    let answer = json!({ "state": "x", "code": "y" });
    let refused = without.anybody().post("/auth/oidc/callback", &answer).await;
    assert_eq!(refused.code(), ErrorCode::Unsupported);
}

#[tokio::test]
async fn a_person_stays_the_same_when_the_address_changes() {
    let provider = Provider::start(Algorithm::ES256).await;
    let hub = hub(&provider).await;
    provider.person("robin", EMAIL);
    let first: Session = Browser::new(&hub).sign_in(&provider).await.ok();
    provider.claims(json!({ "sub": "robin", "email": "robin@example.org" }));
    let later: Session = Browser::new(&hub).sign_in(&provider).await.ok();
    assert_eq!(later.user.id, first.user.id, "also without a confirmed one");
    assert_eq!(later.user.email, EMAIL);
}

#[tokio::test]
async fn who_is_unknown_is_refused_where_nobody_is_signed_up() {
    let provider = Provider::start(Algorithm::ES256).await;
    let hub = hub(&provider).await;
    invite(&hub, "robin@example.com", "member").await;
    provider.person("robin", "robin@example.com");
    let refused = Browser::new(&hub).sign_in(&provider).await;
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    assert!(refused.problem().detail.contains("ask for an invite"));
    assert!(!refused.headers.contains_key("set-cookie"));
}

async fn invite(hub: &TestServer, email: &str, role: &str) {
    let new = json!({ "role": role, "email": email });
    let ada = hub.admin().await;
    let _: Value = ada.post("/organizations/main/invites", &new).await.ok();
}

#[tokio::test]
async fn who_is_invited_comes_in_as_what_the_invite_says() {
    let provider = Provider::start(Algorithm::ES256).await;
    let hub = hub_with(&provider, &[("oidc.sign_up", "invited")]).await;
    provider.person("eve", "eve@example.com");
    let refused = Browser::new(&hub).sign_in(&provider).await;
    assert_eq!(refused.code(), ErrorCode::Forbidden, "nobody invited eve");
    invite(&hub, "robin@example.com", "viewer").await;
    invite(&hub, "robin@example.com", "member").await;
    provider.person("robin", "Robin@Example.com");
    let session: Session = Browser::new(&hub).sign_in(&provider).await.ok();
    assert_eq!(session.user.name, "Robin");
    assert_eq!(session.user.email, "robin@example.com");
    let me: Me = person(&hub, &session).get("/me").await.ok();
    assert_eq!(me.organizations.len(), 1, "two invites are one membership");
    assert_eq!(me.organizations[0].role, "member", "the newest counts");
    let again: Session = Browser::new(&hub).sign_in(&provider).await.ok();
    assert_eq!(again.user.id, session.user.id);
    for password in ["", "x", PASSWORD, "!"] {
        let login = json!({ "email": "robin@example.com", "password": password });
        let refused = hub.anybody().post("/auth/login", &login).await;
        assert_eq!(refused.code(), ErrorCode::InvalidCredentials);
    }
    let left: Value = hub
        .admin()
        .await
        .get("/organizations/main/audit")
        .await
        .ok();
    assert!(left.to_string().contains("invite.accepted"), "{left}");
}

#[tokio::test]
async fn who_finds_no_room_in_the_plan_gets_no_account_and_keeps_the_invite() {
    let provider = Provider::start(Algorithm::ES256).await;
    let settings = [("oidc.sign_up", "domains"), ("oidc.domains", "example.net")];
    let hub = builder_with(&provider, &settings);
    let hub = hub.with_plan(&[("members", 2)]).start().await;
    invite(&hub, "robin@example.com", "member").await;
    invite(&hub, "eve@example.com", "member").await;
    provider.person("robin", "robin@example.com");
    let _: Session = Browser::new(&hub).sign_in(&provider).await.ok();
    for (subject, email) in [("eve", "eve@example.com"), ("kim", "kim@example.net")] {
        provider.person(subject, email);
        let refused = Browser::new(&hub).sign_in(&provider).await;
        assert_eq!(refused.code(), ErrorCode::LimitReached, "{subject}");
    }
    let owner = hub.admin().await;
    let open: Value = owner.get("/organizations/main/invites").await.ok();
    assert_eq!(open.as_array().map(Vec::len), Some(1), "{open}");
    let members: Value = owner.get("/organizations/main/members").await.ok();
    assert_eq!(members.as_array().map(Vec::len), Some(2), "{members}");
}

#[tokio::test]
async fn who_is_of_a_listed_domain_comes_in_where_the_settings_say() {
    let provider = Provider::start(Algorithm::ES256).await;
    let settings = [
        ("oidc.sign_up", "domains"),
        ("oidc.domains", "Example.com, example.net"),
        ("oidc.role", "viewer"),
    ];
    let hub = hub_with(&provider, &settings).await;
    for (subject, email) in [
        ("a", "a@sub.example.com"),
        ("b", "b@example.com.evil.example"),
        ("c", "c@notexample.com"),
        ("d", "d@example.com@evil.example"),
    ] {
        provider.person(subject, email);
        let refused = Browser::new(&hub).sign_in(&provider).await;
        assert_eq!(refused.code(), ErrorCode::Forbidden, "{email}");
    }
    provider.person("robin", "robin@example.net");
    let session: Session = Browser::new(&hub).sign_in(&provider).await.ok();
    let me: Me = person(&hub, &session).get("/me").await.ok();
    let of: Vec<_> = me.organizations.iter().collect();
    assert_eq!(
        (of.len(), &*of[0].slug, of[0].role.as_str()),
        (1, "main", "viewer")
    );
    let told: Value = hub
        .admin()
        .await
        .get("/organizations/main/audit")
        .await
        .ok();
    assert!(told.to_string().contains("member.joined"), "{told}");
}

#[tokio::test]
async fn an_address_that_only_the_answer_about_the_person_has_is_found() {
    let provider = Provider::start(Algorithm::ES256).await;
    let hub = hub(&provider).await;
    provider.claims(json!({ "sub": "robin" }));
    // Some say it in text.
    provider.profile(json!({ "email": EMAIL, "email_verified": "true" }));
    let session: Session = Browser::new(&hub).sign_in(&provider).await.ok();
    assert_eq!(session.user.email, EMAIL);
    provider.claims(json!({ "sub": "sam" }));
    provider.profile(json!({ "sub": "robin", "email": EMAIL, "email_verified": true }));
    let refused = Browser::new(&hub).sign_in(&provider).await;
    assert_eq!(refused.code(), ErrorCode::Forbidden, "it was about another");
}

#[tokio::test]
async fn new_keys_of_the_provider_are_fetched_when_they_are_needed() {
    let provider = Provider::start(Algorithm::RS256).await;
    let hub = hub_with(&provider, &[ALONE]).await;
    provider.person("robin", EMAIL);
    let first: Session = Browser::new(&hub).sign_in(&provider).await.ok();
    let asked = provider.asked_for_keys();
    let _: Session = Browser::new(&hub).sign_in(&provider).await.ok();
    assert_eq!(provider.asked_for_keys(), asked, "they are kept");
    // Of another name, and of the same.
    for name in ["second", "second"] {
        let begun = Browser::new(&hub).begin_at(&provider).await;
        provider.rotate(name);
        let session: Session = begun.await.ok();
        assert_eq!(session.user.id, first.user.id);
    }
    assert_eq!(provider.asked_for_keys(), asked + 2);
}

#[tokio::test]
async fn a_provider_that_is_away_is_told_in_time_and_passwords_still_work() {
    let provider = Provider::start(Algorithm::ES256).await;
    provider.is(Health::Away);
    let hub = hub(&provider).await;
    provider.person("robin", EMAIL);
    for health in [Health::Away, Health::Elsewhere, Health::Silent] {
        provider.is(health);
        let since = Instant::now();
        let refused = hub.anybody().post("/auth/oidc", &json!({})).await;
        assert_eq!(refused.code(), ErrorCode::Unavailable, "{health:?}");
        let problem = refused.problem();
        assert!(problem.detail.contains("password"), "{}", problem.detail);
        assert!(problem.retry_after_ms.is_some());
        assert!(since.elapsed() < Duration::from_secs(12), "{health:?}");
        let login = json!({ "email": EMAIL, "password": PASSWORD });
        let _: Session = hub.anybody().post("/auth/login", &login).await.ok();
    }
    provider.is(Health::Well);
    let browser = eventually("it is asked again", async || {
        let mut browser = Browser::new(&hub);
        browser.begin().await.ok().map(|url| (browser, url))
    });
    let (browser, url) = browser.await;
    let back = provider.visit(&url).await;
    // It goes between the code and the token: what was kept of it does not help.
    provider.is(Health::Away);
    let refused = browser.finish(&back).await;
    assert_eq!(refused.code(), ErrorCode::Unavailable);
    provider.is(Health::Well);
    let session: Session = browser.finish(&back).await.ok();
    assert_eq!(session.user.email, EMAIL, "and the same can be finished");
}

#[tokio::test]
async fn a_locked_account_is_not_opened_by_the_provider() {
    let provider = Provider::start(Algorithm::ES256).await;
    let hub = hub_with(&provider, &[ALONE]).await;
    provider.person("robin", EMAIL);
    let _: Session = Browser::new(&hub).sign_in(&provider).await.ok();
    let done = hub.command(&["admin", "disable", EMAIL]).output().await;
    assert!(done.expect("it runs").status.success());
    let refused = Browser::new(&hub).sign_in(&provider).await;
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    assert!(refused.problem().detail.contains("locked"));
}

#[tokio::test]
async fn settings_that_cannot_work_are_told_to_the_operator_and_not_to_people() {
    let provider = Provider::start(Algorithm::ES256).await;
    let hub = hub_with(&provider, &[ALONE, ("oidc.client_secret", "wrong")]).await;
    provider.person("robin", EMAIL);
    let refused = Browser::new(&hub).sign_in(&provider).await;
    assert_eq!(refused.code(), ErrorCode::Unavailable);
    assert!(hub.log().contains("it answers invalid_client"));
    let settings = [
        ALONE,
        ("oidc.sign_up", "domains"),
        ("oidc.domains", "example.net"),
        ("oidc.organization", "nowhere"),
    ];
    let hub = hub_with(&provider, &settings).await;
    provider.person("robin", "robin@example.net");
    let refused = Browser::new(&hub).sign_in(&provider).await;
    assert_eq!(refused.code(), ErrorCode::Internal);
    assert!(hub.log().contains("oidc.organization"));
}
