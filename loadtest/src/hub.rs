//! The hub under load: one that runs already, or a private one; its processor time, memory and counters.

use crate::args::{Durability, Private};
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
const EMAIL: &str = "loadtest@example.com";
/// Nothing that a load test measures is capped by the plan.
const PLAN: &str = "[loadtest]\nname = \"Load test\"\nprice_usd_per_month = 0\n\
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
        let plans = folder.path().join("plans.toml");
        std::fs::write(&plans, PLAN)?;
        let log = std::fs::File::create(folder.path().join("stderr.txt"))?;
        let mut command = Command::new(&program);
        for (name, _) in std::env::vars_os() {
            // Settings meant for a hub of the user's own are not for this one.
            if name.to_string_lossy().starts_with("GENERIC_CORP_") {
                command.env_remove(name);
            }
        }
        let settings = [
            ("SERVER__PORT", "0".to_owned()),
            ("METRICS__PORT", port.to_string()),
            (
                "DATABASE__URL",
                format!("sqlite:{}", database(folder.path()).display()),
            ),
            ("DATABASE__DURABILITY", durability.name().to_owned()),
            ("TENANCY__PLANS_FILE", plans.display().to_string()),
            ("TENANCY__DEFAULT_PLAN", "loadtest".to_owned()),
            ("AUTH__BCRYPT_COST", "4".to_owned()),
            ("BOOTSTRAP__EMAIL", EMAIL.to_owned()),
            ("BOOTSTRAP__PASSWORD", password.clone()),
            ("SERVER__DRAIN_SECONDS", "1".to_owned()),
            ("LOG_OUTPUT__FORMAT", "pretty".to_owned()),
        ];
        command.envs(settings.map(|(key, value)| (format!("GENERIC_CORP__{key}"), value)));
        let mut child = command
            .arg("serve")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
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
        let text = reqwest::get(&self.metrics)
            .await?
            .error_for_status()?
            .text()
            .await?;
        Ok(Counters::parse(&text))
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

/// The program: as named, or beside this one.
fn find(program: Option<&Path>) -> anyhow::Result<PathBuf> {
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

fn free_port() -> Option<u16> {
    let mut ports = std::iter::repeat_with(|| rand::rng().random_range(METRICS_PORTS)).take(100);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
}

async fn listening(child: &mut Child) -> Option<SocketAddr> {
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

fn last_words(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("stderr.txt")).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// A process, as the kernel accounts for it.
#[derive(Clone, Copy, Debug)]
pub struct Process(pub u32);

impl Process {
    /// The processor time that its threads have used.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn cpu(self) -> anyhow::Result<Cpu> {
        let mut threads = BTreeMap::new();
        for entry in
            std::fs::read_dir(format!("/proc/{}/task", self.0)).context("the process is gone")?
        {
            let path = entry?.path();
            let read = |name: &str| std::fs::read_to_string(path.join(name));
            // A thread may end while we look.
            let (Ok(name), Ok(stat)) = (read("comm"), read("schedstat")) else {
                continue;
            };
            let ns: u64 = stat
                .split(' ')
                .next()
                .and_then(|ns| ns.parse().ok())
                .unwrap_or(0);
            *threads.entry(name.trim().to_owned()).or_default() += ns;
        }
        Ok(Cpu(threads))
    }

    /// Resident memory in bytes.
    pub fn resident_bytes(self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim()
            .strip_suffix(" kB")?
            .trim()
            .parse::<u64>()
            .ok()
            .map(|kib| kib * 1024)
    }
}

/// Processor time in nanoseconds, by name of thread.
#[derive(Clone, Debug)]
pub struct Cpu(BTreeMap<String, u64>);

impl Cpu {
    /// Microseconds since then.
    pub fn us_since(&self, then: &Self) -> f64 {
        let total = |cpu: &Self| cpu.0.values().sum::<u64>() as f64 / 1e3;
        total(self) - total(then)
    }

    /// Microseconds of the threads of this name since then.
    pub fn thread_us_since(&self, then: &Self, name: &str) -> f64 {
        let time = |cpu: &Self| cpu.0.get(name).copied().unwrap_or(0) as f64 / 1e3;
        time(self) - time(then)
    }
}

/// A hub's own counters.
#[derive(Clone, Debug)]
pub struct Counters(BTreeMap<String, f64>);

impl Counters {
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

    #[test]
    fn this_process_has_memory_and_threads() {
        let process = Process(std::process::id());
        assert!(process.resident_bytes().is_some_and(|bytes| bytes > 0));
        let before = process.cpu().expect("it runs");
        assert!(process.cpu().expect("it runs").us_since(&before) >= 0.0);
    }
}
