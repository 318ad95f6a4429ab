//! One node: a hub that is killed, frozen, drained, and started again on the same port.

use super::program::Program;
use crate::hub::{self, listening};
use crate::process::Process;
use anyhow::{Context as _, bail};
use rustix::process::Signal;
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// How long a node may take to serve once everything it needs is there.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long one start may take.
const START: Duration = Duration::from_secs(30);
/// Before a node that did not start is started again, as a supervisor does it.
const AGAIN: Duration = Duration::from_millis(200);

/// After which the stream of a producer that is gone ends: longer than most faults.
const LEASE_SECONDS: u32 = 15;

/// What all nodes have in common.
pub struct Common {
    /// The hub's program.
    pub program: PathBuf,
    /// Signs access tokens.
    pub secret: String,
    /// The administrator's.
    pub password: String,
    /// What plans there are.
    pub plans: PathBuf,
    /// Over which clients are sent away by a node that drains.
    pub drain_seconds: u32,
}

/// See the module.
pub struct Node {
    /// From 0 on.
    pub number: usize,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where its counters are.
    pub metrics: SocketAddr,
    folder: PathBuf,
    database: String,
    redis: Option<String>,
    running: RefCell<Option<Program>>,
    /// Whether it is meant to run.
    wanted: Cell<bool>,
}

impl Node {
    /// A node that does not run yet.
    ///
    /// # Errors
    /// When there is no port or no folder for it.
    pub fn new(
        number: usize,
        folder: &Path,
        database: String,
        redis: Option<String>,
    ) -> anyhow::Result<Self> {
        let port = hub::free_port().context("no free port for a node")?;
        let metrics = hub::free_port().context("no free port for a node's metrics")?;
        let folder = folder.join(format!("node-{number}"));
        std::fs::create_dir_all(&folder)?;
        Ok(Self {
            number,
            address: ([127, 0, 0, 1], port).into(),
            metrics: ([127, 0, 0, 1], metrics).into(),
            folder,
            database,
            redis,
            running: RefCell::default(),
            wanted: Cell::new(false),
        })
    }

    /// Starts it, again and again until it serves.
    ///
    /// # Errors
    /// When it does not; with its last words.
    pub async fn start(&self, common: &Common) -> anyhow::Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let mut program =
                Program::start(self.command(common), &self.folder.join("stderr.txt"))?;
            let serves = tokio::time::timeout(START, listening(program.child())).await;
            if let Ok(Some(_)) = serves {
                *self.running.borrow_mut() = Some(program);
                self.wanted.set(true);
                return Ok(());
            }
            program.end(Signal::KILL).await?;
            tokio::time::sleep(AGAIN).await;
        }
        let words = hub::last_words(&self.folder);
        bail!("node {} does not start:\n{words}", self.number)
    }

    fn command(&self, common: &Common) -> tokio::process::Command {
        let settings = [
            ("SERVER__PORT", self.address.port().to_string()),
            ("SERVER__NODE", format!("node-{}", self.number)),
            ("SERVER__DRAIN_SECONDS", common.drain_seconds.to_string()),
            ("METRICS__PORT", self.metrics.port().to_string()),
            ("DATABASE__URL", self.database.clone()),
            ("LOG__STREAM_LEASE_SECONDS", LEASE_SECONDS.to_string()),
            ("TENANCY__PLANS_FILE", common.plans.display().to_string()),
            ("TENANCY__DEFAULT_PLAN", "loadtest".to_owned()),
            ("AUTH__BCRYPT_COST", "4".to_owned()),
            ("AUTH__SECRET", common.secret.clone()),
            ("BOOTSTRAP__EMAIL", hub::EMAIL.to_owned()),
            ("BOOTSTRAP__PASSWORD", common.password.clone()),
            ("LOG_OUTPUT__FORMAT", "pretty".to_owned()),
        ];
        let mut command = hub::private(&common.program, settings);
        if let Some(redis) = &self.redis {
            command.env("GENERIC_CORP__REDIS__URL", redis);
        }
        command.stdout(Stdio::piped());
        command
    }

    /// Kills it.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn kill(&self) -> anyhow::Result<()> {
        self.end(Signal::KILL).await
    }

    /// Asks it to drain, and waits for its end.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn drain(&self) -> anyhow::Result<()> {
        self.end(Signal::TERM).await
    }

    async fn end(&self, signal: Signal) -> anyhow::Result<()> {
        self.wanted.set(false);
        match self.running.take() {
            Some(mut program) => program.end(signal).await,
            None => Ok(()),
        }
    }

    /// Stops its process.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Its process.
    ///
    /// # Errors
    /// When it does not run.
    pub fn process(&self) -> anyhow::Result<Process> {
        let running = self.running.borrow();
        let pid = running.as_ref().and_then(Program::pid);
        let pid = pid.with_context(|| format!("node {} does not run", self.number))?;
        Ok(Process(pid.as_raw_nonzero().get().unsigned_abs()))
    }

    fn signal(&self, signal: Signal) {
        if let Some(program) = &*self.running.borrow() {
            program.signal(signal);
        }
    }

    /// Its last words, when it has ended though nobody ended it.
    pub fn has_failed(&self) -> Option<String> {
        let mut running = self.running.borrow_mut();
        let ended = running.as_mut().is_some_and(Program::has_ended);
        (self.wanted.get() && ended).then(|| hub::last_words(&self.folder))
    }
}
