//! The cluster that is tortured: PostgreSQL, Redis, nodes, and the ways between them and to the clients.

mod disk;
pub mod node;
pub mod postgres;
mod program;
mod proxy;
pub mod redis;

use node::Node;
use postgres::{Postgres, Purpose};
pub use proxy::{Proxy, Way};
use redis::Redis;

use crate::args;
use crate::hub::{self, PLAN};
use node::Common;
use rand::Rng as _;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The ways of one node.
pub struct Ways {
    /// From the clients.
    pub clients: Proxy,
    /// To PostgreSQL.
    pub postgres: Proxy,
    /// To Redis.
    pub redis: Option<Proxy>,
}

/// See the module. Everything in it ends when it is dropped.
pub struct Cluster {
    /// What stores.
    pub postgres: Postgres,
    /// What carries hints, unless the run is without.
    pub redis: Option<Redis>,
    /// The hubs.
    pub nodes: Vec<Node>,
    /// Of each node.
    pub ways: Vec<Ways>,
    common: Common,
    _folder: tempfile::TempDir,
}

impl Cluster {
    /// Starts everything.
    ///
    /// # Errors
    /// When a part is missing or does not start.
    pub async fn start(options: &args::Cluster, drain_seconds: u32) -> anyhow::Result<Self> {
        let program = hub::find(options.hub.as_deref())?;
        let folder = tempfile::Builder::new().prefix("torture-").tempdir()?;
        // PostgreSQL's user has to get in.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
        let postgres = Postgres::start(folder.path(), Purpose::Torture).await?;
        let redis = match options.without_redis {
            true => None,
            false => Some(Redis::start(folder.path()).await?),
        };
        let common = common(program, folder.path(), drain_seconds)?;
        let (mut nodes, mut ways) = (Vec::new(), Vec::new());
        for number in 0..options.nodes.into() {
            let to_postgres = Proxy::to(postgres.address).await?;
            let to_redis = match &redis {
                Some(redis) => Some(Proxy::to(redis.address).await?),
                None => None,
            };
            let redis_url = to_redis
                .as_ref()
                .map(|way| format!("redis://{}", way.address));
            let database = postgres.url(to_postgres.address);
            let node = Node::new(number, folder.path(), database, redis_url)?;
            node.start(&common).await?;
            ways.push(Ways {
                clients: Proxy::to(node.address).await?,
                postgres: to_postgres,
                redis: to_redis,
            });
            nodes.push(node);
        }
        Ok(Self {
            postgres,
            redis,
            nodes,
            ways,
            common,
            _folder: folder,
        })
    }

    /// Starts a node again.
    ///
    /// # Errors
    /// When it does not serve; with its last words.
    pub async fn revive(&self, node: usize) -> anyhow::Result<()> {
        self.nodes[node].start(&self.common).await
    }

    /// The administrator's password.
    pub fn password(&self) -> &str {
        &self.common.password
    }

    /// Where clients reach each node.
    pub fn doors(&self) -> Vec<SocketAddr> {
        self.ways.iter().map(|ways| ways.clients.address).collect()
    }
}

/// What the nodes of a cluster in this folder have in common.
///
/// # Errors
/// When their plans cannot be written.
pub fn common(
    program: std::path::PathBuf,
    folder: &Path,
    drain_seconds: u32,
) -> anyhow::Result<Common> {
    let plans = folder.join("plans.toml");
    std::fs::write(&plans, PLAN)?;
    let secret = || format!("{:032x}", rand::rng().random::<u128>());
    Ok(Common {
        program,
        secret: secret(),
        password: secret(),
        plans,
        drain_seconds,
    })
}
