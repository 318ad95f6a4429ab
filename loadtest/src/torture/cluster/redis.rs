//! A private Redis, which keeps nothing: killed, frozen, started again empty.

use super::program::Program;
use crate::hub::free_port;
use anyhow::{Context as _, bail};
use rustix::process::Signal;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// See the module.
pub struct Redis {
    folder: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    running: RefCell<Option<Program>>,
}

impl Redis {
    /// Starts it.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        let port = free_port().context("no free port for Redis")?;
        let redis = Self {
            folder: folder.to_owned(),
            address: ([127, 0, 0, 1], port).into(),
            running: RefCell::default(),
        };
        redis.revive().await?;
        Ok(redis)
    }

    /// Starts it unless it runs, and waits until it answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn revive(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let runs = self
                .running
                .borrow_mut()
                .as_mut()
                .is_some_and(|program| !program.has_ended());
            if !runs {
                let program = self
                    .spawn()
                    .context("install redis-server, or say --without-redis")?;
                *self.running.borrow_mut() = Some(program);
            }
            if self.answers().await.is_ok_and(|answers| answers) {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        bail!("Redis does not start; see {}", self.log().display())
    }

    async fn answers(&self) -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(b"PING\r\n").await?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await?;
        Ok(&answer == b"+PONG")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("redis.txt")
    }

    fn spawn(&self) -> anyhow::Result<Program> {
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.address.port().to_string()]);
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.arg("--dir").arg(&self.folder);
        command.stdout(Stdio::null());
        Program::start(command, &self.log())
    }

    /// Kills it.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn kill(&self) -> anyhow::Result<()> {
        match self.running.take() {
            Some(mut program) => program.end(Signal::KILL).await,
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

    fn signal(&self, signal: Signal) {
        if let Some(program) = &*self.running.borrow() {
            program.signal(signal);
        }
    }
}
