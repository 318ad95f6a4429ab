//! A Redis of one test: started on a free port, killed, started again with nothing in it.

use super::process::free_port;
use super::wait::eventually;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// See the module; it ends with the test.
pub struct Redis {
    port: u16,
    folder: tempfile::TempDir,
    arguments: Vec<String>,
    child: Child,
}

impl Redis {
    /// Starts one.
    pub async fn start() -> Self {
        let redis = Self::start_with(free_port(), &["--save", "", "--appendonly", "no"]);
        redis.answers().await;
        redis
    }

    /// Starts one that follows another.
    pub async fn start_replica_of(master: &Self) -> Self {
        let follow = ["--replicaof", "127.0.0.1", &master.port.to_string()];
        let redis = Self::start_with(free_port(), &follow);
        redis.answers().await;
        eventually("the replica has everything", async || {
            let said = redis.say("INFO replication").await.ok()?;
            said.contains("master_link_status:up").then_some(())
        })
        .await;
        redis
    }

    /// Starts a sentinel that knows this one as `main`, and takes it for dead after half a second.
    pub async fn start_sentinel_of(master: &Self) -> Self {
        let port = free_port();
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("sentinel.conf");
        let settings = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n",
            master.port
        );
        std::fs::write(&file, settings).expect("written");
        let mut command = Command::new("redis-server");
        let child = quiet(command.arg(&file).arg("--sentinel"));
        let sentinel = Self {
            port,
            folder,
            arguments: Vec::new(),
            child,
        };
        eventually("the sentinel knows the replica", async || {
            let said = sentinel.say("SENTINEL replicas main").await.ok()?;
            said.contains("master-link-status").then_some(())
        })
        .await;
        sentinel
    }

    /// Starts one that speaks TLS alone, with these files for key, certificate and authority.
    pub async fn start_tls(key: &Path, certificate: &Path, authority: &Path) -> Self {
        let port = free_port();
        let words = [
            ("--tls-port", port.to_string()),
            ("--tls-key-file", key.display().to_string()),
            ("--tls-cert-file", certificate.display().to_string()),
            ("--tls-ca-cert-file", authority.display().to_string()),
            ("--tls-auth-clients", "no".into()),
        ];
        let words: Vec<&str> = words
            .iter()
            .flat_map(|(name, word)| [*name, word])
            .collect();
        let mut redis = Self::start_with(0, &words);
        redis.port = port;
        eventually("Redis listens", async || {
            TcpStream::connect(redis.address()).await.ok()
        })
        .await;
        redis
    }

    fn start_with(port: u16, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        let child = spawn(port, folder.path(), &arguments);
        Self {
            port,
            folder,
            arguments,
            child,
        }
    }

    /// `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends it as a power cut would.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("Redis is killed");
    }

    /// Starts it again, without what it held.
    pub async fn restart(&mut self) {
        self.child = spawn(self.port, self.folder.path(), &self.arguments);
        self.answers().await;
    }

    /// Says a line to it; what it answers at once.
    pub async fn say(&self, line: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address()).await?;
        stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        let mut answer = vec![0; 4096];
        let count = stream.read(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer[..count]).into_owned())
    }

    async fn answers(&self) {
        let pong = async || {
            self.say("PING")
                .await
                .ok()
                .filter(|said| said == "+PONG\r\n")
        };
        eventually("Redis answers", pong).await;
    }
}

fn spawn(port: u16, folder: &Path, arguments: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir"])
        .arg(folder)
        .args(arguments);
    quiet(&mut command)
}

fn quiet(command: &mut Command) -> Child {
    command
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("redis-server runs")
}
