//! The API on a real listener, asked by a real client.

mod account;
mod body;
mod invite;
mod live;
mod me;
mod parts;
mod stream;
mod tenant;
mod usage;

use super::{openapi, routes};
use crate::config::Plans;
use crate::tenant::Administrator;
use actix_web::dev::ServerHandle;
use generic_corp_protocol::Slug;
use generic_corp_protocol::rest::{NewApiKeySecret, Problem, Session};
use parts::Parts;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;
use utoipa::OpenApi;

pub(super) const EMAIL: &str = "ann@example.com";
pub(super) const PASSWORD: &str = "correct horse";

/// A hub that listens on a port of its own.
pub(super) struct Hub {
    pub address: SocketAddr,
    pub parts: Parts,
    pub client: reqwest::Client,
    server: ServerHandle,
    _folder: tempfile::TempDir,
}

impl std::ops::Deref for Hub {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

impl Hub {
    /// With no user yet.
    pub async fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let parts = Parts::build(folder.path()).await;
        let (server, address) = parts.listen();
        Self {
            address,
            parts,
            client: reqwest::Client::new(),
            server,
            _folder: folder,
        }
    }

    /// With an administrator, Ann, who owns `acme` with the workspace `main`.
    pub async fn start() -> (Self, String) {
        let hub = Self::empty().await;
        hub.administrator(EMAIL, "acme").await;
        let token = hub.login(EMAIL).await.access_token;
        (hub, token)
    }

    pub async fn administrator(&self, email: &str, organization: &str) {
        let new = Administrator {
            email,
            name: "Ann",
            password: PASSWORD,
            organization: &Slug::parse(organization).expect("a name"),
            workspace: &Slug::parse("main").expect("a name"),
        };
        let made = self.tenants.create_administrator(&self.auth, new).await;
        made.expect("made");
    }

    pub async fn login(&self, email: &str) -> Session {
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = self.post("/auth/login", "", &body).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.expect("a session")
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let path = match path.strip_prefix('!') {
            Some(path) => path.to_owned(),
            None => format!("/api/v1{path}"),
        };
        let url = format!("http://{}{path}", self.address);
        self.client
            .request(method, url)
            .timeout(Duration::from_secs(20))
    }

    pub async fn get(&self, path: &str, token: &str) -> Response {
        let request = self.request(Method::GET, path).bearer_auth(token);
        request.send().await.expect("answered")
    }

    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Response {
        let mut request = self.request(Method::POST, path).json(body);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        request.send().await.expect("answered")
    }

    pub async fn delete(&self, path: &str, token: &str) -> Response {
        let request = self.request(Method::DELETE, path).bearer_auth(token);
        request.send().await.expect("answered")
    }

    /// Somebody with an organization of their own.
    pub async fn register(&self, email: &str, organization: &str) -> Session {
        let body = json!({
            "email": email, "name": "Eve", "password": PASSWORD, "organization": organization,
        });
        let answer = self.post("/auth/register", "", &body).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        self.login(email).await
    }

    /// The actions in the audit log, the oldest first.
    pub async fn acts(&self) -> Vec<String> {
        let rows = sqlx::query_scalar("SELECT action FROM audit_log ORDER BY id");
        rows.fetch_all(self.store.sqlite().0).await.expect("asked")
    }

    /// An API key of the workspace `main`.
    pub async fn key(&self, token: &str, scopes: &[&str]) -> NewApiKeySecret {
        let body = json!({ "agent": "sable", "scopes": scopes });
        let answer = self.post("/workspaces/main/keys", token, &body).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        answer.json().await.expect("a key")
    }
}

/// The built-in plans, of which the free one lets tests ask as often as they like.
fn plans(folder: &std::path::Path) -> Plans {
    let text = include_str!("../../config/plans.toml")
        .replacen("calls_per_minute = 120", "calls_per_minute = 1_000_000", 1)
        .replacen("api_call_burst = 60", "api_call_burst = 1_000_000", 1);
    let file = folder.join("plans.toml");
    std::fs::write(&file, text).expect("written");
    Plans::load(file.to_str().expect("UTF-8")).expect("sound")
}

/// The code of a failed answer, which must be a problem document of the right status.
pub(super) async fn code(answer: Response) -> String {
    let status = answer.status().as_u16();
    let kind = answer.headers().get("content-type").cloned();
    assert_eq!(
        kind.expect("a type").as_bytes(),
        b"application/problem+json",
        "{status}"
    );
    let problem: Problem = answer.json().await.expect("a problem");
    assert_eq!(problem.status, status);
    assert_eq!(problem.code.http_status(), status);
    assert!(!problem.detail.is_empty());
    problem.code.as_str().to_owned()
}

#[test]
fn every_route_is_documented_and_every_document_is_routed() {
    let document: Value =
        serde_json::from_str(&openapi::Api::openapi().to_json().expect("JSON")).expect("JSON");
    let mut documented: Vec<(String, Vec<String>)> = document["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .map(|(path, item)| {
            let methods = item.as_object().expect("methods").keys();
            (path.clone(), methods.cloned().collect())
        })
        .collect();
    let mut routed: Vec<(String, Vec<String>)> = routes::TABLE
        .iter()
        .map(|(path, methods)| {
            let mut methods: Vec<_> = methods
                .iter()
                .map(|&(method, _)| method.to_owned())
                .collect();
            methods.sort();
            ((*path).to_owned(), methods)
        })
        .collect();
    for (_, methods) in &mut documented {
        methods.sort();
    }
    documented.sort();
    routed.sort();
    assert_eq!(documented, routed);
}

#[test]
fn every_route_is_in_the_documentation() {
    let page = include_str!("../../docs/http-api.md");
    for (path, methods) in routes::TABLE {
        for (method, _) in *methods {
            let row = format!("| `{} {path}` |", method.to_uppercase());
            assert!(page.contains(&row), "docs/http-api.md has no row {row}");
        }
    }
}

#[actix_web::test]
async fn the_document_is_served_and_whole() {
    let hub = Hub::empty().await;
    let answer = hub.request(Method::GET, "/openapi.json").send().await;
    let text = answer.expect("answered").text().await.expect("text");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let schemas = document["components"]["schemas"]
        .as_object()
        .expect("schemas");
    for part in text.split("#/components/schemas/").skip(1) {
        let name = part.split('"').next().expect("a name");
        assert!(
            schemas.contains_key(name),
            "{name} is referred to but missing"
        );
    }
}

#[actix_web::test]
async fn health_tells_whether_the_hub_takes_work() {
    let hub = Hub::empty().await;
    assert_eq!(hub.get("!/healthz", "").await.status(), StatusCode::OK);
    assert_eq!(hub.get("!/readyz", "").await.status(), StatusCode::OK);

    hub.draining.store(true, Ordering::Relaxed);
    let answer = hub.get("!/readyz", "").await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let ready: Value = answer.json().await.expect("JSON");
    assert_eq!(
        (&ready["draining"], &ready["store"]),
        (&json!(true), &json!(true))
    );

    hub.draining.store(false, Ordering::Relaxed);
    hub.store.sqlite().0.close().await;
    let answer = hub.get("!/readyz", "").await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(hub.get("!/healthz", "").await.status(), StatusCode::OK);
    assert_eq!(code(hub.get("/setup", "").await).await, "unavailable");
}

#[actix_web::test]
async fn wrong_methods_and_paths_are_problems() {
    let (hub, token) = Hub::start().await;
    for (method, path, allow) in [
        ("DELETE", "/me", "GET, PATCH, HEAD"),
        ("GET", "/auth/login", "POST"),
        ("PUT", "/workspaces/main/rooms", "GET, POST, HEAD"),
        ("TRACE", "/setup", "GET, POST, HEAD"),
        ("BREW", "/setup", "GET, POST, HEAD"),
        ("POST", "!/healthz", "GET, HEAD"),
    ] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let answer = hub.request(method, path).send().await.expect("answered");
        assert_eq!(answer.headers()["allow"], allow, "{path}");
        assert_eq!(code(answer).await, "method_not_allowed", "{path}");
    }
    for path in [
        "/nothing",
        "!/api/v2/me",
        "!/api",
        "/workspaces/main/rooms/lobby/nothing",
        "/workspaces/%2e%2e%2f/rooms",
        "/workspaces//rooms",
        "/workspaces/main/rooms/a%00b",
        "/workspaces/main/rooms/UPPER",
        "/workspaces/main/rooms/a%5Cb",
    ] {
        assert_eq!(
            code(hub.get(path, &token).await).await,
            "not_found",
            "{path}"
        );
    }
    let head = hub
        .request(Method::HEAD, "/setup")
        .send()
        .await
        .expect("answered");
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers()["cache-control"], "no-store");
    assert_eq!(head.headers()["x-content-type-options"], "nosniff");
}
