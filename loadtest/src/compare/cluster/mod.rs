//! Comparisons on private nodes that share a PostgreSQL, and a Redis unless it is left out.
//!
//! Nothing stands between the parts, and PostgreSQL stores on the disk of the temporary folder.

mod bare;
mod crowd;
mod info;
pub(super) mod latency;
pub(super) mod neighbours;
pub(super) mod postgres;
pub(super) mod redis;
pub(super) mod spread;

use crate::hub::{self, Counters};
use crate::process::Cpu;
use crate::tenant::Tenant;
use crate::torture::cluster;
use crate::torture::cluster::node::Node;
use crate::torture::cluster::postgres::{Postgres, Purpose};
use crate::torture::cluster::redis::Redis;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::rc::Rc;

/// Nodes are never drained here.
const DRAIN_SECONDS: u32 = 1;

/// The nodes, with one workspace. All of it ends when this is dropped.
pub(super) struct Bench {
    nodes: Vec<Node>,
    /// The workspace as each node shows it.
    tenants: Vec<Rc<Tenant>>,
    postgres: Postgres,
    redis: Option<Redis>,
    _folder: tempfile::TempDir,
}

impl Bench {
    /// Starts everything.
    async fn start(program: Option<&Path>, count: usize, with_redis: bool) -> anyhow::Result<Self> {
        let program = hub::find(program)?;
        let folder = tempfile::Builder::new().prefix("loadtest-").tempdir()?;
        // PostgreSQL's user has to get in.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
        let postgres = Postgres::start(folder.path(), Purpose::Speed).await?;
        let redis = match with_redis {
            true => Some(Redis::start(folder.path()).await?),
            false => None,
        };
        let common = cluster::common(program, folder.path(), DRAIN_SECONDS)?;
        let mut nodes = Vec::new();
        for number in 0..count {
            let database = postgres.url(postgres.address);
            let redis = redis
                .as_ref()
                .map(|redis| format!("redis://{}", redis.address));
            let node = Node::new(number, folder.path(), database, redis)?;
            node.start(&common).await?;
            nodes.push(node);
        }
        let tenant = Tenant::bootstrap(nodes[0].address, hub::EMAIL, &common.password).await?;
        let tenants = nodes
            .iter()
            .map(|node| Rc::new(tenant.through(node.address)));
        Ok(Self {
            tenants: tenants.collect(),
            nodes,
            postgres,
            redis,
            _folder: folder,
        })
    }

    /// What each node has counted so far.
    async fn counters(&self) -> anyhow::Result<Vec<Counters>> {
        let mut all = Vec::new();
        for node in &self.nodes {
            all.push(Counters::at(&format!("http://{}/metrics", node.metrics)).await?);
        }
        Ok(all)
    }

    /// The processor time that each node has used.
    fn cpu(&self) -> anyhow::Result<Vec<Cpu>> {
        self.nodes
            .iter()
            .map(|node| node.process()?.cpu())
            .collect()
    }
}

/// Microseconds that all nodes used since then.
fn cpu_us(now: &[Cpu], then: &[Cpu]) -> f64 {
    now.iter()
        .zip(then)
        .map(|(now, then)| now.us_since(then))
        .sum()
}

/// How far a counter of all nodes went since then.
fn since(now: &[Counters], then: &[Counters], name: &str) -> f64 {
    let of = |(now, then): (&Counters, &Counters)| now.since(then, name);
    now.iter().zip(then).map(of).sum()
}
