//! Attacks that no other file has: what is guessed by asking or by the clock, and what is put where the hub
//! might take it for its own.

use crate::support::TestServer;
use crate::support::rest::send;
use crate::support::server::{EMAIL, PASSWORD};
use crate::support::tcp::Wire;
use generic_corp_protocol::ErrorCode;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What might end a statement, a path, a page or a line.
const HOSTILE: [&str; 12] = [
    "' OR '1'='1",
    "'; DROP TABLE rooms; --",
    "\" OR \"\"=\"",
    "1) UNION SELECT secret_hash FROM api_keys --",
    "%' ESCAPE '\\",
    "${jndi:ldap://127.0.0.1/a}",
    "{{7*7}}",
    "../../../../etc/passwd",
    "<script>alert(1)</script>",
    "a\r\nSet-Cookie: gc_refresh=stolen",
    "a\nERROR forged line",
    "\u{202E}gnp.exe",
];

#[tokio::test]
async fn signing_in_tells_nobody_who_has_an_account() {
    let hub = TestServer::start().await;
    let attempt = async |email: &str| {
        let body = json!({ "email": email, "password": "wrong horse battery" });
        let begun = Instant::now();
        let answer = hub.anybody().post("/auth/login", &body).await;
        (answer, begun.elapsed())
    };
    let (known, _) = attempt(EMAIL).await;
    let (unknown, _) = attempt("nobody@example.com").await;
    assert_eq!(known.code(), ErrorCode::InvalidCredentials);
    assert_eq!(known.text(), unknown.text());
    let names = |answer: &crate::support::rest::Answer| {
        let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    };
    assert_eq!(names(&known), names(&unknown));
}

#[tokio::test]
async fn signing_in_takes_as_long_without_an_account() {
    // A cost at which hashing outweighs everything else, so that a noisy machine does not decide.
    let hub = TestServer::builder()
        .alone()
        .with("auth.bcrypt_cost", 10)
        .start()
        .await;
    let attempt = async |email: String| {
        let body = json!({ "email": email, "password": "wrong horse battery" });
        let begun = Instant::now();
        hub.anybody().post("/auth/login", &body).await;
        begun.elapsed()
    };
    let median = |mut times: Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    // In turn, so that what disturbs one disturbs the other; fewer than are throttled.
    for number in 0..9 {
        known.push(attempt(EMAIL.to_owned()).await);
        unknown.push(attempt(format!("nobody{number}@example.com")).await);
    }
    let (known, unknown) = (median(known), median(unknown));
    assert!(
        unknown > known / 2 && known > unknown / 2,
        "{known:?} {unknown:?}"
    );
}

#[tokio::test]
async fn fields_that_would_give_rights_are_refused_by_name() {
    let hub = TestServer::builder()
        .with("auth.registration", "open")
        .start()
        .await;
    let extras = [
        "role",
        "is_admin",
        "organization_id",
        "plan",
        "scopes",
        "generation",
    ];
    for extra in extras {
        let mut login = json!({ "email": EMAIL, "password": PASSWORD });
        login[extra] = json!("owner");
        let mut register = json!({ "email": "eve@example.com", "name": "Eve", "password": "a long password", "organization": "eve" });
        register[extra] = json!("owner");
        for (path, body) in [("/auth/login", login), ("/auth/register", register)] {
            let answer = hub.anybody().post(path, &body).await;
            assert_eq!(answer.code(), ErrorCode::UnknownField, "{path} {extra}");
        }
    }
    let admin = hub.admin().await;
    for (path, body) in [
        ("/workspaces/main/rooms", json!({ "name": "r", "head": 7 })),
        (
            "/workspaces/main/agents",
            json!({ "name": "a", "workspace_id": "x" }),
        ),
        (
            "/workspaces/main/keys",
            json!({ "agent": "a", "secret": "mine" }),
        ),
        (
            "/workspaces/main/rooms/lobby/events",
            json!({ "body": 1, "seq": 7 }),
        ),
        (
            "/workspaces/main/rooms/lobby/events",
            json!({ "body": 1, "sender": { "kind": "system" } }),
        ),
        (
            "/workspaces/main/rooms/lobby/events",
            json!({ "body": 1, "time": "2020-01-01T00:00:00Z" }),
        ),
    ] {
        assert_eq!(
            admin.post(path, &body).await.code(),
            ErrorCode::UnknownField,
            "{path} {body}"
        );
    }
}

#[tokio::test]
async fn sql_in_names_paths_and_queries_is_text() {
    let hub = TestServer::start().await;
    let admin = hub.admin().await;
    for text in HOSTILE {
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for path in [
            format!("/workspaces/{encoded}"),
            format!("/workspaces/main/rooms/{encoded}"),
            format!("/workspaces/main/streams/{encoded}"),
            format!("/organizations/{encoded}/workspaces"),
        ] {
            assert_eq!(admin.get(&path).await.code(), ErrorCode::NotFound, "{path}");
        }
        let path = format!("/workspaces/main/rooms?after={encoded}");
        assert!(admin.get(&path).await.status.is_success(), "{path}");
        for path in [
            format!("/workspaces/main/keys?after={encoded}"),
            format!("/workspaces/main/rooms/lobby/events?after={encoded}"),
            format!("/workspaces/main/rooms?{encoded}=1"),
        ] {
            let code = admin.get(&path).await.code();
            assert!(
                matches!(code, ErrorCode::Invalid | ErrorCode::UnknownField),
                "{path} {code:?}"
            );
        }
        let login = json!({ "email": text, "password": text });
        let code = hub.anybody().post("/auth/login", &login).await.code();
        assert_eq!(code, ErrorCode::InvalidCredentials, "{text:?}");
        for (path, body) in [
            ("/workspaces/main/rooms", json!({ "name": text })),
            ("/workspaces/main/agents", json!({ "name": text })),
        ] {
            assert!(
                !admin.post(path, &body).await.status.is_success(),
                "{text:?}"
            );
        }
    }
    // All is still there.
    let rooms: Value = admin.get("/workspaces/main/rooms").await.ok();
    assert_eq!(rooms.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_is_said_comes_back_as_it_was_and_is_never_a_page() {
    let hub = TestServer::start().await;
    let admin = hub.admin().await;
    let path = "/workspaces/main/rooms/lobby/events";
    for text in HOSTILE {
        let answer = admin.post(path, &json!({ "body": { "text": text } })).await;
        assert!(answer.status.is_success(), "{text:?}");
    }
    let answer = admin.get(path).await;
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    let page: Value = answer.ok();
    let texts: Vec<_> = page["events"].as_array().expect("events").iter().collect();
    let texts: Vec<_> = texts
        .iter()
        .filter_map(|event| event["body"]["text"].as_str())
        .collect();
    assert_eq!(texts, HOSTILE);
}

#[tokio::test]
async fn a_line_break_in_a_value_makes_no_header_and_no_log_line() {
    let hub = TestServer::builder()
        .with("log_output.filter", "trace")
        .start()
        .await;
    let admin = hub.admin().await;
    let forged = "a%0d%0aSet-Cookie:%20gc_refresh=stolen%0d%0aERROR%20forged";
    for path in [
        format!("/workspaces/{forged}"),
        format!("/workspaces/main/rooms?after={forged}"),
        format!("/workspaces/main/rooms?limit=1&after={forged}"),
    ] {
        let answer = admin.get(&path).await;
        assert!(!answer.headers.contains_key("set-cookie"), "{path}");
    }
    let body = json!({ "body": "x", "key": "a\r\nSet-Cookie: b=c" });
    let answer = admin
        .post("/workspaces/main/rooms/lobby/events", &body)
        .await;
    assert_eq!(answer.code(), ErrorCode::Invalid);
    assert!(!answer.headers.contains_key("set-cookie"));
    let log = hub.log();
    assert!(
        !log.lines().any(|line| line.starts_with("ERROR forged")),
        "{log}"
    );
}

#[tokio::test]
async fn a_cookie_alone_opens_no_api_and_no_socket() {
    let hub = TestServer::start().await;
    let login = json!({ "email": EMAIL, "password": PASSWORD });
    let answer = hub.anybody().post("/auth/login", &login).await;
    let cookie = answer.headers["set-cookie"]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().expect("a cookie").to_owned();
    for path in ["/me", "/workspaces/main", "/workspaces/main/rooms"] {
        let request = hub
            .anybody()
            .request(Method::GET, path)
            .header("cookie", &cookie);
        assert_eq!(
            send(request).await.code(),
            ErrorCode::Unauthenticated,
            "{path}"
        );
    }
    let mut wire = Wire::open(hub.address).await;
    let request = format!(
        "GET /ws/main HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nCookie: {cookie}\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        hub.address
    );
    wire.send(request.as_bytes()).await;
    // A socket, but nobody: the first frame must say who.
    assert!(wire.head().await.starts_with("HTTP/1.1 101"));
    let (_, first) = wire_says(&mut wire, r#"{"type":"join","id":"j","room":"lobby"}"#).await;
    assert_eq!(first["code"], "unauthenticated");
}

/// Sends a masked text frame and gives the first that comes back.
async fn wire_says(wire: &mut Wire, text: &str) -> (u8, Value) {
    wire.send(&crate::support::tcp::frame(0x81, text.as_bytes()))
        .await;
    let (opcode, payload) = wire.frame().await.expect("a frame");
    (opcode, serde_json::from_slice(&payload).expect("JSON"))
}

#[tokio::test]
async fn an_override_of_the_method_or_the_host_changes_nothing() {
    let hub = TestServer::start().await;
    let admin = hub.admin().await;
    let key = hub.key("bot").await;
    for (name, value) in [
        ("x-http-method-override", "DELETE"),
        ("x-original-url", "/api/v1/workspaces/main/keys"),
        ("x-rewrite-url", "/metrics"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-for", "203.0.113.9"),
        ("forwarded", "for=203.0.113.9;host=evil.example"),
    ] {
        let request = hub.anybody().with_token(&key).request(Method::GET, "/me");
        let answer = send(request.header(name, value)).await;
        assert!(answer.status.is_success(), "{name}");
        assert!(
            answer.text().contains("bot") && !answer.text().contains("evil"),
            "{name}"
        );
    }
    let keys: Value = admin.get("/workspaces/main/keys").await.ok();
    assert_eq!(keys.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn assets_are_those_of_the_dashboard_alone() {
    let hub = TestServer::start().await;
    for path in [
        "/assets/..%2f..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e/hub.db",
        "/assets/..\\..\\Cargo.toml",
        "/assets/%00",
        "/assets/secret.key",
        "/assets/.git",
    ] {
        let answer = reqwest::get(hub.url(path)).await.expect("an answer");
        assert_eq!(answer.status(), 404, "{path}");
    }
}
