//! Whether the hub is up, and whether it takes work.

use super::Options;
use crate::bus::Bus;
use crate::store::Store;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use generic_corp_protocol::rest::Readiness;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The store must answer within this time to count.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process turns its loops; nothing else is asked.
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

/// The store answers and the hub is not draining; else 503.
pub(super) async fn ready(
    store: web::Data<Store>,
    bus: web::Data<Bus>,
    draining: web::Data<AtomicBool>,
    options: web::Data<Options>,
) -> HttpResponse {
    let draining = draining.load(Ordering::Relaxed);
    let answer = tokio::time::timeout(PATIENCE, store.ping()).await;
    let store = answer.unwrap_or(false);
    let (code, status) = match store && !draining {
        true => (StatusCode::OK, "ok"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    HttpResponse::build(code).json(Readiness {
        status: status.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        node: options.node.clone(),
        draining,
        store,
        bus: bus.is_shared().then(|| bus.is_live()),
    })
}
