//! The listeners and what answers on them: HTTP and WebSockets, in TLS where there is a certificate, and
//! the metrics.

use super::Shared;
use crate::config::Config;
use crate::connection::Parts;
use crate::fanout::Worker;
use crate::http;
use crate::socket::listen::{BACKLOG, cannot_listen, listen};
use crate::socket::{Acceptor, Door, Stream, tcp};
use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol};
use actix_server::ServerHandle;
use actix_service::{Service as _, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, ServiceRequest, ServiceResponse};
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, web};
use anyhow::Context as _;
use metrics_exporter_prometheus::PrometheusHandle;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// How much later than the hub the kernel gives up a reader that stalls: the hub closes it with a code.
const STALL_GRACE: Duration = Duration::from_secs(10);
/// Seconds that requests under way have at the end; also what idle HTTP connections cost a restart.
const LAST_REQUESTS: u64 = 2;

/// What shakes hands, where the settings name a certificate.
pub(super) fn tls(config: &Config) -> anyhow::Result<Option<Acceptor>> {
    let server = &config.server;
    if server.tls_certificate.is_empty() {
        return Ok(None);
    }
    let handshake = Duration::from_secs(server.header_timeout_seconds);
    Acceptor::open(&server.tls_certificate, &server.tls_key, handshake).map(Some)
}

/// Listens for people, agents and programs.
pub(super) fn serve(
    config: &Config,
    shared: Shared,
    tls: Option<Acceptor>,
) -> anyhow::Result<(SocketAddr, ServerHandle)> {
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
    let idle_timeout = Duration::from_secs(config.server.idle_timeout_seconds);
    // As actix-web's HttpServer does it, plus the upgrade, which that has no way to.
    let factory = move || {
        // Once a worker, on its own thread.
        let door = Rc::new(door(&shared));
        let worker = door.worker.clone();
        let (gate, tls) = (gate.clone(), tls.clone());
        let http = HttpService::build()
            .client_request_timeout(header_timeout)
            .keep_alive(idle_timeout)
            // A refused body is read away for this long, so that its sender can read the answer.
            .client_disconnect_timeout(Duration::from_secs(1))
            .local_addr(address)
            .upgrade(fn_service(move |(request, framed)| {
                crate::socket::upgrade(door.clone(), request, framed)
            }))
            .finish(map_config(application(shared.clone(), worker), |()| {
                AppConfig::default()
            }));
        fn_service(move |tcp: TcpStream| {
            let (gate, tls) = (gate.clone(), tls.clone());
            async move {
                let peer = tcp.peer_addr().ok();
                let stream = Stream::accept(tcp, &gate, tls.as_ref()).await;
                Ok((stream.map_err(DispatchError::Io)?, Protocol::Http1, peer))
            }
        })
        .and_then(http)
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
        .app_data(web::Data::new(shared.search))
        .app_data(web::Data::new(shared.registry))
        .app_data(web::Data::new(shared.cluster))
        .app_data(web::Data::new(shared.bus))
        .app_data(web::Data::new(shared.calls))
        .app_data(web::Data::new(shared.metering.calls))
        .app_data(web::Data::new(shared.origins))
        .app_data(web::Data::new(shared.billing))
        .app_data(web::Data::new(shared.mail))
        .app_data(web::Data::new(shared.elsewhere))
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

/// Listens for whoever collects metrics.
pub(super) fn serve_metrics(
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
