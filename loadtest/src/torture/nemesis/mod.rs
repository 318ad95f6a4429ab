//! The nemesis: breaks the cluster as the schedule says, and mends what it broke.

mod plan;

pub use plan::{Fault, Link, Parts, Step, Target, plan};

use super::actor::Stage;
use super::cluster::{Cluster, Proxy, Way};
use super::history::Record;
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Instant;
use tokio::task::{Id, JoinSet};

/// Most faults at a time: what is left must be able to heal.
const AT_ONCE: usize = 2;

/// See the module.
pub struct Nemesis {
    cluster: Rc<Cluster>,
    stage: Rc<Stage>,
    begun: Cell<u64>,
}

impl Nemesis {
    /// Of this cluster.
    pub fn new(cluster: &Rc<Cluster>, stage: &Rc<Stage>) -> Rc<Self> {
        Rc::new(Self {
            cluster: cluster.clone(),
            stage: stage.clone(),
            begun: Cell::new(0),
        })
    }

    /// Faults so far.
    pub fn begun(&self) -> u64 {
        self.begun.get()
    }

    /// Does what the schedule says, at latest until `end`; then nothing is broken any more.
    ///
    /// # Errors
    /// When something cannot be mended.
    pub async fn run(
        self: &Rc<Self>,
        steps: Vec<Step>,
        end: Option<Instant>,
    ) -> anyhow::Result<()> {
        let mut running = Running::default();
        for step in steps {
            tokio::time::sleep(step.gap).await;
            if self.stage.history.is_full() || end.is_some_and(|end| end <= Instant::now()) {
                break;
            }
            let targets = step.fault.targets(self.cluster.nodes.len());
            while running.is_in_the_way(&targets) {
                running.one_ends().await?;
            }
            self.mend_failed().await?;
            let nemesis = self.clone();
            running.begin(targets, async move { nemesis.strike(step).await });
        }
        while !running.tasks.is_empty() {
            running.one_ends().await?;
        }
        self.mend_failed().await
    }

    /// Starts nodes that ended though nobody ended them, which the history has to tell.
    async fn mend_failed(&self) -> anyhow::Result<()> {
        for node in &self.cluster.nodes {
            if let Some(words) = node.has_failed() {
                let node = node.number;
                self.stage.history.record(Record::Failed { node, words });
                self.cluster.revive(node).await?;
            }
        }
        Ok(())
    }

    async fn strike(&self, step: Step) -> anyhow::Result<()> {
        let id = self.begun.get() + 1;
        self.begun.set(id);
        let nodes = match step.fault.node() {
            Some(node) => vec![node],
            None => (0..self.cluster.nodes.len()).collect(),
        };
        let kind = step.fault.name();
        self.stage.history.record(Record::Fault { id, kind, nodes });
        self.do_and_undo(step).await?;
        self.stage.history.record(Record::Healed { id });
        Ok(())
    }

    async fn do_and_undo(&self, step: Step) -> anyhow::Result<()> {
        let cluster = &self.cluster;
        let held = tokio::time::sleep(step.hold);
        match step.fault {
            Fault::KillNode(node) => {
                cluster.nodes[node].kill().await?;
                held.await;
                cluster.revive(node).await?;
            }
            Fault::FreezeNode(node) => {
                cluster.nodes[node].freeze();
                held.await;
                cluster.nodes[node].thaw();
            }
            Fault::KillPostgres => {
                cluster.postgres.kill().await?;
                held.await;
                cluster.postgres.revive().await?;
            }
            Fault::FreezePostgres => {
                cluster.postgres.freeze();
                held.await;
                cluster.postgres.thaw();
            }
            Fault::KillRedis | Fault::FreezeRedis => self.break_redis(step).await?,
            Fault::Cut(link, node) => {
                if let Some(way) = self.way(link, node) {
                    way.cut();
                }
            }
            Fault::Shut(link, node) => self.hold(link, node, Way::Shut, step).await,
            Fault::Slow(link, node, late) => self.hold(link, node, Way::Slow(late), step).await,
            Fault::Hole(link, node) => self.hold(link, node, Way::Hole, step).await,
            Fault::Rolling => {
                for node in 0..cluster.nodes.len() {
                    cluster.nodes[node].drain().await?;
                    cluster.revive(node).await?;
                }
            }
            Fault::FullDisk => cluster.postgres.fill_disk(step.hold).await?,
        }
        Ok(())
    }

    async fn break_redis(&self, step: Step) -> anyhow::Result<()> {
        let Some(redis) = &self.cluster.redis else {
            return Ok(());
        };
        if step.fault == Fault::KillRedis {
            redis.kill().await?;
            tokio::time::sleep(step.hold).await;
            return redis.revive().await;
        }
        redis.freeze();
        tokio::time::sleep(step.hold).await;
        redis.thaw();
        Ok(())
    }

    async fn hold(&self, link: Link, node: usize, how: Way, step: Step) {
        if let Some(way) = self.way(link, node) {
            way.set(how);
            tokio::time::sleep(step.hold).await;
            way.set(Way::Open);
        }
    }

    fn way(&self, link: Link, node: usize) -> Option<&Proxy> {
        let ways = &self.cluster.ways[node];
        match link {
            Link::Clients => Some(&ways.clients),
            Link::Postgres => Some(&ways.postgres),
            Link::Redis => ways.redis.as_ref(),
        }
    }
}

/// Faults under way.
#[derive(Default)]
struct Running {
    tasks: JoinSet<anyhow::Result<()>>,
    targets: HashMap<Id, Vec<Target>>,
}

impl Running {
    fn begin(
        &mut self,
        targets: Vec<Target>,
        fault: impl Future<Output = anyhow::Result<()>> + 'static,
    ) {
        let handle = self.tasks.spawn_local(fault);
        self.targets.insert(handle.id(), targets);
    }

    /// Whether a fault with these targets has to wait.
    fn is_in_the_way(&self, targets: &[Target]) -> bool {
        let used = |target| self.targets.values().flatten().any(|used| used == target);
        self.tasks.len() >= AT_ONCE || targets.iter().any(used)
    }

    async fn one_ends(&mut self) -> anyhow::Result<()> {
        if let Some(ended) = self.tasks.join_next_with_id().await {
            let (id, outcome) = ended?;
            self.targets.remove(&id);
            outcome?;
        }
        Ok(())
    }
}
