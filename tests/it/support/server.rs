//! A hub of one test: the real binary, on a port and a file of its own.

use super::cluster::{Front, NODES};
use super::database;
use super::process::{command, free_port, read_log, spawn_nodes};
use super::rest::Rest;
use super::socket::Socket;
use super::wait::within;
use generic_corp_protocol::rest::{NewApiKeySecret, Session};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use tokio::process::{Child, Command};

/// The administrator that every test hub begins with.
pub const EMAIL: &str = "ada@example.com";
/// Her password.
pub const PASSWORD: &str = "correct horse battery staple";

/// Settings for a hub that was not started yet.
pub struct Builder {
    settings: BTreeMap<String, String>,
    folder: tempfile::TempDir,
    /// The command that it is run by, if any.
    below: Vec<String>,
    nodes: usize,
}

/// A running hub; it ends with the test, and what it wrote is shown when the test fails.
pub struct TestServer {
    settings: BTreeMap<String, String>,
    folder: tempfile::TempDir,
    below: Vec<String>,
    /// Its nodes; the first is the one that is asked for its memory, its log and its metrics.
    nodes: Vec<Child>,
    /// What leads to several nodes.
    front: Option<Front>,
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
            nodes: if database::is_cluster() { NODES } else { 1 },
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

    /// One node, also where the run is of a cluster: for tests that look at a process, or cut it off.
    pub fn alone(mut self) -> Self {
        self.nodes = 1;
        self
    }

    /// Stores in a file also where the run has a PostgreSQL: for tests that look into the file.
    pub fn on_sqlite(self) -> Self {
        let file = database::file(self.folder());
        let mut alone = self.alone().with("database.url", file);
        alone.settings.remove("redis.url");
        alone
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
        database::make(&self.settings["database.url"]).await;
        let Self {
            settings,
            folder,
            below,
            nodes,
        } = self;
        let (nodes, addresses, banner) = spawn_nodes(&settings, &below, folder.path(), nodes).await;
        let mut address = addresses[0];
        let mut front = None;
        if nodes.len() > 1 {
            let listening = Front::of(addresses).await;
            address = listening.address;
            front = Some(listening);
        }
        TestServer {
            settings,
            folder,
            below,
            nodes,
            front,
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
        self.another_node_with(name, &[]).await
    }

    /// One more node on the same database, with these settings of its own.
    pub async fn another_node_with(&self, name: &str, changes: &[(&str, &str)]) -> Self {
        let mut builder = Builder::new().alone();
        for shared in [
            "database.url",
            "redis.url",
            "redis.prefix",
            "tenancy.plans_file",
            "tenancy.default_plan",
        ] {
            if let Some(value) = self.settings.get(shared) {
                builder = builder.with(shared, value);
            }
        }
        for (key, value) in changes {
            builder = builder.with(key, value);
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
        self.nodes[0].id().expect("the hub runs")
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
        for node in &mut self.nodes {
            node.kill().await.expect("the hub is killed");
        }
    }

    /// Asks it to stop: SIGTERM.
    pub fn terminate(&self) {
        let ids = self.nodes.iter().filter_map(Child::id);
        let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
        let sent = std::process::Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", ids.join(" "))])
            .status();
        assert!(sent.expect("sh runs").success(), "SIGTERM is sent");
    }

    /// How it ended.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut first = None;
        for node in &mut self.nodes {
            let status = within("the hub ends", node.wait()).await;
            let status = status.expect("it was started");
            first.get_or_insert(status);
        }
        first.expect("a node")
    }

    /// Changes a setting for the next [`TestServer::restart`]; says what it was.
    pub fn set(&mut self, key: &str, value: impl Into<String>) -> Option<String> {
        self.settings.insert(key.to_owned(), value.into())
    }

    /// Starts it again on the same file, and on the same port if it has a fixed one.
    pub async fn restart(&mut self) {
        if self.nodes.iter().any(|node| node.id().is_some()) {
            self.kill().await;
        }
        let (settings, folder) = (&self.settings, self.folder.path());
        let count = self.nodes.len();
        let (nodes, addresses, banner) = spawn_nodes(settings, &self.below, folder, count).await;
        (self.nodes, self.banner) = (nodes, banner);
        match &self.front {
            Some(front) => front.lead_to(addresses),
            None => self.address = addresses[0],
        }
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
        for node in &mut self.nodes {
            let _ = node.start_kill();
        }
        if std::thread::panicking() {
            eprintln!(
                "--- the hub at {} wrote ---\n{}---",
                self.address,
                self.log()
            );
        }
    }
}
