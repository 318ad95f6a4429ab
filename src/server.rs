//! Builds every part once, binds, and drains.

mod serve;

use crate::auth::{self, Auth};
use crate::billing::{self, Billing};
use crate::bus::{Bus, Ended, Hint};
use crate::chore::Metering;
use crate::cluster::{Cluster, Describe};
use crate::config::{Config, Plans, network};
use crate::connection::{self, Credential, Registry};
use crate::fanout::{self, Hub};
use crate::history::{self, History};
use crate::http::{self, Elsewhere, Origins};
use crate::link::Link;
use crate::mail::{self, Mail};
use crate::oidc::{self, Provider};
use crate::outbox::{self, Outbox};
use crate::quota::{Calls, Seats};
use crate::room::Rooms;
use crate::search::{self, Search};
use crate::store::{self, Store};
use crate::tenant::{Administrator, EntryRules, Tenants};
use crate::{chore, telemetry};
use actix_server::ServerHandle;
use actix_web::web;
use anyhow::Context as _;
use futures_util::future::join_all;
use generic_corp_protocol::{CloseCode, Slug, Timestamp, rest};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::ExposeSecret;
use serve::{serve, serve_metrics, tls};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A hub that runs.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where its metrics are, unless they are off.
    pub metrics: Option<SocketAddr>,
    /// What it stores in, for people.
    pub store: String,
    /// The token of the setup link, while there is no user.
    pub setup_token: Option<String>,
    /// The organizations, for commands that work on a running hub.
    pub tenants: Tenants,
    handles: Vec<ServerHandle>,
    draining: web::Data<AtomicBool>,
    registry: Registry,
    drain: Duration,
    cluster: Cluster,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    metering: Metering,
}

/// The parts that handlers share.
#[derive(Clone)]
struct Shared {
    store: Store,
    auth: Auth,
    tenants: Tenants,
    rooms: Rooms,
    search: Search,
    hub: Hub,
    registry: Registry,
    cluster: Cluster,
    bus: Bus,
    calls: Calls,
    metering: Metering,
    origins: Origins,
    mail: Mail,
    outbox: Outbox,
    billing: Billing,
    elsewhere: Option<Elsewhere>,
    options: http::Options,
    connection: connection::Options,
    draining: web::Data<AtomicBool>,
}

impl Server {
    /// Opens the store, makes what the settings ask for at the first start, and listens.
    ///
    /// # Errors
    /// In words for the operator.
    pub async fn start(config: &Config, plans: Plans) -> anyhow::Result<Self> {
        let metrics = telemetry::metric::install().context("metrics cannot be recorded")?;
        let shared = build(config, plans, metrics.clone()).await?;
        bootstrap(config, &shared).await?;
        let setup_token = shared.tenants.setup_link().await?;
        let tls = tls(config)?;
        let (address, main) = serve(config, shared.clone(), tls.clone())?;
        let mut handles = vec![main];
        let metrics_address = match config.metrics.port {
            0 => None,
            port => {
                let (address, handle) = serve_metrics(&config.metrics.host, port, metrics.clone())?;
                handles.push(handle);
                Some(address)
            }
        };
        let lease = Duration::from_secs(config.log.stream_lease_seconds);
        let chores = actix_web::rt::spawn(chore::run(
            shared.rooms.clone(),
            shared.registry.clone(),
            shared.auth.clone(),
            shared.tenants.clone(),
            metrics,
            lease,
        ));
        let metered = actix_web::rt::spawn(shared.metering.clone().run());
        let (hub, registry) = (shared.hub.clone(), shared.registry.clone());
        let cluster = shared
            .cluster
            .clone()
            .run(hub, registry, shared.bus.clone());
        let sweep = actix_web::rt::spawn(chore::sweep(
            shared.store.clone(),
            shared.tenants.clone(),
            Duration::from_secs(config.log.sweep_seconds),
        ));
        let indexer = actix_web::rt::spawn(search::run(shared.store.clone()));
        let outbox = actix_web::rt::spawn(shared.outbox.clone().run());
        let billing = actix_web::rt::spawn(shared.billing.clone().run());
        let cluster = actix_web::rt::spawn(cluster);
        let mut tasks = vec![chores, metered, sweep, indexer, outbox, billing, cluster];
        tasks.extend(tls.map(|tls| actix_web::rt::spawn(tls.follow())));
        Ok(Self {
            address,
            metrics: metrics_address,
            store: shared.store.describe(),
            setup_token,
            tenants: shared.tenants,
            handles,
            draining: shared.draining,
            registry: shared.registry,
            drain: Duration::from_secs(config.server.drain_seconds),
            cluster: shared.cluster,
            tasks,
            metering: shared.metering,
        })
    }

    /// Drains and stops: no new sockets, every client is told its slot, then the listeners end.
    pub async fn stop(self) {
        self.draining.store(true, Ordering::Relaxed);
        self.registry.drain(self.drain.as_millis() as u64);
        // A slot may fall a tick late, and a close frame has its own deadline.
        let deadline = Instant::now() + self.drain + Duration::from_secs(3);
        while self.registry.count() > 0 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for task in &self.tasks {
            task.abort();
        }
        self.metering.write().await;
        self.cluster.leave().await;
        join_all(self.handles.iter().map(|handle| handle.stop(true))).await;
    }
}

async fn build(config: &Config, plans: Plans, metrics: PrometheusHandle) -> anyhow::Result<Shared> {
    let options = store::Options {
        url: config.database.url.clone(),
        durability: config.database.durability,
        read_connections: config.database.read_connections,
    };
    let store = Store::open(options).await?;
    let secret = auth::secret::load_or_make(
        &config.auth.secret,
        &config.auth.previous_secrets,
        store.folder(),
    )?;
    let auth = Auth::new(
        store.clone(),
        auth::Options {
            secret,
            access_lifetime: Duration::from_secs(config.auth.access_token_minutes * 60),
            refresh_lifetime: Duration::from_secs(config.auth.refresh_token_days * 86_400),
            bcrypt_cost: config.auth.bcrypt_cost,
        },
    );
    let tenants = Tenants::new(store.clone(), plans.clone(), &config.tenancy.default_plan);
    let link = Link::open(&config.redis)?;
    let bus = link.clone().map_or_else(Bus::local, Bus::redis);
    let tails = fanout::Options {
        room_bytes: config.log.hot_tail_bytes,
        stream_bytes: config.log.hot_stream_bytes,
    };
    let hub = Hub::new(store.clone(), bus.clone(), tails);
    let registry = Registry::new(Seats::new(link.clone()));
    receive(&bus, &hub, &registry, &auth);
    let doubter = hub.clone();
    bus.start(move |channels| doubter.doubt(channels));
    let log = history::Options {
        queue: config.log.append_queue,
        lease_seconds: config.log.stream_lease_seconds,
    };
    let history = History::start(store.clone(), bus.clone(), &log)?;
    let rooms = Rooms::new(history, hub.clone(), bus.clone());
    let node = match config.server.node.as_str() {
        "" => format!("node-{:08x}", rand::random::<u32>()),
        name => name.to_owned(),
    };
    let connection = connection::Options {
        heartbeat: Duration::from_secs(config.socket.heartbeat_seconds),
        hello_timeout: Duration::from_secs(config.socket.hello_timeout_seconds),
        stall_timeout: Duration::from_secs(config.socket.stall_timeout_seconds),
        node: node.clone(),
    };
    let mail = Mail::start(&mail::Options {
        url: config.mail.url.clone(),
        ca: config.mail.ca.clone(),
        from: config.mail.from.clone(),
    })?;
    let describe = describe(&node, &registry, &hub, metrics);
    let metering = Metering::new(&store, tenants.budgets(), &registry);
    let networks = &config.webhooks.allowed_networks;
    let outbox = outbox::Options {
        allowed_networks: networks.iter().filter_map(|text| network(text)).collect(),
        operator_url: config.webhooks.operator_url.clone(),
        operator_secret: config.webhooks.operator_secret.clone(),
    };
    let outbox = Outbox::new(store.clone(), auth.clone(), mail.clone(), outbox)?;
    let billing = billing::Options {
        secret_key: config.stripe.secret_key.clone(),
        webhook_secrets: config.stripe.webhook_secrets.clone(),
        prices: config.stripe.plans(),
        lapsed_plan: config.stripe.lapsed_plan.clone(),
        api_url: config.stripe.api_url.clone(),
        public_url: config.server.public_url.trim_end_matches('/').to_owned(),
    };
    Ok(Shared {
        billing: Billing::new(store.clone(), plans, billing)?,
        search: Search::new(store.clone()),
        outbox,
        mail,
        elsewhere: elsewhere(config)?,
        store,
        auth,
        tenants,
        rooms,
        hub,
        registry,
        calls: Calls::new(link.clone()),
        metering,
        cluster: Cluster::new(link, describe),
        bus,
        origins: Origins::new(&config.server.public_url, &config.server.allowed_origins),
        options: http::Options::new(config, node),
        connection,
        draining: web::Data::new(AtomicBool::new(false)),
    })
}

/// What this node tells operators of itself.
fn describe(node: &str, registry: &Registry, hub: &Hub, metrics: PrometheusHandle) -> Describe {
    let (registry, hub) = (registry.clone(), hub.clone());
    let (node, started_at) = (node.to_owned(), Timestamp::now());
    Arc::new(move || {
        let totals = telemetry::metric::totals(&metrics);
        let total = |name| totals.get(name).copied().unwrap_or(0);
        rest::Node {
            node: node.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at,
            time: Timestamp::now(),
            connections: registry.count() as u64,
            rooms: hub.rooms().len() as u64,
            frames_sent: total("generic_corp_frames_sent_total"),
            http_requests: total("generic_corp_http_requests_total"),
            memory_bytes: telemetry::memory::resident_bytes(),
        }
    })
}

/// The way in by a provider, where there is one.
fn elsewhere(config: &Config) -> anyhow::Result<Option<Elsewhere>> {
    let oidc = &config.oidc;
    if !oidc.is_on() {
        return Ok(None);
    }
    let hub = config.server.public_url.trim_end_matches('/');
    let provider = Provider::new(oidc::Options {
        issuer: oidc.issuer.clone(),
        client_id: oidc.client_id.clone(),
        client_secret: oidc.client_secret.clone(),
        scopes: oidc.scopes.clone(),
        redirect_url: format!("{hub}{}", http::CALLBACK),
    })?;
    Ok(Some(Elsewhere {
        provider,
        name: oidc.name.clone(),
        rules: EntryRules {
            link: oidc.link_accounts,
            sign_up: oidc.sign_up,
            domains: oidc
                .domains
                .iter()
                .map(|name| name.to_lowercase())
                .collect(),
            organization: Slug::parse(&oidc.organization)?,
            role: oidc.role.clone(),
        },
    }))
}

/// Hands on what comes over the bus.
pub(crate) fn receive(bus: &Bus, hub: &Hub, registry: &Registry, auth: &Auth) {
    let (hub, registry, auth) = (hub.clone(), registry.clone(), auth.clone());
    bus.receive(move |hints| {
        for hint in &hints {
            match hint {
                Hint::Ended(Ended::Session(id)) => {
                    auth.forget_session(*id);
                    registry.close(Credential::Session(*id), CloseCode::Unauthenticated);
                }
                Hint::Ended(Ended::Key(id)) => {
                    auth.forget_key(*id);
                    registry.close(Credential::Key(*id), CloseCode::Forbidden);
                }
                Hint::Ended(Ended::Connection(id)) => registry.disconnect(*id),
                Hint::Ended(Ended::Right) => registry.doubt(),
                _ => {}
            }
        }
        hub.deliver(hints);
    });
}

async fn bootstrap(config: &Config, shared: &Shared) -> anyhow::Result<()> {
    let first = &config.bootstrap;
    if first.email.is_empty() {
        return Ok(());
    }
    let (organization, workspace) = (
        Slug::parse(&first.organization)?,
        Slug::parse(&first.workspace)?,
    );
    let administrator = Administrator {
        email: &first.email,
        name: first.email.split('@').next().unwrap_or(&first.email),
        password: first.password.expose_secret(),
        organization: &organization,
        workspace: &workspace,
    };
    if shared
        .tenants
        .bootstrap(&shared.auth, administrator)
        .await?
    {
        tracing::info!(%organization, %workspace, "the first administrator was made from the settings");
    }
    Ok(())
}
