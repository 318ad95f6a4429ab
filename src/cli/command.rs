//! A command whose output is streamed: its own group of processes, one pipe for all it prints.

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::IsTerminal as _;
use std::os::fd::OwnedFd;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};

/// Between the polite and the final signal.
const GRACE: Duration = Duration::from_secs(5);

/// A running command.
#[derive(Debug)]
pub struct Running {
    child: Child,
    group: Option<Pid>,
}

impl Running {
    /// Starts it. Output and errors come in the order they were written.
    pub fn start(program: &str, args: &[String]) -> anyhow::Result<(Self, pipe::Receiver)> {
        let mut command = Command::new(program);
        command.args(args);
        // Outside of the terminal's own group, a read from the terminal would stop the command.
        if std::io::stdin().is_terminal() {
            command.stdin(Stdio::null());
        }
        Self::spawn(command).with_context(|| format!("cannot run `{program}`"))
    }

    /// Starts what `command` says, as [`start`](Self::start) does.
    pub fn spawn(mut command: Command) -> anyhow::Result<(Self, pipe::Receiver)> {
        let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
        command
            .stdout(writer.try_clone().context("cannot share a pipe")?)
            .stderr(writer)
            // Signals reach the command and all it starts, and nobody else.
            .process_group(0)
            .kill_on_drop(true);
        let child = command.spawn()?;
        let group = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        let output = pipe::Receiver::from_owned_fd(OwnedFd::from(reader))
            .context("cannot read from the command")?;
        Ok((Self { child, group }, output))
    }

    /// Waits for its end. Safe to cancel.
    pub async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Stops it and all it started: politely, after 5 s finally.
    pub async fn stop(&mut self) -> std::io::Result<ExitStatus> {
        self.signal(Signal::TERM);
        let ended = tokio::time::timeout(GRACE, self.child.wait()).await;
        // Also what is left of the group when the command itself went.
        self.signal(Signal::KILL);
        match ended {
            Ok(status) => status,
            Err(_) => self.child.wait().await,
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // Nobody left in the group is no error.
            let _ = kill_process_group(group, signal);
        }
    }
}

/// The status of a shell for a command that could not be started.
pub fn failure(error: &anyhow::Error) -> u8 {
    let cause = error.downcast_ref::<std::io::Error>();
    match cause.map(std::io::Error::kind) {
        Some(std::io::ErrorKind::NotFound) => 127,
        _ => 126,
    }
}

/// The status as a shell tells it: 128 and the signal, when one ended it.
pub fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(1)
}
