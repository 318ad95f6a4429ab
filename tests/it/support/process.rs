//! The process of a hub.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The ports a hub may keep over a restart. They lie below the ones that the system gives to outgoing
/// connections: a client that retries could otherwise take the port of the hub it waits for.
const FIXED_PORTS: std::ops::Range<u16> = 12_000..30_000;

/// The command that runs the binary with these settings, `below` another command if any.
pub fn command(
    settings: &BTreeMap<String, String>,
    below: &[String],
    arguments: &[&str],
) -> Command {
    let mut words = below.iter().map(String::as_str);
    let hub = env!("CARGO_BIN_EXE_generic-corp");
    let mut command = Command::new(words.next().unwrap_or(hub));
    command.args(words);
    if !below.is_empty() {
        command.arg(hub);
    }
    command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command.env("NO_COLOR", "1");
    for (key, value) in settings {
        let name = format!("GENERIC_CORP__{}", key.to_uppercase().replace('.', "__"));
        command.env(name, value);
    }
    command
}

/// A port that a hub may keep.
pub fn free_port() -> u16 {
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| rand::random_range(FIXED_PORTS))
        .find(free)
        .expect("a free port")
}

/// What the hub of this folder wrote to stderr.
pub fn read_log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("stderr.txt")).unwrap_or_default()
}

/// Starts a hub: its process, where it listens, and what it wrote up to there.
async fn spawn(
    settings: &BTreeMap<String, String>,
    below: &[String],
    folder: &Path,
) -> (Child, SocketAddr, String) {
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("stderr.txt"));
    let mut child = command(settings, below, &["serve"])
        .stdout(Stdio::piped())
        .stderr(log.expect("a file for stderr"))
        .spawn()
        .expect("the binary runs");
    let stdout = child.stdout.take().expect("stdout is piped");
    let mut lines = BufReader::new(stdout).lines();
    let mut banner = String::new();
    let address = tokio::time::timeout(Duration::from_secs(60), async {
        while let Ok(Some(line)) = lines.next_line().await {
            banner.push_str(&line);
            banner.push('\n');
            if let Some(url) = line.strip_prefix("listening on ") {
                let (_, address) = url.split_once("://")?;
                return address.parse().ok();
            }
        }
        None
    });
    match address.await {
        Ok(Some(address)) => {
            // The pipe stays open, or a later line would end the hub.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            (child, address, banner)
        }
        _ => panic!("the hub did not start:\n{banner}{}", read_log(folder)),
    }
}

/// Starts the nodes of a hub: the first with all settings, the others as `test-2`, `test-3` on any port.
pub async fn spawn_nodes(
    settings: &BTreeMap<String, String>,
    below: &[String],
    folder: &Path,
    count: usize,
) -> (Vec<Child>, Vec<SocketAddr>, String) {
    let (child, address, banner) = spawn(settings, below, folder).await;
    let (mut nodes, mut addresses) = (vec![child], vec![address]);
    for number in 2..=count {
        let mut settings = settings.clone();
        settings.insert("server.node".into(), format!("test-{number}"));
        settings.insert("server.port".into(), "0".into());
        settings.insert("metrics.port".into(), "0".into());
        let (child, address, _) = spawn(&settings, below, folder).await;
        nodes.push(child);
        addresses.push(address);
    }
    (nodes, addresses, banner)
}
