//! `stream`: what a command prints, in a room, byte for byte.

use super::HubArgs;
use super::command::{self, Running, code};
use super::hub::tell_states;
use bytes::{Bytes, BytesMut};
use clap::Args;
use generic_corp_client::{Client, Error, StreamWriter};
use generic_corp_protocol::frame::CancelNotice;
use generic_corp_protocol::limit::MAX_LABEL_BYTES;
use generic_corp_protocol::message::StreamRole;
use generic_corp_protocol::{Slug, StreamOutcome, is_label};
use std::io::{ErrorKind, Read as _};
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// Shown below the help.
pub const HELP: &str = "With a command after `--`, its output and errors go into the stream in the order they were
written, its exit status is told and passed on, and it is stopped when somebody in the room asks.
Without one, standard input is streamed: cargo test 2>&1 | generic-corp stream --room deploy --name tests

While the hub is away, input waits (256 KiB are held); nothing is lost or sent twice.

Environment:
  GENERIC_CORP_URL        Address of the hub
  GENERIC_CORP_WORKSPACE  Workspace
  GENERIC_CORP_API_KEY    API key or access token

Exit status: that of the command; without one 0 when every byte is stored, 1 failed, 2 used wrongly,
130 interrupted";

/// Bytes read at a time.
const CHUNK: usize = 32 * 1024;
/// How long to listen on after a stop.
const LAST_WORDS: Duration = Duration::from_secs(6);
/// The shell's status for Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Arguments of `stream`.
#[derive(Args, Debug)]
pub struct StreamArgs {
    /// Room to open the stream in.
    #[arg(long)]
    room: Slug,
    /// Name that people see; the command when not given.
    #[arg(long)]
    name: Option<String>,
    /// Print it here, too.
    #[arg(long)]
    tee: bool,
    /// Media type, for instance application/jsonl.
    #[arg(long, value_name = "TYPE", default_value = "text/x-ansi")]
    media_type: String,
    /// Send bytes as JSON text frames instead of binary ones.
    #[arg(long)]
    no_binary: bool,
    #[command(flatten)]
    hub: HubArgs,
    /// The command and its arguments.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Streams to the end, and returns the exit status.
pub async fn run(args: StreamArgs) -> anyhow::Result<u8> {
    let builder = args.hub.client()?.binary(!args.no_binary);
    let client = builder.start().map_err(|error| args.hub.explain(error))?;
    tell_states(&client);
    let mut stop = Stop::new()?;
    let writer = tokio::select! {
        writer = open(&client, &args) => writer.map_err(|error| args.hub.explain(error))?,
        () = stop.asked() => return Ok(INTERRUPTED),
    };
    let outcome = match args.command.split_first() {
        Some((program, rest)) => {
            let started = match Running::start(program, rest) {
                Ok(started) => started,
                Err(error) => {
                    let status = command::failure(&error);
                    eprintln!("generic-corp: {error:#}");
                    let exit_code = Some(i32::from(status));
                    writer.close(StreamOutcome::Failed, exit_code).await.ok();
                    client.close().await;
                    return Ok(status);
                }
            };
            of_command(&args, writer, started, &mut stop).await
        }
        None => of_input(&args, writer, &mut stop).await,
    };
    client.close().await;
    outcome
}

async fn open(client: &Client, args: &StreamArgs) -> Result<StreamWriter, Error> {
    let name = match &args.name {
        Some(name) => name.clone(),
        None if args.command.is_empty() => "stdin".to_owned(),
        None => args.command.join(" "),
    };
    client
        .open_stream(&args.room, &label(&name))
        .role(StreamRole::Stdout)
        .media_type(&args.media_type)
        .await
}

/// A name as a label holds it: on one line, and as much as there is room for.
fn label(name: &str) -> String {
    let line = name.replace(|c: char| !is_label(c.encode_utf8(&mut [0; 4])), " ");
    let line = line.trim();
    line[..line.floor_char_boundary(MAX_LABEL_BYTES)].to_owned()
}

/// Signals from outside; the second ends at once.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// What becomes of the stream, and of this program.
struct Ending {
    outcome: StreamOutcome,
    exit_code: Option<i32>,
    status: u8,
}

async fn of_command(
    args: &StreamArgs,
    writer: StreamWriter,
    (mut running, output): (Running, pipe::Receiver),
    stop: &mut Stop,
) -> anyhow::Result<u8> {
    let mut cancelled = pin!(writer.cancelled());
    let mut source = Source::Pipe(output);
    let mut sink = Sink::new(writer, args.tee);
    let natural = async {
        sink.drink(&mut source).await?;
        running.wait().await
    };
    let ended = tokio::select! {
        status = natural => Some(status?),
        notice = &mut cancelled => {
            tell_cancel(&notice);
            None
        }
        () = stop.asked() => None,
    };
    let status = match ended {
        Some(status) => status,
        None => {
            // What it says while it goes belongs to the stream, too.
            let last = tokio::time::timeout(LAST_WORDS, sink.drink(&mut source));
            let ends = async { tokio::join!(running.stop(), last).0 };
            tokio::select! {
                status = ends => status?,
                () = stop.asked() => return Ok(INTERRUPTED),
            }
        }
    };
    let exit_code = code(status);
    let outcome = match (ended, exit_code) {
        (None, _) => StreamOutcome::Cancelled,
        (Some(_), 0) => StreamOutcome::Completed,
        (Some(_), _) => StreamOutcome::Failed,
    };
    let ending = Ending {
        outcome,
        exit_code: Some(exit_code),
        status: u8::try_from(exit_code).unwrap_or(1),
    };
    close(args, sink, ending, stop).await
}

async fn of_input(args: &StreamArgs, writer: StreamWriter, stop: &mut Stop) -> anyhow::Result<u8> {
    let mut cancelled = pin!(writer.cancelled());
    let mut source = Source::input();
    let mut sink = Sink::new(writer, args.tee);
    let read = tokio::select! {
        read = sink.drink(&mut source) => Some(read),
        notice = &mut cancelled => {
            tell_cancel(&notice);
            None
        }
        () = stop.asked() => {
            // Ctrl-C reaches the other end of the pipe as well, which may say a last word.
            let _ = tokio::time::timeout(LAST_WORDS, sink.drink(&mut source)).await;
            None
        }
    };
    let (outcome, status) = match read {
        Some(Ok(())) => (StreamOutcome::Completed, 0),
        Some(Err(error)) => {
            eprintln!("generic-corp: cannot read standard input: {error}");
            (StreamOutcome::Failed, 1)
        }
        None => (StreamOutcome::Cancelled, INTERRUPTED),
    };
    let ending = Ending {
        outcome,
        exit_code: None,
        status,
    };
    close(args, sink, ending, stop).await
}

fn tell_cancel(notice: &CancelNotice) {
    let reason = notice.reason.as_ref().map(|text| format!(": {text}"));
    let (by, reason) = (&notice.by.name, reason.unwrap_or_default());
    eprintln!("generic-corp: {by} asked to stop{reason}");
}

/// Waits until everything is stored and the stream is closed; a signal ends the wait.
async fn close(
    args: &StreamArgs,
    sink: Sink,
    ending: Ending,
    stop: &mut Stop,
) -> anyhow::Result<u8> {
    let closed = tokio::select! {
        closed = sink.close(&ending) => closed,
        () = stop.asked() => return Ok(INTERRUPTED),
    };
    let Err(error) = closed else {
        return Ok(ending.status);
    };
    let error = args.hub.explain(error);
    if ending.status == 0 {
        return Err(error.context("the stream is not complete"));
    }
    eprintln!("generic-corp: the stream is not complete: {error:#}");
    Ok(ending.status)
}

/// Where bytes come from. Reading is safe to cancel.
enum Source {
    Pipe(pipe::Receiver),
    /// Standard input, read by a thread that nobody waits for: a read from a terminal cannot be stopped.
    Input(mpsc::Receiver<std::io::Result<Bytes>>),
}

impl Source {
    fn input() -> Self {
        let (sender, receiver) = mpsc::channel(2);
        std::thread::spawn(move || {
            let mut input = std::io::stdin().lock();
            let mut buffer = vec![0; CHUNK];
            loop {
                let read = match input.read(&mut buffer) {
                    Ok(0) => return,
                    Ok(read) => Ok(Bytes::copy_from_slice(&buffer[..read])),
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let failed = read.is_err();
                if sender.blocking_send(read).is_err() || failed {
                    return;
                }
            }
        });
        Self::Input(receiver)
    }

    async fn read(&mut self) -> std::io::Result<Option<Bytes>> {
        match self {
            Self::Input(receiver) => receiver.recv().await.transpose(),
            Self::Pipe(pipe) => {
                let mut buffer = BytesMut::with_capacity(CHUNK);
                let read = pipe.read_buf(&mut buffer).await?;
                Ok((read > 0).then(|| buffer.freeze()))
            }
        }
    }
}

/// Where bytes go: the stream, and standard output with `--tee`.
struct Sink {
    writer: StreamWriter,
    tee: bool,
    /// Bytes that were read and not taken by the stream in full, and where they begin in it.
    held: Bytes,
    held_at: u64,
    /// Why the stream takes no more. The command is let run to its end all the same.
    lost: Option<Error>,
}

impl Sink {
    fn new(writer: StreamWriter, tee: bool) -> Self {
        Self {
            writer,
            tee,
            held: Bytes::new(),
            held_at: 0,
            lost: None,
        }
    }

    /// Takes everything. When cancelled, a second call goes on.
    async fn drink(&mut self, source: &mut Source) -> std::io::Result<()> {
        loop {
            self.pass_on().await;
            let Some(bytes) = source.read().await? else {
                return Ok(());
            };
            (self.held, self.held_at) = (bytes, self.writer.offset());
            if self.tee {
                self.tee = show(&self.held).await.is_ok();
            }
        }
    }

    async fn pass_on(&mut self) {
        let taken = (self.writer.offset() - self.held_at) as usize;
        if self.lost.is_none() && taken < self.held.len() {
            self.lost = self.writer.write(&self.held[taken..]).await.err();
        }
        self.held.clear();
    }

    async fn close(mut self, ending: &Ending) -> Result<(), Error> {
        self.pass_on().await;
        match self.lost {
            Some(error) => Err(error),
            None => self.writer.close(ending.outcome, ending.exit_code).await,
        }
    }
}

/// Prints bytes here. The blocking write runs apart, so that it does not hold up the connection.
async fn show(bytes: &Bytes) -> std::io::Result<()> {
    let mut out = tokio::io::stdout();
    out.write_all(bytes).await?;
    out.flush().await
}
