//! The API on a real listener, asked by a real client.

mod account;
mod body;
mod invite;
mod live;
mod me;
mod stream;
mod tenant;
mod usage;

use super::{Options, Origins, configure, openapi, routes};
use crate::auth::{self, Auth};
use crate::bus::Bus;
use crate::cluster::Cluster;
use crate::config::{Durability, Plans};
use crate::connection::Registry;
use crate::fanout;
use crate::history::{self, History};
use crate::mail::Mail;
use crate::metering::ApiCalls;
use crate::quota::Calls;
use crate::room::Rooms;
use crate::store::{self, Store};
use crate::tenant::{Administrator, Tenants};
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use generic_corp_protocol::Slug;
use generic_corp_protocol::rest::{NewApiKeySecret, Problem, Session};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// The parts that the application shares, without a server of their own.
#[derive(Clone)]
pub(super) struct Parts {
    pub store: Store,
    pub auth: Auth,
    pub tenants: Tenants,
    pub rooms: Rooms,
    pub registry: Registry,
    pub bus: Bus,
    pub mail: Mail,
    pub calls: Calls,
    pub api_calls: ApiCalls,
    pub draining: web::Data<AtomicBool>,
}

impl Parts {
    async fn build(folder: &std::path::Path) -> Self {
        let store = Store::open(store::Options {
            url: format!("sqlite:{}", folder.join("hub.db").display()).into(),
            durability: Durability::Normal,
            read_connections: 2,
        });
        let store = store.await.expect("opens");
        let auth = Auth::new(
            store.clone(),
            auth::Options {
                secret: "0123456789abcdef0123456789abcdef".into(),
                access_lifetime: Duration::from_secs(900),
                refresh_lifetime: Duration::from_secs(86_400),
                bcrypt_cost: 4,
            },
        );
        let bus = Bus::local();
        let tails = fanout::Options {
            room_bytes: 4096,
            stream_bytes: 4096,
        };
        let hub = fanout::Hub::new(store.clone(), bus.clone(), tails);
        let registry = Registry::default();
        crate::server::receive(&bus, &hub, &registry, &auth);
        let log = history::Options {
            queue: 64,
            lease_seconds: 30,
        };
        let history = History::start(store.clone(), bus.clone(), &log).expect("starts");
        Self {
            tenants: Tenants::new(store.clone(), plans(folder), "free"),
            rooms: Rooms::new(history, hub, bus.clone()),
            registry,
            bus,
            mail: Mail::default(),
            calls: Calls::default(),
            api_calls: ApiCalls::default(),
            draining: web::Data::new(AtomicBool::new(false)),
            store,
            auth,
        }
    }

    fn listen(&self) -> (ServerHandle, SocketAddr) {
        let options = web::Data::new(Options {
            proxies: super::Proxies::default(),
            max_body_bytes: 65_536,
            unknown_calls_per_minute: 600,
            body_timeout: Duration::from_secs(1),
            registration: crate::config::Registration::Open,
            public_url: "https://hub.example.com".to_owned(),
            secure_cookies: false,
            refresh_lifetime: Duration::from_secs(86_400),
            heartbeat: Duration::from_secs(1),
            node: "node-1".to_owned(),
        });
        let origins = web::Data::new(Origins::new("https://hub.example.com", &[]));
        let parts = self.clone();
        let app = move || {
            App::new()
                .app_data(fanout::Worker::start(parts.rooms.hub().clone()))
                .app_data(options.clone())
                .app_data(origins.clone())
                .app_data(web::Data::new(parts.store.clone()))
                .app_data(web::Data::new(parts.auth.clone()))
                .app_data(web::Data::new(parts.tenants.clone()))
                .app_data(web::Data::new(parts.rooms.clone()))
                .app_data(web::Data::new(parts.registry.clone()))
                .app_data(web::Data::new(Cluster::default()))
                .app_data(web::Data::new(parts.calls.clone()))
                .app_data(web::Data::new(parts.api_calls.clone()))
                .app_data(web::Data::new(parts.bus.clone()))
                .app_data(web::Data::new(parts.mail.clone()))
                .app_data(parts.draining.clone())
                .configure(|config| configure(&origins, config))
                .wrap(super::security::headers(false))
        };
        let server = HttpServer::new(app)
            .workers(1)
            .disable_signals()
            .bind(("127.0.0.1", 0))
            .expect("a free port");
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        (handle, address)
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
