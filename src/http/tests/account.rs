//! Accounts and credentials over HTTP.

use super::*;
use reqwest::header::{AUTHORIZATION, COOKIE, ORIGIN, SET_COOKIE};

fn setup(token: &str) -> Value {
    json!({
        "token": token, "email": EMAIL, "name": "Ann", "password": PASSWORD,
        "organization": "acme", "workspace": "main",
    })
}

fn cookie(answer: &Response) -> String {
    let cookie = answer.headers()[SET_COOKIE].to_str().expect("text");
    cookie.split(';').next().expect("a pair").to_owned()
}

#[actix_web::test]
async fn the_setup_link_makes_the_first_administrator_once() {
    let hub = Hub::empty().await;
    let status: Value = hub.get("/setup", "").await.json().await.expect("JSON");
    assert_eq!(
        status,
        json!({
            "setup_needed": true, "registration_open": true, "registration": "open", "reset_by_mail": false,
        })
    );

    let make = async || {
        let made = hub.tenants.setup_link().await;
        made.expect("asked").expect("needed")
    };
    // Of two nodes that start; either is good, until there is a user.
    let (link, other) = (make().await, make().await);
    for wrong in ["", "wrong"] {
        let answer = hub.post("/setup", "", &setup(wrong)).await;
        assert_eq!(code(answer).await, "invalid_token");
    }
    let answer = hub.post("/setup", "", &setup(&link)).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let session: Session = answer.json().await.expect("a session");
    let me: Value = hub
        .get("/me", &session.access_token)
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(me["organizations"][0]["workspaces"][0]["slug"], "main");
    assert_eq!(me["organizations"][0]["role"], "owner");
    let room = hub
        .get("/workspaces/main/rooms/lobby", &session.access_token)
        .await;
    assert_eq!(room.status(), StatusCode::OK);

    for spent in [&link, &other] {
        assert_eq!(
            code(hub.post("/setup", "", &setup(spent)).await).await,
            "conflict"
        );
    }
    assert!(hub.tenants.setup_link().await.expect("asked").is_none());
    let status: Value = hub.get("/setup", "").await.json().await.expect("JSON");
    assert_eq!(status["setup_needed"], false);
}

#[actix_web::test]
async fn an_old_setup_link_is_void() {
    let hub = Hub::empty().await;
    let link = hub
        .tenants
        .setup_link()
        .await
        .expect("asked")
        .expect("needed");
    sqlx::query("UPDATE setup_links SET expires_at = 1")
        .execute(hub.store.sqlite().1)
        .await
        .expect("ran");
    assert_eq!(
        code(hub.post("/setup", "", &setup(&link)).await).await,
        "invalid_token"
    );
}

#[actix_web::test]
async fn settings_make_the_first_administrator_once() {
    let hub = Hub::empty().await;
    let (organization, workspace) = (Slug::parse("main"), Slug::parse("main"));
    let first = Administrator {
        email: EMAIL,
        name: "Ann",
        password: PASSWORD,
        organization: &organization.expect("a name"),
        workspace: &workspace.expect("a name"),
    };
    assert!(
        hub.tenants
            .bootstrap(&hub.auth, first)
            .await
            .expect("asked")
    );
    assert!(
        !hub.tenants
            .bootstrap(&hub.auth, first)
            .await
            .expect("asked")
    );
    hub.login(EMAIL).await;
}

#[actix_web::test]
async fn registering_makes_an_organization_of_ones_own() {
    let (hub, token) = Hub::start().await;
    let body = |email: &str, organization: &str| json!({ "email": email, "name": "Bob", "password": PASSWORD, "organization": organization });
    let answer = hub
        .post("/auth/register", "", &body("bob@example.com", "bobs"))
        .await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let fresh = answer.text().await.expect("text");
    let bob = hub.login("bob@example.com").await;
    let me: Value = hub
        .get("/me", &bob.access_token)
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(me["organizations"].as_array().map(Vec::len), Some(1));
    assert_eq!(me["email"], "bob@example.com");

    let taken = body("BOB@example.com", "other");
    let answer = hub.post("/auth/register", "", &taken).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let known = answer.text().await.expect("text");
    assert_eq!(known, fresh, "who has an account is not told");
    let other = Slug::parse("other").expect("a name");
    assert!(!hub.store.has_organization(&other).await.expect("asked"));
    // Whether the address has an account makes no difference where the name is taken.
    for email in ["bob@example.com", "eve@example.com"] {
        let answer = hub.post("/auth/register", "", &body(email, "acme")).await;
        assert_eq!(code(answer).await, "conflict");
    }
    let mut greedy = body("eve@example.com", "eves");
    greedy["role"] = json!("owner");
    assert_eq!(
        code(hub.post("/auth/register", "", &greedy).await).await,
        "unknown_field"
    );
    let answer = hub
        .post(
            "/auth/login",
            "",
            &json!({"email": "eve@example.com", "password": PASSWORD}),
        )
        .await;
    assert_eq!(
        code(answer).await,
        "invalid_credentials",
        "nothing was half made"
    );
    hub.get("/me", &token)
        .await
        .error_for_status()
        .expect("Ann is untouched");
}

#[actix_web::test]
async fn passwords_of_any_form_are_taken_exactly() {
    let hub = Hub::empty().await;
    for (n, password) in [
        format!("{}x", "seventy-two bytes, each counts. ".repeat(3))[..73].to_owned(),
        "a long and winding road ".repeat(11)[..256].to_owned(),
        "nul\0inside\0it ferrets".to_owned(),
        "pässwörter ✓".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("u{n}@example.com");
        let new = json!({"email": email, "name": "U", "password": password, "organization": format!("o{n}")});
        let answer = hub.post("/auth/register", "", &new).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        let login = |password: String| json!({ "email": email, "password": password });
        let answer = hub.post("/auth/login", "", &login(password.clone())).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let mut other = password;
        other.pop();
        let answer = hub.post("/auth/login", "", &login(other)).await;
        assert_eq!(code(answer).await, "invalid_credentials");
    }
    let huge = json!({"email": EMAIL, "password": "x".repeat(10_000_000)});
    assert_eq!(
        code(hub.post("/auth/login", "", &huge).await).await,
        "too_large"
    );
    let long =
        json!({"email": EMAIL, "name": "U", "password": "x".repeat(257), "organization": "long"});
    assert_eq!(
        code(hub.post("/auth/register", "", &long).await).await,
        "invalid"
    );
}

#[actix_web::test]
async fn a_session_is_refreshed_and_ended_by_token() {
    let (hub, _) = Hub::start().await;
    let first = hub.login(EMAIL).await;
    let trade = |token: &str| json!({ "refresh_token": token });
    let answer = hub
        .post("/auth/refresh", "", &trade(&first.refresh_token))
        .await;
    let second: Session = answer.json().await.expect("a session");
    hub.get("/me", &second.access_token)
        .await
        .error_for_status()
        .expect("in");

    for wrong in [second.access_token.as_str(), "", "gcr_forged"] {
        let answer = hub.post("/auth/refresh", "", &trade(wrong)).await;
        assert_eq!(code(answer).await, "invalid_token");
    }
    let refresh_as_access = hub.get("/me", &second.refresh_token).await;
    assert_eq!(code(refresh_as_access).await, "invalid_token");

    let answer = hub
        .post("/auth/logout", "", &trade(&second.refresh_token))
        .await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        code(hub.get("/me", &second.access_token).await).await,
        "invalid_token"
    );
    let again = hub
        .post("/auth/logout", "", &trade(&second.refresh_token))
        .await;
    assert_eq!(
        again.status(),
        StatusCode::NO_CONTENT,
        "ending twice is ended"
    );
}

#[actix_web::test]
async fn the_cookie_counts_only_from_a_page_of_the_hub() {
    let (hub, _) = Hub::start().await;
    let login = hub.request(Method::POST, "/auth/login");
    let login = login
        .json(&json!({ "email": EMAIL, "password": PASSWORD }))
        .send()
        .await;
    let login = login.expect("answered");
    let attributes = login.headers()[SET_COOKIE]
        .to_str()
        .expect("text")
        .to_owned();
    for attribute in [
        "HttpOnly",
        "SameSite=Strict",
        "Path=/api/v1/auth",
        "Max-Age=86400",
    ] {
        assert!(
            attributes.contains(attribute),
            "{attribute} in {attributes}"
        );
    }
    let pair = cookie(&login);
    let own = format!("http://{}", hub.address);
    let refresh = |origin: Option<&str>| {
        let mut request = hub
            .request(Method::POST, "/auth/refresh")
            .header(COOKIE, &pair);
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        request.send()
    };
    for origin in [
        None,
        Some("https://evil.example"),
        Some("null"),
        Some("http://127.0.0.1:1"),
    ] {
        let answer = refresh(origin).await.expect("answered");
        assert_eq!(code(answer).await, "origin_not_allowed", "{origin:?}");
    }
    let answer = refresh(Some(&own)).await.expect("answered");
    assert_eq!(answer.status(), StatusCode::OK);
    let next = cookie(&answer);
    assert_ne!(next, pair);

    let logout = hub.request(Method::POST, "/auth/logout");
    let logout = logout
        .header(COOKIE, &next)
        .header(ORIGIN, &own)
        .send()
        .await;
    let logout = logout.expect("answered");
    assert_eq!(logout.status(), StatusCode::NO_CONTENT);
    assert_eq!(cookie(&logout), "gc_refresh=");
    let nothing = hub.request(Method::POST, "/auth/refresh").send().await;
    assert_eq!(code(nothing.expect("answered")).await, "unauthenticated");
}

#[actix_web::test]
async fn guessing_is_slowed_and_told_when_to_come_back() {
    let (hub, _) = Hub::start().await;
    let guess = json!({ "email": "nobody@example.com", "password": "wrong password" });
    for _ in 0..10 {
        let answer = hub.post("/auth/login", "", &guess).await;
        assert_eq!(code(answer).await, "invalid_credentials");
    }
    let answer = hub
        .request(Method::POST, "/auth/login")
        .header("x-forwarded-for", "192.0.2.9")
        .json(&guess);
    let answer = answer.send().await.expect("answered");
    let wait: u64 = answer.headers()["retry-after"]
        .to_str()
        .expect("text")
        .parse()
        .expect("seconds");
    assert!((1..=90).contains(&wait), "{wait}");
    assert_eq!(code(answer).await, "rate_limited");
    hub.login(EMAIL).await;
}

#[actix_web::test]
async fn credentials_must_come_as_one_bearer_header() {
    let (hub, token) = Hub::start().await;
    let none = hub
        .request(Method::GET, "/me")
        .send()
        .await
        .expect("answered");
    assert_eq!(none.headers()["www-authenticate"], "Bearer");
    assert_eq!(code(none).await, "unauthenticated");
    for header in [
        "Basic YTpi".to_owned(),
        "Bearer".to_owned(),
        format!("Bearer Bearer {token}"),
        format!("Bearer {token} {token}"),
        format!("Bearer {}", "x".repeat(60_000)),
        "Bearer eyJhbGciOiJub25lIn0.e30.".to_owned(),
    ] {
        let request = hub
            .request(Method::GET, "/me")
            .header(AUTHORIZATION, &header);
        let answer = request.send().await.expect("answered");
        assert_eq!(code(answer).await, "invalid_token", "{header:.80}");
    }
    let twice = hub.request(Method::GET, "/me");
    let twice = twice
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .bearer_auth(&token);
    assert_eq!(
        code(twice.send().await.expect("answered")).await,
        "invalid_token"
    );
    let lower = hub
        .request(Method::GET, "/me")
        .header(AUTHORIZATION, format!("bearer {token}"));
    assert_eq!(
        lower.send().await.expect("answered").status(),
        StatusCode::OK
    );
}
