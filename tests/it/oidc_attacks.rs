//! Sign-in by OpenID Connect under attack: forged tokens, foreign states and codes, and addresses of others.

use crate::support::TestServer;
use crate::support::browser::{Browser, hub, hub_with};
use crate::support::provider::{Provider, SECRET};
use crate::support::rest::{Answer, send};
use crate::support::server::EMAIL;
use crate::support::signer::Signing;
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::rest::{Session, SignInAddress};
use jsonwebtoken::Algorithm;
use reqwest::Method;
use serde_json::{Value, json};

#[track_caller]
fn refused(answer: &Answer, code: ErrorCode, why: &str) {
    assert_eq!(answer.code(), code, "{why}: {}", answer.text());
    assert!(!answer.headers.contains_key("set-cookie"), "{why}");
}

#[tokio::test]
async fn forged_id_tokens_let_nobody_in() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256] {
        let provider = Provider::start(algorithm).await;
        let hub = hub(&provider).await;
        provider.person("robin", EMAIL);
        for lie in [
            json!({ "nonce": "another" }),
            json!({ "nonce": null }),
            json!({ "aud": "another-hub" }),
            json!({ "aud": ["hub-of-the-test", "another-hub"] }),
            json!({ "iss": "https://evil.example" }),
            json!({ "iss": format!("{}/", provider.issuer()) }),
            json!({ "exp": 1_700_000_000 }),
            json!({ "exp": null }),
            json!({ "sub": "" }),
            json!({ "sub": "robin\u{0}" }),
            json!({ "sub": "r".repeat(256) }),
        ] {
            provider.lies(lie.clone());
            let answer = Browser::new(&hub).sign_in(&provider).await;
            refused(&answer, ErrorCode::InvalidToken, &lie.to_string());
        }
        provider.lies(json!({}));
        for signing in [Signing::None, Signing::Secret, Signing::OtherKey] {
            provider.signs(signing);
            let answer = Browser::new(&hub).sign_in(&provider).await;
            refused(&answer, ErrorCode::InvalidToken, &format!("{signing:?}"));
        }
        provider.signs(Signing::Right);
        let _: Session = Browser::new(&hub).sign_in(&provider).await.ok();
    }
}

#[tokio::test]
async fn a_sign_in_is_finished_only_in_the_browser_that_began_it() {
    let provider = Provider::start(Algorithm::ES256).await;
    let hub = hub(&provider).await;
    provider.person("robin", EMAIL);
    let (mut one, mut other) = (Browser::new(&hub), Browser::new(&hub));
    let url = one.begin().await.expect("an address");
    other.begin().await.expect("an address");
    for word in [
        "__Host-gc_sign_in=",
        "HttpOnly",
        "SameSite=Lax",
        "Secure",
        "Path=/",
    ] {
        assert!(one.set_cookie.contains(word), "{}", one.set_cookie);
    }
    let back = provider.visit(&url).await;
    let answer = other.finish(&back).await;
    refused(&answer, ErrorCode::InvalidToken, "another browser");
    let answer = Browser::new(&hub).finish(&back).await;
    refused(&answer, ErrorCode::InvalidToken, "no cookie");
    let whole = json!({ "state": back.state, "code": back.code });
    let answer = one.bring(&whole, "https://evil.example").await;
    refused(&answer, ErrorCode::OriginNotAllowed, "a foreign page");
    for (name, value) in [
        ("state", ""),
        ("state", "x"),
        ("iss", "https://evil.example"),
    ] {
        let mut changed = whole.clone();
        changed[name] = json!(value);
        let answer = one.bring(&changed, "https://hub.example.com").await;
        refused(&answer, ErrorCode::InvalidToken, name);
    }
    let no = json!({ "state": back.state });
    let answer = one.bring(&no, "https://hub.example.com").await;
    refused(&answer, ErrorCode::Forbidden, "the provider said no");
    let mut changed = Browser::new(&hub);
    changed.cookie = one.cookie.as_ref().map(|cookie| format!("{cookie}A"));
    let answer = changed.finish(&back).await;
    refused(&answer, ErrorCode::InvalidToken, "a changed cookie");
    let _: Session = one.finish(&back).await.ok();
}

#[tokio::test]
async fn a_code_of_another_browser_is_worth_nothing() {
    let provider = Provider::start(Algorithm::ES256).await;
    let hub = hub(&provider).await;
    provider.person("robin", EMAIL);
    let (mut victim, mut thief) = (Browser::new(&hub), Browser::new(&hub));
    let url = victim.begin().await.expect("an address");
    let stolen = provider.visit(&url).await;
    let url = thief.begin().await.expect("an address");
    let own = provider.visit(&url).await;
    let mixed = json!({ "state": own.state, "code": stolen.code });
    let answer = thief.bring(&mixed, "https://hub.example.com").await;
    refused(&answer, ErrorCode::InvalidToken, "PKCE binds it");
}

#[tokio::test]
async fn an_answer_of_the_provider_is_good_once_however_often_it_comes_at_once() {
    let provider = Provider::start(Algorithm::ES256).await;
    let hub = hub(&provider).await;
    provider.person("robin", EMAIL);
    let mut browser = Browser::new(&hub);
    let url = browser.begin().await.expect("an address");
    let back = provider.visit(&url).await;
    let all = (0..8).map(|_| browser.finish(&back));
    let answers = futures_util::future::join_all(all).await;
    let good = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(good, 1);
    // The provider gives the same browser another code for the same sign-in.
    let again = provider.visit(&url).await;
    let answer = browser.finish(&again).await;
    refused(&answer, ErrorCode::InvalidToken, "it is finished");
}

#[tokio::test]
async fn an_address_that_is_not_confirmed_opens_no_account() {
    let provider = Provider::start(Algorithm::ES256).await;
    let settings = [("oidc.sign_up", "domains"), ("oidc.domains", "example.com")];
    let hub = hub_with(&provider, &settings).await;
    for (number, confirmed) in [json!(false), json!("false"), Value::Null]
        .into_iter()
        .enumerate()
    {
        for email in [EMAIL, "new@example.com"] {
            let mut claims = json!({ "sub": format!("robin {number}"), "email": email });
            if !confirmed.is_null() {
                claims["email_verified"] = confirmed.clone();
            }
            provider.claims(claims);
            let answer = Browser::new(&hub).sign_in(&provider).await;
            refused(
                &answer,
                ErrorCode::Forbidden,
                &format!("{email} {confirmed}"),
            );
            assert!(answer.problem().detail.contains("confirm"));
        }
    }
}

#[tokio::test]
async fn an_address_that_went_to_somebody_else_does_not_open_the_old_account() {
    let provider = Provider::start(Algorithm::ES256).await;
    let hub = hub(&provider).await;
    provider.person("robin", EMAIL);
    let _: Session = Browser::new(&hub).sign_in(&provider).await.ok();
    provider.person("successor", EMAIL);
    let answer = Browser::new(&hub).sign_in(&provider).await;
    refused(&answer, ErrorCode::Conflict, "the address was robin's");
}

#[tokio::test]
async fn accounts_are_not_linked_where_the_settings_say_no_or_anybody_takes_any_address() {
    let provider = Provider::start(Algorithm::ES256).await;
    let hub = hub_with(&provider, &[("oidc.link_accounts", "false")]).await;
    provider.person("robin", EMAIL);
    let answer = Browser::new(&hub).sign_in(&provider).await;
    refused(&answer, ErrorCode::Conflict, "by password only");
    let open = TestServer::builder()
        .alone()
        .with("server.public_url", "https://hub.example.com")
        .with("auth.registration", "open")
        .with("oidc.issuer", provider.issuer())
        .with("oidc.client_id", "hub")
        .with("oidc.client_secret", SECRET);
    let output = open.command(&["serve"]).output().await.expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("oidc.link_accounts"), "{said}");
    assert!(!said.contains(SECRET), "{said}");
}

#[tokio::test]
async fn where_people_come_back_to_is_a_setting_alone() {
    let provider = Provider::start(Algorithm::ES256).await;
    let hub = hub(&provider).await;
    let rest = hub.anybody();
    let evil = "evil.example";
    let path = format!("/auth/oidc?redirect_uri=https://{evil}&return_to=//{evil}");
    let request = rest
        .request(Method::POST, &path)
        .header("Host", evil)
        .header("X-Forwarded-Host", evil)
        .header("Referer", format!("https://{evil}/"))
        .json(&json!({ "return_to": format!("https://{evil}") }));
    let address: SignInAddress = send(request).await.ok();
    assert!(
        address.url.starts_with(&provider.issuer()),
        "{}",
        address.url
    );
    assert!(!address.url.contains(evil), "{}", address.url);
    provider.visit(&address.url).await;
}

#[tokio::test]
async fn no_secret_of_a_sign_in_elsewhere_is_written_down() {
    let provider = Provider::start(Algorithm::ES256).await;
    let hub = hub(&provider).await;
    provider.person("robin", EMAIL);
    let mut browser = Browser::new(&hub);
    let url = browser.begin().await.expect("an address");
    let back = provider.visit(&url).await;
    let session: Session = browser.finish(&back).await.ok();
    // And of those that fail.
    browser.finish(&back).await;
    provider.lies(json!({ "nonce": "another" }));
    Browser::new(&hub).sign_in(&provider).await;
    let log = hub.log();
    let cookie = browser.cookie.as_deref().expect("a cookie");
    let (_, cookie) = cookie.split_once('=').expect("a value");
    for secret in [
        &back.code,
        &back.state,
        cookie,
        SECRET,
        &session.refresh_token,
        EMAIL,
    ] {
        assert!(!log.contains(secret), "{secret} is written down");
    }
    assert!(log.contains("was refused"), "but that it failed is");
}
