//! A hub of one test: the real binary, on a port and a file of its own.

use super::database;
use super::rest::Rest;
use super::socket::Socket;
use super::wait::within;
use generic_corp_protocol::rest::{NewApiKeySecret, Session};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The administrator that every test hub begins with.
pub const EMAIL: &str = "ada@example.com";
/// Her password.
pub const PASSWORD: &str = "correct horse battery staple";

/// The ports a hub may keep over a restart. They lie below the ones that the system gives to outgoing
/// connections: a client that retries could otherwise take the port of the hub it waits for.
const FIXED_PORTS: std::ops::Range<u16> = 12_000..30_000;

/// Settings for a hub that was not started yet.
pub struct Builder {
    settings: BTreeMap<String, String>,
    folder: tempfile::TempDir,
    /// The command that it is run by, if any.
    below: Vec<String>,
}

/// A running hub; it ends with the test, and what it wrote is shown when the test fails.
pub struct TestServer {
    settings: BTreeMap<String, String>,
    folder: tempfile::TempDir,
    below: Vec<String>,
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Everything it wrote to stdout up to the line that scripts wait for.
    pub banner: String,
}

/// An agent's API key.
pub type Key = String;

impl Builder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = database::url(folder.path());
        let settings = [
            ("server.port", "0"),
            ("server.workers", "2"),
            ("server.drain_seconds", "1"),
            ("server.node", "test"),
            ("metrics.port", "0"),
            ("database.url", &database),
            ("auth.secret", "0123456789abcdef0123456789abcdef"),
            ("auth.bcrypt_cost", "4"),
            ("bootstrap.email", EMAIL),
            ("bootstrap.password", PASSWORD),
            ("log_output.format", "pretty"),
            ("log_output.filter", "info"),
        ];
        let settings = settings.map(|(key, value)| (key.into(), value.into()));
        let mut builder = Self {
            settings: settings.into(),
            folder,
            below: Vec::new(),
        };
        if let Some(redis) = database::redis() {
            let prefix = database.rsplit('/').next().expect("a database");
            builder = builder
                .with("redis.prefix", prefix)
                .with("redis.url", redis);
        }
        builder
    }

    /// Runs it by this command, which must become the hub in the end (`exec`).
    pub fn below(mut self, command: &[&str]) -> Self {
        self.below = command.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// Stores in a file also where the run has a PostgreSQL: for tests that look into the file.
    pub fn on_sqlite(self) -> Self {
        let file = database::file(self.folder());
        self.with("database.url", file)
    }

    /// Sets what `config/default.toml` calls `key`.
    pub fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.settings.insert(key.to_owned(), value.to_string());
        self
    }

    /// Sells the default plan with these changes, for instance `("message_burst", 3)`.
    pub fn with_plan(self, changes: &[(&str, u64)]) -> Self {
        let mut plan = BTreeMap::from([
            ("price_usd_per_month", 0),
            ("messages_per_second", 1_000_000),
            ("message_burst", 10_000_000),
            ("bytes_per_second", 1 << 32),
            ("byte_burst", 1 << 32),
            ("messages_per_hour", 1 << 32),
            ("connections", 10_000),
            ("rooms", 10_000),
            ("agents", 10_000),
        ]);
        plan.extend(changes.iter().copied());
        let mut text = "[tested]\nname = \"Tested\"\n".to_owned();
        for (key, value) in plan {
            text.push_str(&format!("{key} = {value}\n"));
        }
        let file = self.folder.path().join("plans.toml");
        std::fs::write(&file, text).expect("the plans are written");
        self.with("tenancy.plans_file", file.display())
            .with("tenancy.default_plan", "tested")
    }

    /// Gives it a port that it keeps over [`TestServer::restart`].
    pub fn with_fixed_port(self) -> Self {
        self.with("server.port", free_port())
    }

    /// Serves its metrics, for [`TestServer::metric`].
    pub fn with_metrics(self) -> Self {
        self.with("metrics.port", free_port())
    }

    /// The folder of its database.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The command that runs the binary with these settings.
    pub fn command(&self, arguments: &[&str]) -> Command {
        command(&self.settings, &[], arguments)
    }

    /// Starts it and waits until it listens.
    pub async fn start(self) -> TestServer {
        let Self {
            settings,
            folder,
            below,
        } = self;
        database::make(&settings["database.url"]).await;
        let (child, address, banner) = spawn(&settings, &below, folder.path()).await;
        TestServer {
            settings,
            folder,
            below,
            child,
            address,
            banner,
        }
    }
}

impl TestServer {
    /// A hub with the settings of every test.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Settings to change before it starts.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// One more node on the same database.
    pub async fn another_node(&self, name: &str) -> Self {
        let mut builder = Builder::new();
        for shared in ["database.url", "redis.url", "redis.prefix"] {
            if let Some(value) = self.settings.get(shared) {
                builder = builder.with(shared, value);
            }
        }
        builder.with("server.node", name).start().await
    }

    /// `http://address` and `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The folder of its database.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its database.
    pub fn database(&self) -> PathBuf {
        let url = &self.settings["database.url"];
        PathBuf::from(url.trim_start_matches("sqlite:"))
    }

    /// The command that runs the binary once more with the same settings.
    pub fn command(&self, arguments: &[&str]) -> Command {
        command(&self.settings, &[], arguments)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("the hub runs")
    }

    /// Its resident memory, in bytes.
    pub fn resident_bytes(&self) -> u64 {
        let path = format!("/proc/{}/statm", self.pid());
        let text = std::fs::read_to_string(path).expect("the hub runs");
        let pages = text
            .split(' ')
            .nth(1)
            .and_then(|pages| pages.parse::<u64>().ok());
        pages.expect("statm has a second number") * 4096
    }

    /// Ends it as a power cut would: SIGKILL.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("the hub is killed");
    }

    /// Asks it to stop: SIGTERM.
    pub fn terminate(&self) {
        let sent = std::process::Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", self.pid())])
            .status();
        assert!(sent.expect("sh runs").success(), "SIGTERM is sent");
    }

    /// How it ended.
    pub async fn ended(&mut self) -> ExitStatus {
        within("the hub ends", self.child.wait())
            .await
            .expect("it was started")
    }

    /// Starts it again on the same file, and on the same port if it has a fixed one.
    pub async fn restart(&mut self) {
        if self.child.id().is_some() {
            self.kill().await;
        }
        let (settings, folder) = (&self.settings, self.folder.path());
        (self.child, self.address, self.banner) = spawn(settings, &self.below, folder).await;
    }

    /// Its metrics, as they are scraped.
    pub async fn metrics(&self) -> String {
        let url = format!("http://127.0.0.1:{}", self.settings["metrics.port"]);
        Rest::new(url, None).get("/metrics").await.text()
    }

    /// What a metric stands at; its labels belong to the name.
    pub async fn metric(&self, name: &str) -> f64 {
        let text = self.metrics().await;
        let mut lines = text.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or_default()
    }

    /// What it has written to stderr so far.
    pub fn log(&self) -> String {
        read_log(self.folder.path())
    }

    /// Somebody without credentials.
    pub fn anybody(&self) -> Rest {
        Rest::new(self.url("/api/v1"), None)
    }

    /// The administrator, signed in.
    pub async fn admin(&self) -> Rest {
        let login = json!({ "email": EMAIL, "password": PASSWORD });
        let session: Session = self.anybody().post("/auth/login", &login).await.ok();
        Rest::new(self.url("/api/v1"), Some(session.access_token))
    }

    /// A key for the agent `name`, which is made where there is none.
    pub async fn key(&self, name: &str) -> Key {
        self.key_with(json!({ "agent": name })).await
    }

    /// A key made of this body.
    pub async fn key_with(&self, body: serde_json::Value) -> Key {
        let made: NewApiKeySecret = self
            .admin()
            .await
            .post("/workspaces/main/keys", &body)
            .await
            .ok();
        made.secret
    }

    /// Makes a room.
    pub async fn room(&self, name: &str) {
        let body = json!({ "name": name });
        let _: serde_json::Value = self
            .admin()
            .await
            .post("/workspaces/main/rooms", &body)
            .await
            .ok();
    }

    /// The agent `name` on an authenticated socket.
    pub async fn agent(&self, name: &str) -> Socket {
        self.connect(&self.key(name).await).await
    }

    /// An authenticated socket.
    pub async fn connect(&self, token: &str) -> Socket {
        Socket::connect(self.address, token).await
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        // It is gone already when the test killed it.
        let _ = self.child.start_kill();
        if std::thread::panicking() {
            eprintln!(
                "--- the hub at {} wrote ---\n{}---",
                self.address,
                self.log()
            );
        }
    }
}

fn command(settings: &BTreeMap<String, String>, below: &[String], arguments: &[&str]) -> Command {
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

fn free_port() -> u16 {
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| rand::random_range(FIXED_PORTS))
        .find(free)
        .expect("a free port")
}

fn read_log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("stderr.txt")).unwrap_or_default()
}

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
            if let Some(address) = line.strip_prefix("listening on http://") {
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
