//! What each node tells of itself, for operators: one value a node, which ends with its lease.

use super::lease::LEASE;
use crate::link::{Error, Link};
use generic_corp_protocol::rest::Node;
use uuid::Uuid;

/// Tells it anew.
pub(super) async fn write(link: &Link, node: &Node) -> Result<(), Error> {
    let Ok(json) = serde_json::to_string(node) else {
        return Ok(());
    };
    let mut command = redis::cmd("SET");
    command.arg(key(link, link.node())).arg(json);
    command.arg("PX").arg(LEASE.as_millis() as u64);
    link.ask(async |redis| command.query_async(redis).await)
        .await
}

/// What these nodes told last.
pub(super) async fn read(link: &Link, nodes: &[Uuid]) -> Result<Vec<Node>, Error> {
    if nodes.is_empty() {
        return Ok(Vec::new());
    }
    let mut command = redis::cmd("MGET");
    for node in nodes {
        command.arg(key(link, *node));
    }
    let found: Vec<Option<String>> = link
        .ask(async |redis| command.query_async(redis).await)
        .await?;
    let texts = found.iter().flatten();
    Ok(texts
        .filter_map(|json| serde_json::from_str(json).ok())
        .collect())
}

fn key(link: &Link, node: Uuid) -> String {
    link.key(&["node", &node.to_string()])
}
