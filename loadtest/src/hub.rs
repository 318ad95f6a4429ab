//! A private hub: started on a port and a database of its own, asked for its counters, stopped.

use crate::args::{Durability, Private};
use crate::process::Process;
use anyhow::{Context as _, bail};
use rand::Rng as _;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// How long a private hub may take to start, and to stop.
const PATIENCE: Duration = Duration::from_secs(60);
/// Ports for metrics lie below those that the system gives to outgoing connections.
const METRICS_PORTS: std::ops::Range<u16> = 12_000..30_000;
/// The administrator of a private hub.
pub const EMAIL: &str = "loadtest@example.com";
/// Nothing that a load test measures is capped by the plan.
pub const PLAN: &str = "[loadtest]\nname = \"Load test\"\nprice_usd_per_month = 0\n\
    messages_per_second = 100_000_000\nmessage_burst = 100_000_000\n\
    bytes_per_second = 100_000_000_000\nbyte_burst = 100_000_000_000\n\
    messages_per_hour = 1_000_000_000_000\nconnections = 1_000_000\nrooms = 1_000_000\nagents = 1_000_000\n";

/// A private hub.
pub struct Hub {
    child: Child,
    folder: tempfile::TempDir,
    /// Where it listens.
    pub address: SocketAddr,
    metrics: String,
    password: String,
}

impl Hub {
    /// Starts one on a port and a database of its own.
    ///
    /// # Errors
    /// When there is no program, or it does not start; with its last words.
    pub async fn start(program: Option<&Path>, durability: Durability) -> anyhow::Result<Self> {
        let program = find(program)?;
        let folder = tempfile::Builder::new().prefix("loadtest-").tempdir()?;
        let password = format!("{:032x}", rand::rng().random::<u128>());
        let port = free_port().context("no free port for the hub's metrics")?;
        std::fs::write(plans(folder.path()), PLAN)?;
        let log = std::fs::File::create(folder.path().join("stderr.txt"))?;
        let mut child = private(
            &program,
            settings(folder.path(), durability, port, &password),
        )
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .with_context(|| format!("{} cannot be started", program.display()))?;
        let Some(address) = tokio::time::timeout(PATIENCE, listening(&mut child))
            .await
            .ok()
            .flatten()
        else {
            bail!("the hub did not start:\n{}", last_words(folder.path()));
        };
        let metrics = format!("http://127.0.0.1:{port}/metrics");
        Ok(Self {
            child,
            folder,
            address,
            metrics,
            password,
        })
    }

    /// The same with the settings of a run.
    ///
    /// # Errors
    /// See [`Hub::start`].
    pub async fn of(options: &Private) -> anyhow::Result<Self> {
        Self::start(options.hub.as_deref(), options.durability).await
    }

    /// E-mail address and password of its administrator.
    pub fn administrator(&self) -> (&str, &str) {
        (EMAIL, &self.password)
    }

    /// Its database file.
    pub fn database(&self) -> PathBuf {
        database(self.folder.path())
    }

    /// What it has counted so far.
    ///
    /// # Errors
    /// When it is gone.
    pub async fn counters(&self) -> anyhow::Result<Counters> {
        Counters::at(&self.metrics).await
    }

    /// Its process.
    ///
    /// # Errors
    /// When it is gone.
    pub fn process(&self) -> anyhow::Result<Process> {
        self.child
            .id()
            .map(Process)
            .with_context(|| format!("the hub is gone:\n{}", last_words(self.folder.path())))
    }

    /// Stops it in order. Gives the folder of its database, which lives as long as it is held.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn stop(mut self) -> anyhow::Result<tempfile::TempDir> {
        if let Some(pid) = self
            .child
            .id()
            .and_then(|pid| rustix::process::Pid::from_raw(pid as i32))
        {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        }
        let status = tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .context("the hub does not stop")??;
        if !status.success() {
            bail!(
                "the hub ended with {status}:\n{}",
                last_words(self.folder.path())
            );
        }
        Ok(self.folder)
    }
}

/// The database in the folder of a private hub.
pub fn database(folder: &Path) -> PathBuf {
    folder.join("hub.db")
}

fn plans(folder: &Path) -> PathBuf {
    folder.join("plans.toml")
}

/// What differs from the defaults.
fn settings(
    folder: &Path,
    durability: Durability,
    metrics: u16,
    password: &str,
) -> [(&'static str, String); 11] {
    [
        ("SERVER__PORT", "0".to_owned()),
        ("SERVER__DRAIN_SECONDS", "1".to_owned()),
        ("METRICS__PORT", metrics.to_string()),
        (
            "DATABASE__URL",
            format!("sqlite:{}", database(folder).display()),
        ),
        ("DATABASE__DURABILITY", durability.name().to_owned()),
        ("TENANCY__PLANS_FILE", plans(folder).display().to_string()),
        ("TENANCY__DEFAULT_PLAN", "loadtest".to_owned()),
        ("AUTH__BCRYPT_COST", "4".to_owned()),
        ("BOOTSTRAP__EMAIL", EMAIL.to_owned()),
        ("BOOTSTRAP__PASSWORD", password.to_owned()),
        ("LOG_OUTPUT__FORMAT", "pretty".to_owned()),
    ]
}

/// The command that serves with these settings alone.
pub fn private<const N: usize>(program: &Path, settings: [(&'static str, String); N]) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        // Settings meant for a hub of the user's own are not for this one.
        if name.to_string_lossy().starts_with("GENERIC_CORP_") {
            command.env_remove(name);
        }
    }
    command.envs(settings.map(|(key, value)| (format!("GENERIC_CORP__{key}"), value)));
    command
        .arg("serve")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// The program: as named, or beside this one.
pub fn find(program: Option<&Path>) -> anyhow::Result<PathBuf> {
    let program = match program {
        Some(program) => program.to_owned(),
        None => std::env::current_exe()?.with_file_name("generic-corp"),
    };
    if program.is_file() {
        return Ok(program);
    }
    let shown = program.display();
    bail!(
        "there is no hub at {shown}; build it (`cargo build`, with `--release` for figures) or name it with --hub or GENERIC_CORP_BIN"
    )
}

/// A port that is free, and is not given to outgoing connections.
pub fn free_port() -> Option<u16> {
    let mut ports = std::iter::repeat_with(|| rand::rng().random_range(METRICS_PORTS)).take(100);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
}

/// The address that a hub says it listens on; `None` when it ends before.
pub async fn listening(child: &mut Child) -> Option<SocketAddr> {
    let mut lines = BufReader::new(child.stdout.take()?).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(address) = line.strip_prefix("listening on http://") {
            // The pipe stays open, or a later line would end the hub.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return address.parse().ok();
        }
    }
    None
}

/// The end of what a hub wrote to its `stderr.txt`.
pub fn last_words(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("stderr.txt")).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// A hub's own counters.
#[derive(Clone, Debug)]
pub struct Counters(BTreeMap<String, f64>);

impl Counters {
    /// Of the hub whose metrics are at this URL.
    ///
    /// # Errors
    /// When it is gone.
    pub async fn at(url: &str) -> anyhow::Result<Self> {
        let answer = reqwest::get(url).await?.error_for_status()?;
        Ok(Self::parse(&answer.text().await?))
    }

    /// From Prometheus' text format; of what has labels nothing is taken.
    fn parse(text: &str) -> Self {
        let plain = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.contains('{'));
        let pairs = plain.filter_map(|line| line.split_once(' '));
        let numbers =
            pairs.filter_map(|(name, value)| Some((name.to_owned(), value.trim().parse().ok()?)));
        Self(numbers.collect())
    }

    /// How far a counter went since then.
    pub fn since(&self, then: &Self, name: &str) -> f64 {
        let count = |counters: &Self| counters.0.get(name).copied().unwrap_or(0.0);
        count(self) - count(then)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_and_labels_left() {
        let text = "# TYPE a counter\na_total 5\nb{quantile=\"0.5\"} 3\nb_sum 12.5\nb_count 4\n";
        let (none, counters) = (Counters::parse(""), Counters::parse(text));
        let count = |name: &str| counters.since(&none, name);
        assert_eq!(
            (count("a_total"), count("b_sum"), counters.0.len()),
            (5.0, 12.5, 3)
        );
    }
}
