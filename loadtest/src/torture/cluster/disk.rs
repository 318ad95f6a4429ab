//! A small disk of PostgreSQL's own: a file system in memory, in a mount namespace that ends with its holder.

use super::program::Program;
use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// Room for a long run; only what is used takes memory.
const LARGE: &str = "2g";
/// How long mounting may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// See the module.
pub struct Disk {
    /// Keeps the namespace.
    holder: Program,
    folder: PathBuf,
}

impl Disk {
    /// Mounts one at `folder` for this user; `None` where that is not permitted.
    pub async fn mount(folder: &Path, (user, group): (u32, u32), log: &Path) -> Option<Self> {
        let script = format!(
            "mount -t tmpfs -o size={LARGE},mode=700,uid={user},gid={group} tmpfs \"$1\" && \
             echo mounted && exec sleep infinity"
        );
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", &script, "sh"])
            .arg(folder);
        command.stdout(Stdio::piped());
        let mut holder = Program::start(command, log).ok()?;
        let mut lines = BufReader::new(holder.child().stdout.take()?).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        let mounted = line.ok()?.ok()?? == "mounted";
        mounted.then(|| Self {
            holder,
            folder: folder.to_owned(),
        })
    }

    /// The command that runs a program where the disk is seen, as this user.
    pub fn enter(&self, program: &Path, user: Option<(u32, u32)>) -> Command {
        let mut command = Command::new("nsenter");
        let pid = self.holder.pid().map(|pid| pid.as_raw_nonzero().get());
        command.args(["--target", &pid.unwrap_or(0).to_string(), "--mount"]);
        if let Some((user, group)) = user {
            command.args([
                "--setuid",
                &user.to_string(),
                "--setgid",
                &group.to_string(),
            ]);
        }
        command.arg("--").arg(program);
        command
    }

    /// Leaves no space on it.
    ///
    /// # Errors
    /// When its size cannot be changed.
    pub async fn shrink(&self) -> anyhow::Result<()> {
        // It is being written, and cannot be made smaller than what is on it.
        self.resize(
            "for try in 1 2 3 4 5 6 7 8 9 10; do
               used=$(df --output=used -k \"$1\" | tail -n 1)
               mount -o remount,size=$((used + 16))k tmpfs \"$1\" && exit
             done
             exit 1",
        )
        .await
    }

    /// Makes space again.
    ///
    /// # Errors
    /// When its size cannot be changed.
    pub async fn grow(&self) -> anyhow::Result<()> {
        self.resize(&format!("mount -o remount,size={LARGE} tmpfs \"$1\""))
            .await
    }

    async fn resize(&self, script: &str) -> anyhow::Result<()> {
        let mut command = self.enter(Path::new("sh"), None);
        let command = command.args(["-c", script, "sh"]).arg(&self.folder);
        let output = command.output().await.context("nsenter")?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            bail!("the size of PostgreSQL's disk cannot be changed: {words}");
        }
        Ok(())
    }
}
