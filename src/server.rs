//! Builds every part once, binds, and drains.

use crate::auth::{self, Auth};
use crate::bus::{Bus, Ended, Hint};
use crate::cluster::Cluster;
use crate::config::{Config, Plans};
use crate::connection::{self, Credential, Parts, Registry};
use crate::fanout::{self, Hub, Worker};
use crate::history::{self, History};
use crate::http::{self, Origins};
use crate::link::Link;
use crate::quota::Seats;
use crate::room::Rooms;
use crate::socket::listen::{BACKLOG, cannot_listen, listen};
use crate::socket::{Door, tcp};
use crate::store::{self, Store};
use crate::tenant::{Administrator, Tenants};
use crate::{chore, telemetry};
use actix_http::HttpService;
use actix_server::ServerHandle;
use actix_service::{Service as _, ServiceFactory, fn_service, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, ServiceRequest, ServiceResponse};
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, web};
use anyhow::Context as _;
use futures_util::future::join_all;
use generic_corp_protocol::{CloseCode, Slug};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::ExposeSecret;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How much later than the hub the kernel gives up a reader that stalls: the hub closes it with a code.
const STALL_GRACE: Duration = Duration::from_secs(10);
/// Seconds that requests under way have at the end; also what idle HTTP connections cost a restart.
const LAST_REQUESTS: u64 = 2;

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
    tasks: [tokio::task::JoinHandle<()>; 2],
}

/// The parts that handlers share.
#[derive(Clone)]
struct Shared {
    store: Store,
    auth: Auth,
    tenants: Tenants,
    rooms: Rooms,
    hub: Hub,
    registry: Registry,
    cluster: Cluster,
    bus: Bus,
    origins: Origins,
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
        let shared = build(config, plans).await?;
        bootstrap(config, &shared).await?;
        let setup_token = shared.tenants.setup_link().await?;
        let metrics = telemetry::metric::install().context("metrics cannot be recorded")?;
        let (address, main) = serve(config, shared.clone())?;
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
            metrics,
            lease,
        ));
        let (hub, registry) = (shared.hub.clone(), shared.registry.clone());
        let cluster = shared
            .cluster
            .clone()
            .run(hub, registry, shared.bus.clone());
        let cluster_run = actix_web::rt::spawn(cluster);
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
            tasks: [chores, cluster_run],
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
        self.cluster.leave().await;
        join_all(self.handles.iter().map(|handle| handle.stop(true))).await;
    }
}

async fn build(config: &Config, plans: Plans) -> anyhow::Result<Shared> {
    let options = store::Options {
        url: config.database.url.clone(),
        durability: config.database.durability,
        read_connections: config.database.read_connections,
    };
    let store = Store::open(options).await?;
    let secret = auth::secret::load_or_make(&config.auth.secret, store.folder())?;
    let auth = Auth::new(
        store.clone(),
        auth::Options {
            secret,
            access_lifetime: Duration::from_secs(config.auth.access_token_minutes * 60),
            refresh_lifetime: Duration::from_secs(config.auth.refresh_token_days * 86_400),
            bcrypt_cost: config.auth.bcrypt_cost,
        },
    );
    let tenants = Tenants::new(store.clone(), plans, &config.tenancy.default_plan);
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
    Ok(Shared {
        store,
        auth,
        tenants,
        rooms,
        hub,
        registry,
        cluster: Cluster::new(link),
        bus,
        origins: Origins::new(&config.server.public_url, &config.server.allowed_origins),
        options: http::Options::new(config, node),
        connection,
        draining: web::Data::new(AtomicBool::new(false)),
    })
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

fn serve(config: &Config, shared: Shared) -> anyhow::Result<(SocketAddr, ServerHandle)> {
    let workers = match config.server.workers {
        0 => std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(64),
        count => count,
    };
    let max_connections = tcp::most_connections(config.server.max_connections, workers);
    let gate = tcp::Gate::new(tcp::Options {
        stall_timeout: shared.connection.stall_timeout + STALL_GRACE,
        send_buffer_bytes: config.socket.send_buffer_bytes,
        max_connections,
        max_per_address: config.server.max_connections_per_address,
        proxies: shared.options.proxies.clone(),
    });
    let listener = listen(&config.server.host, config.server.port)?;
    let address = listener.local_addr()?;
    let header_timeout = Duration::from_secs(config.server.header_timeout_seconds);
    // As actix-web's HttpServer does it, plus the upgrade, which that has no way to.
    let factory = move || {
        // Once a worker, on its own thread.
        let door = Rc::new(door(&shared));
        let worker = door.worker.clone();
        let gate = gate.clone();
        HttpService::build()
            .client_request_timeout(header_timeout)
            // A refused body is read away for this long, so that its sender can read the answer.
            .client_disconnect_timeout(Duration::from_secs(1))
            .local_addr(address)
            .on_connect_ext(move |socket: &TcpStream, extensions| gate.admit(socket, extensions))
            .upgrade(fn_service(move |(request, framed)| {
                crate::socket::upgrade(door.clone(), request, framed)
            }))
            .finish(map_config(application(shared.clone(), worker), |()| {
                AppConfig::default()
            }))
            .tcp()
    };
    let server = actix_server::Server::build()
        .workers(workers)
        // The gate counts and refuses; at its own bound a worker would leave them to wait unaccepted.
        .max_concurrent_connections(max_connections.saturating_add(BACKLOG as usize))
        .shutdown_timeout(LAST_REQUESTS)
        .disable_signals()
        .listen("hub", listener, factory)?
        .run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Ok((address, handle))
}

/// What the sockets of a worker share.
fn door(shared: &Shared) -> Door {
    let parts = Rc::new(Parts {
        rooms: shared.rooms.clone(),
        auth: shared.auth.clone(),
        tenants: shared.tenants.clone(),
        registry: shared.registry.clone(),
        options: shared.connection.clone(),
    });
    Door {
        worker: Worker::start(shared.hub.clone()),
        parts,
        proxies: shared.options.proxies.clone(),
        origins: shared.origins.clone(),
        secure: shared.options.secure_cookies,
        auth: shared.auth.clone(),
        tenants: shared.tenants.clone(),
        draining: shared.draining.clone().into_inner(),
    }
}

fn application(
    shared: Shared,
    worker: Rc<Worker>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let (origins, secure) = (shared.origins.clone(), shared.options.secure_cookies);
    App::new()
        .app_data(worker)
        .app_data(web::Data::new(shared.store))
        .app_data(web::Data::new(shared.auth))
        .app_data(web::Data::new(shared.tenants))
        .app_data(web::Data::new(shared.rooms))
        .app_data(web::Data::new(shared.registry))
        .app_data(web::Data::new(shared.cluster))
        .app_data(web::Data::new(shared.bus))
        .app_data(web::Data::new(shared.origins))
        .app_data(web::Data::new(shared.options))
        .app_data(shared.draining)
        .configure(|config| http::configure(&origins, config))
        .configure(crate::socket::configure)
        .configure(http::dashboard::configure)
        .wrap(http::security::headers(secure))
        .wrap_fn(|request, service| {
            metrics::counter!("generic_corp_http_requests_total").increment(1);
            service.call(request)
        })
}

fn serve_metrics(
    host: &str,
    port: u16,
    metrics: PrometheusHandle,
) -> anyhow::Result<(SocketAddr, ServerHandle)> {
    let metrics = Arc::new(metrics);
    let server = HttpServer::new(move || {
        let metrics = metrics.clone();
        let render = move || {
            let metrics = metrics.clone();
            async move { metrics.render() }
        };
        App::new().service(web::resource("/metrics").route(web::get().to(render)))
    })
    .workers(1)
    .shutdown_timeout(LAST_REQUESTS)
    .disable_signals()
    .bind((host, port))
    .map_err(|error| cannot_listen(&error, host, port, "METRICS"))?;
    let address = server
        .addrs()
        .first()
        .copied()
        .context("no address was bound")?;
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Ok((address, handle))
}
