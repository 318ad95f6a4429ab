//! The command line as people and scripts use it: what is printed where, and the exit status.

mod operator;
mod room;
mod stream;

use crate::support::wait::within;
use crate::support::{PATIENCE, TestServer};
use std::process::{Output, Stdio};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// A command that speaks to this hub with this key.
fn client(hub: &TestServer, key: &str, arguments: &[&str]) -> Command {
    let mut command = hub.command(arguments);
    command
        .env("GENERIC_CORP_URL", hub.url(""))
        .env("GENERIC_CORP_API_KEY", key)
        .env_remove("GENERIC_CORP_WORKSPACE");
    command
}

/// How a command ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("what is printed is text");
        Self {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl Ended {
    /// What was printed, when all went well.
    #[track_caller]
    fn good(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    /// What was said, in one sentence, when it did not.
    #[track_caller]
    fn failed(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(1), ""), "{self:?}");
        let sentence = self
            .err
            .strip_prefix("generic-corp: ")
            .unwrap_or_else(|| panic!("{self:?}"));
        assert_eq!(sentence.trim_end().lines().count(), 1, "{sentence}");
        sentence.to_owned()
    }

    /// What was said about a wrong use.
    #[track_caller]
    fn misused(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(2), ""), "{self:?}");
        self.err
    }
}

async fn run(command: &mut Command) -> Ended {
    within("the command ends", command.output())
        .await
        .expect("the binary runs")
        .into()
}

async fn run_with_input(command: &mut Command, input: &[u8]) -> Ended {
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the binary runs");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // A command that needs no input may be gone already.
    let _ = stdin.write_all(input).await;
    drop(stdin);
    within("the command ends", child.wait_with_output())
        .await
        .expect("it ran")
        .into()
}

/// A command that runs until it is told to stop.
struct Running {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
    err: Lines<BufReader<ChildStderr>>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("the binary runs");
        let out = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let err = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
        Self { child, out, err }
    }

    /// The next line it prints.
    async fn line(&mut self) -> String {
        let line = within("a line of output", self.out.next_line()).await;
        line.expect("text").expect("it still runs")
    }

    /// The next line it says on the side.
    async fn word(&mut self) -> String {
        let line = within("a line of errors", self.err.next_line()).await;
        line.expect("text").expect("it still runs")
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it runs");
        let sent = std::process::Command::new("sh")
            .args(["-c", &format!("kill -{name} {pid}")])
            .status();
        assert!(sent.expect("sh runs").success());
    }

    /// The status it ends with.
    async fn ended(mut self) -> Option<i32> {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        status.expect("it ends").expect("it ran").code()
    }
}
