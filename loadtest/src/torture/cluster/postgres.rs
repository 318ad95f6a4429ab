//! A private PostgreSQL: made in a throw-away folder, killed, frozen, started again on the same data.

use super::disk::Disk;
use super::program::{Program, children};
use crate::hub::free_port;
use anyhow::{Context as _, bail};
use rustix::process::{Signal, kill_process};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::process::Command;

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);
/// Who runs it when we are root, which PostgreSQL refuses to be.
const USER: &str = "postgres";
/// Debian keeps the server's programs off the path.
const DEBIAN: &str = "/usr/lib/postgresql";

/// What it is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be broken: with little of everything, on a disk that can be made full.
    Torture,
    /// To be measured: as it sets itself up, on the disk of the temporary folder.
    Speed,
}

/// See the module.
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    user: Option<(u32, u32)>,
    purpose: Purpose,
    /// Where one may be mounted.
    disk: Option<Disk>,
    running: RefCell<Option<Program>>,
}

impl Postgres {
    /// Makes its data in `folder` and starts it.
    ///
    /// # Errors
    /// When its programs are missing, or it does not start.
    pub async fn start(folder: &Path, purpose: Purpose) -> anyhow::Result<Self> {
        let port = free_port().context("no free port for PostgreSQL")?;
        let (user, data) = (unprivileged()?, folder.join("data"));
        std::fs::create_dir_all(&data)?;
        let mut disk = None;
        if let Some((user, group)) = user {
            std::os::unix::fs::chown(&data, Some(user), Some(group))?;
            if purpose == Purpose::Torture {
                disk = Disk::mount(&data, (user, group), &folder.join("disk.txt")).await;
            }
        }
        let postgres = Self {
            programs: programs()?,
            folder: folder.to_owned(),
            address: ([127, 0, 0, 1], port).into(),
            user,
            purpose,
            disk,
            running: RefCell::default(),
        };
        let mut initdb = postgres.command("initdb");
        initdb.arg("-D").arg(postgres.data());
        initdb.args("-U postgres -A trust -E UTF8 --locale C -N".split(' '));
        if purpose == Purpose::Torture {
            initdb.args(["--wal-segsize", "1"]);
        }
        let made = initdb.output().await.context("initdb")?;
        if !made.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&made.stderr));
        }
        postgres.revive().await?;
        Ok(postgres)
    }

    /// The URL of its database for who reaches it at `address`.
    pub fn url(&self, address: SocketAddr) -> String {
        format!("postgres://postgres@{address}/postgres")
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("postgres.txt")
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = match (&self.disk, self.user) {
            (Some(disk), user) => disk.enter(&program, user),
            (None, Some((user, group))) => {
                let mut command = Command::new(program);
                command.uid(user).gid(group);
                command
            }
            (None, None) => Command::new(program),
        };
        command.env("LC_ALL", "C").current_dir("/");
        command
    }

    /// Starts it unless it runs, and waits until it answers.
    ///
    /// # Errors
    /// When it does not within a minute.
    pub async fn revive(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let runs = self
                .running
                .borrow_mut()
                .as_mut()
                .is_some_and(|program| !program.has_ended());
            if !runs {
                // The last life's memory may not be free yet; then it ends at once and is started again.
                *self.running.borrow_mut() = Some(self.spawn()?);
            }
            if self.query("SELECT 1").await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(10).collect();
        bail!(
            "PostgreSQL does not start; newest first:\n{}",
            lines.join("\n")
        )
    }

    fn spawn(&self) -> anyhow::Result<Program> {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data());
        command.args(["-p", &self.address.port().to_string(), "-k", ""]);
        let small: &[&str] = match self.purpose {
            Purpose::Torture => &[
                "shared_buffers=32MB",
                "max_wal_size=16MB",
                "min_wal_size=4MB",
            ],
            Purpose::Speed => &[],
        };
        let all = ["listen_addresses=127.0.0.1", "max_connections=100"];
        for setting in all.iter().chain(small) {
            command.args(["-c", setting]);
        }
        Program::start(command, &self.log())
    }

    /// Asks it something; the answer's rows as lines, their columns apart by `|`.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn query(&self, statement: &str) -> anyhow::Result<String> {
        let url = self.url(self.address);
        let mut psql = self.command("psql");
        psql.args(["-X", "-A", "-t", "-q", "-c", statement, &url])
            .env("PGCONNECT_TIMEOUT", "2")
            .kill_on_drop(true);
        let answer = tokio::time::timeout(PATIENCE, psql.output())
            .await
            .context("PostgreSQL does not answer")??;
        if !answer.status.success() {
            bail!("psql: {}", String::from_utf8_lossy(&answer.stderr));
        }
        Ok(String::from_utf8(answer.stdout)?)
    }

    /// Kills every process of it at once, as when its machine dies.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn kill(&self) -> anyhow::Result<()> {
        let Some(mut program) = self.running.take() else {
            return Ok(());
        };
        signal(&program, Signal::KILL);
        program.end(Signal::KILL).await
    }

    /// Whether its disk can be made full.
    pub fn has_small_disk(&self) -> bool {
        self.disk.is_some()
    }

    /// Fills its disk for a while, and starts it again if that ended it.
    ///
    /// # Errors
    /// When the disk cannot be resized, or it does not start.
    pub async fn fill_disk(&self, time: Duration) -> anyhow::Result<()> {
        let Some(disk) = &self.disk else {
            return Ok(());
        };
        disk.shrink().await?;
        tokio::time::sleep(time).await;
        disk.grow().await?;
        self.revive().await
    }

    /// Stops every process of it.
    pub fn freeze(&self) {
        if let Some(program) = &*self.running.borrow() {
            // First the one that makes others.
            program.signal(Signal::STOP);
            signal(program, Signal::STOP);
        }
    }

    /// Lets them go on.
    pub fn thaw(&self) {
        if let Some(program) = &*self.running.borrow() {
            signal(program, Signal::CONT);
            program.signal(Signal::CONT);
        }
    }
}

/// Tells the children of the first process; they have groups of their own.
fn signal(program: &Program, what: Signal) {
    let Some(pid) = program.pid() else { return };
    for child in children(pid) {
        let _ = kill_process(child, what);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(program) = &*self.running.borrow() {
            // A frozen child would not see that its parent is gone.
            signal(program, Signal::KILL);
        }
    }
}

/// Where its programs are.
fn programs() -> anyhow::Result<PathBuf> {
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = found.into_iter().rev().map(|(_, place)| place);
    places
        .chain(std::env::split_paths(&path))
        .find(|place| place.join("initdb").is_file())
        .context("PostgreSQL's programs are missing; install postgresql")
}

/// The user that runs it when we are root.
fn unprivileged() -> anyhow::Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    let ids = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let named = fields.next()? == USER;
        let (user, group) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        named.then_some((user, group))
    });
    let ids = ids.with_context(|| {
        format!("PostgreSQL does not run as root, and there is no user `{USER}` to run it as")
    })?;
    Ok(Some(ids))
}
