//! What the hub of a test is made of.

use super::plans;
use crate::auth::{self, Auth};
use crate::bus::Bus;
use crate::cluster::Cluster;
use crate::config::Durability;
use crate::connection::Registry;
use crate::fanout;
use crate::history::{self, History};
use crate::http::{Options, Origins, configure};
use crate::mail::Mail;
use crate::metering::ApiCalls;
use crate::quota::Calls;
use crate::room::Rooms;
use crate::store::{self, Store};
use crate::tenant::Tenants;
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use generic_corp_protocol::Timestamp;
use generic_corp_protocol::rest::Node;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The parts that the application shares, without a server of their own.
#[derive(Clone)]
pub struct Parts {
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
    pub(super) async fn build(folder: &std::path::Path) -> Self {
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

    /// A node alone.
    fn cluster() -> Cluster {
        let node = || Node {
            node: "node-1".to_owned(),
            version: "1".to_owned(),
            started_at: Timestamp::now(),
            time: Timestamp::now(),
            connections: 0,
            rooms: 0,
            frames_sent: 0,
            http_requests: 0,
            memory_bytes: None,
        };
        Cluster::new(None, Arc::new(node))
    }

    pub(super) fn listen(&self) -> (ServerHandle, SocketAddr) {
        let options = web::Data::new(Options {
            proxies: crate::http::Proxies::default(),
            max_body_bytes: 65_536,
            unknown_calls_per_minute: 600,
            body_timeout: Duration::from_secs(1),
            registration: crate::config::Registration::Open,
            public_url: "https://hub.example.com".to_owned(),
            secure_cookies: false,
            refresh_lifetime: Duration::from_secs(86_400),
            heartbeat: Duration::from_secs(1),
            plain_webhooks: false,
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
                .app_data(web::Data::new(Self::cluster()))
                .app_data(web::Data::new(parts.calls.clone()))
                .app_data(web::Data::new(parts.api_calls.clone()))
                .app_data(web::Data::new(parts.bus.clone()))
                .app_data(web::Data::new(parts.mail.clone()))
                .app_data(web::Data::new(None::<crate::http::Elsewhere>))
                .app_data(parts.draining.clone())
                .configure(|config| configure(&origins, config))
                .wrap(crate::http::security::headers(false))
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
