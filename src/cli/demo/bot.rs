//! One bot: a client with a key of its own that speaks, and streams what commands print.

use super::program::Program;
use super::{Stop, Who};
use crate::cli::command::{Running, code};
use crate::cli::publish::mentions;
use bytes::BytesMut;
use generic_corp_client::{Client, Error, StreamWriter};
use generic_corp_protocol::StreamOutcome;
use generic_corp_protocol::frame::CancelNotice;
use generic_corp_protocol::message::StreamRole;
use parking_lot::Mutex;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;

/// How long getting in may take: the hub is in this process.
const CONNECT_DEADLINE: Duration = Duration::from_secs(20);
/// Commands run at most this long, and print at most so much.
const MAX_RUN: Duration = Duration::from_secs(120);
const MAX_OUTPUT: u64 = 256 * 1024;
const CHUNK: usize = 8 * 1024;
/// The shell's status for a command that it cannot find.
const NOT_FOUND: i32 = 127;

/// See the module. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bot {
    who: Who,
    client: Client,
    /// What it is at, the newest last.
    tasks: Arc<Mutex<Vec<Arc<str>>>>,
}

/// How a stream of a bot ended.
#[derive(Clone, Debug)]
pub enum Ended {
    /// By itself, with this status.
    Status(i32),
    /// Somebody asked to stop.
    Cancelled(CancelNotice),
    /// The demo ends, or it took too long.
    Stopped,
}

impl Ended {
    /// What it leaves behind.
    fn outcome(&self) -> (StreamOutcome, Option<i32>) {
        match self {
            Self::Status(0) => (StreamOutcome::Completed, Some(0)),
            Self::Status(status) => (StreamOutcome::Failed, Some(*status)),
            Self::Cancelled(_) | Self::Stopped => (StreamOutcome::Cancelled, None),
        }
    }

    /// It did what it should.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Status(0))
    }

    /// What is to be said when it was stopped, or is not on this machine.
    pub fn remark(&self) -> Option<String> {
        match self {
            Self::Status(NOT_FOUND) => Some("This machine has no such command.".to_owned()),
            Self::Cancelled(notice) => {
                let reason = notice.reason.as_ref().map(|reason| format!(": {reason}"));
                let (by, reason) = (&notice.by.name, reason.unwrap_or_default());
                Some(format!("Stopped; {by} asked for it{reason}."))
            }
            Self::Status(_) | Self::Stopped => None,
        }
    }
}

impl Bot {
    /// Connects.
    pub async fn connect(who: Who, url: &str, workspace: &str, key: &str) -> Result<Self, Error> {
        let client = Client::builder(url, workspace)
            .token(key)
            .client_info("generic-corp-demo", env!("CARGO_PKG_VERSION"))
            .connect_deadline(CONNECT_DEADLINE)
            .connect()
            .await?;
        Ok(Self {
            who,
            client,
            tasks: Arc::default(),
        })
    }

    /// Who it is.
    pub fn who(&self) -> Who {
        self.who
    }

    /// Its connection.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Says something and gives its `seq`. Names after an `@` are mentioned.
    pub async fn say(&self, room: &str, text: &str, reply_to: Option<u64>) -> Result<u64, Error> {
        let mut publish = self.client.say(room, text).mentions(mentions(text));
        if let Some(seq) = reply_to {
            publish = publish.reply_to(seq);
        }
        Ok(publish.await?.seq.unwrap_or_default())
    }

    /// Runs a command, and streams what it prints.
    pub async fn run(&self, room: &str, program: &Program, stop: &Stop) -> Result<Ended, Error> {
        let opening = self.client.open_stream(room, program.title);
        let writer = opening.media_type(program.media_type).await?;
        let task = self.begin(program.title).await;
        let ended = match program.start() {
            Ok(started) => pass_on(started, writer, stop).await,
            Err(error) => {
                tracing::debug!(%error, "a command of the demo cannot run");
                let ended = Ended::Status(NOT_FOUND);
                let (outcome, status) = ended.outcome();
                writer.close(outcome, status).await.map(|()| ended)
            }
        };
        self.end(&task).await;
        ended
    }

    /// Streams a text word by word, as a model would.
    pub async fn write(
        &self,
        room: &str,
        (title, text): (&str, &str),
        role: StreamRole,
        stop: &Stop,
    ) -> Result<Ended, Error> {
        let opening = self.client.open_stream(room, title).role(role);
        let mut writer = opening.media_type("text/markdown").await?;
        let task = self.begin(&format!("writing “{title}”")).await;
        let cancelled = writer.cancelled();
        let ended = tokio::select! {
            written = words(&mut writer, text) => written.map(|()| Ended::Status(0)),
            notice = cancelled => Ok(Ended::Cancelled(notice)),
            () = stop.asked() => Ok(Ended::Stopped),
        };
        let closed = match ended {
            Ok(ended) => {
                let outcome = ended.outcome().0;
                writer.close(outcome, None).await.map(|()| ended)
            }
            Err(error) => Err(error),
        };
        self.end(&task).await;
        closed
    }

    /// Says what it is doing. What cannot be said is said by what happens next.
    pub async fn mood(&self, state: &str, text: Option<&str>) {
        if let Err(error) = self.client.set_presence(state, text).await {
            tracing::debug!(%error, "a presence of the demo was not taken");
        }
    }

    async fn begin(&self, title: &str) -> Arc<str> {
        let task = Arc::<str>::from(title);
        self.tasks.lock().push(task.clone());
        self.mood("running", Some(title)).await;
        task
    }

    /// Says what is left to do.
    async fn end(&self, task: &Arc<str>) {
        let left = {
            let mut tasks = self.tasks.lock();
            tasks.retain(|known| !Arc::ptr_eq(known, task));
            tasks.last().cloned()
        };
        match left {
            Some(task) => self.mood("running", Some(&task)).await,
            None => self.mood("online", None).await,
        }
    }
}

/// Passes on a command's output to its end, or to a wish to stop.
async fn pass_on(
    (mut running, mut output): (Running, pipe::Receiver),
    mut writer: StreamWriter,
    stop: &Stop,
) -> Result<Ended, Error> {
    let cancelled = writer.cancelled();
    let natural = async {
        let complete = pour(&mut output, &mut writer).await?;
        let status = if complete {
            running.wait().await
        } else {
            running.stop().await
        };
        Ok::<_, Error>(Ended::Status(status.map_or(1, code)))
    };
    let ended = tokio::select! {
        ended = natural => ended?,
        notice = cancelled => Ended::Cancelled(notice),
        () = stop.asked() => Ended::Stopped,
        () = tokio::time::sleep(MAX_RUN) => Ended::Stopped,
    };
    if !matches!(ended, Ended::Status(_)) {
        let _: std::io::Result<ExitStatus> = running.stop().await;
    }
    let (outcome, status) = ended.outcome();
    writer.close(outcome, status).await?;
    Ok(ended)
}

/// Writes what a pipe gives; `false` when it gave more than is wanted.
async fn pour(output: &mut pipe::Receiver, writer: &mut StreamWriter) -> Result<bool, Error> {
    let mut buffer = BytesMut::with_capacity(CHUNK);
    while writer.offset() < MAX_OUTPUT {
        buffer.clear();
        match output.read_buf(&mut buffer).await {
            Ok(1..) => writer.write(&buffer).await?,
            Ok(0) | Err(_) => return Ok(true),
        }
    }
    Ok(false)
}

async fn words(writer: &mut StreamWriter, text: &str) -> Result<(), Error> {
    for word in text.split_inclusive([' ', '\n']) {
        writer.write(word.as_bytes()).await?;
        let millis = rand::random_range(25..90);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    Ok(())
}
