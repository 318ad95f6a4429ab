//! A Redis of one test: started on a free port, killed, started again with nothing in it.

use super::process::free_port;
use super::wait::eventually;
use std::process::Stdio;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// See the module; it ends with the test.
pub struct Redis {
    port: u16,
    folder: tempfile::TempDir,
    child: Child,
}

impl Redis {
    /// Starts one.
    pub async fn start() -> Self {
        let (port, folder) = (free_port(), tempfile::tempdir().expect("a folder"));
        let child = spawn(port, folder.path());
        let redis = Self {
            port,
            folder,
            child,
        };
        redis.answers().await;
        redis
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
        self.child = spawn(self.port, self.folder.path());
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

fn spawn(port: u16, folder: &std::path::Path) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(folder)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("redis-server runs")
}
