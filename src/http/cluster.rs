//! The hub's nodes, for whoever runs it.

use super::extract::Operator;
use crate::cluster::Cluster;
use crate::store::Store;
use actix_web::web;
use generic_corp_protocol::rest::ClusterReport;

/// The nodes of the hub: this one as it is, the others as they were two seconds ago. While Redis is away the others
/// are missing.
#[utoipa::path(get, path = "/cluster", tag = "hub", responses((status = 200, body = ClusterReport)))]
pub(super) async fn show(
    _: Operator,
    cluster: web::Data<Cluster>,
    store: web::Data<Store>,
) -> web::Json<ClusterReport> {
    let store = match store.is_shared() {
        true => "postgresql",
        false => "sqlite",
    };
    web::Json(ClusterReport {
        nodes: cluster.nodes().await,
        shared: cluster.is_shared(),
        store: store.to_owned(),
    })
}
