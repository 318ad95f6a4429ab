//! `watch`: a room as it happens.

use super::HubArgs;
use super::hub::tell_states;
use super::paint::Paint;
use clap::Args;
use generic_corp_client::{Client, Error, ReadFrom, Room, RoomItem};
use generic_corp_protocol::{Event, Slug, StreamId, StreamInfo};
use serde::Deserialize;
use std::collections::HashSet;
use std::io::{ErrorKind, Write as _};
use tokio::sync::mpsc;

/// Streams that are shown at a time with `--streams`.
const MAX_STREAMS: usize = 32;
/// A line of a stream is cut after so many bytes.
const MAX_LINE: usize = 4096;
/// Lines that may wait for a slow terminal.
const LINE_QUEUE: usize = 256;

/// Arguments of `watch`.
#[derive(Args, Debug)]
pub struct WatchArgs {
    /// Room to follow.
    room: Slug,
    /// Begin this many events before the end.
    #[arg(long, value_name = "N", default_value_t = 10)]
    tail: u64,
    /// Begin after the event with this number.
    #[arg(long, value_name = "SEQ", conflicts_with = "tail")]
    after: Option<u64>,
    /// Show only events of this kind; may be repeated.
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// One event a line, as JSON.
    #[arg(long)]
    json: bool,
    /// Show what the streams in the room print, too.
    #[arg(long, conflicts_with = "json")]
    streams: bool,
    #[command(flatten)]
    hub: HubArgs,
}

/// Follows the room until it is interrupted or its output is closed.
pub async fn run(args: WatchArgs) -> anyhow::Result<()> {
    let client = args
        .hub
        .client()?
        .start()
        .map_err(|error| args.hub.explain(error))?;
    tell_states(&client);
    let room = tokio::select! {
        room = join(&client, &args) => room.map_err(|error| args.hub.explain(error))?,
        _ = tokio::signal::ctrl_c() => return Ok(()),
    };
    let (lines, shown) = mpsc::channel(LINE_QUEUE);
    let mut watch = Watch {
        paint: Paint::of_stdout(),
        client: client.clone(),
        lines,
        reading: HashSet::new(),
        args: &args,
    };
    let outcome = tokio::select! {
        outcome = watch.follow(room, shown) => outcome,
        _ = tokio::signal::ctrl_c() => Ok(()),
    };
    client.close().await;
    match outcome {
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(Failure::Output(error)) => Err(error.into()),
        Err(Failure::Hub(error)) => Err(args.hub.explain(error)),
        Ok(()) => Ok(()),
    }
}

async fn join(client: &Client, args: &WatchArgs) -> Result<Room, Error> {
    let join = client.join(&args.room);
    match args.after {
        None => join.tail(args.tail).await,
        Some(after) => {
            let page = client.history(&args.room).limit(1).await?;
            join.after(after, page.epoch).await
        }
    }
}

enum Failure {
    Output(std::io::Error),
    Hub(Error),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

struct Watch<'a> {
    paint: Paint,
    client: Client,
    lines: mpsc::Sender<String>,
    /// Streams that are being shown.
    reading: HashSet<StreamId>,
    args: &'a WatchArgs,
}

impl Watch<'_> {
    async fn follow(
        &mut self,
        mut room: Room,
        mut lines: mpsc::Receiver<String>,
    ) -> Result<(), Failure> {
        let (ended, mut over) = mpsc::channel(MAX_STREAMS);
        if self.args.streams {
            for info in room.open_streams().to_vec() {
                self.read(info.stream, Some(info), &ended);
            }
        }
        loop {
            tokio::select! {
                item = room.next() => match item.map_err(Failure::Hub)? {
                    RoomItem::Event(event) => self.event(&event, &ended)?,
                    RoomItem::Reset(reset) => {
                        eprintln!("generic-corp: {}; going on after #{}", reset.reason, reset.after);
                    }
                    RoomItem::Ephemeral(_) | RoomItem::Presence(_) => {}
                },
                Some(line) = lines.recv() => writeln!(std::io::stdout(), "{line}")?,
                Some(stream) = over.recv() => {
                    self.reading.remove(&stream);
                }
            }
        }
    }

    fn event(&mut self, event: &Event, ended: &mpsc::Sender<StreamId>) -> Result<(), Failure> {
        if self.args.streams && event.kind == "stream.opened" {
            #[derive(Deserialize)]
            struct Body {
                stream: StreamId,
            }
            if let Ok(body) = serde_json::from_str::<Body>(event.body.get()) {
                self.read(body.stream, None, ended);
            }
        }
        if !self.args.kind.is_empty() && !self.args.kind.contains(&event.kind) {
            return Ok(());
        }
        let line = if self.args.json {
            serde_json::to_string(event).map_err(std::io::Error::from)?
        } else {
            self.paint.event(event)
        };
        Ok(writeln!(std::io::stdout(), "{line}")?)
    }

    fn read(&mut self, stream: StreamId, info: Option<StreamInfo>, ended: &mpsc::Sender<StreamId>) {
        if self.reading.len() >= MAX_STREAMS || !self.reading.insert(stream) {
            return;
        }
        let (client, lines, paint) = (self.client.clone(), self.lines.clone(), self.paint);
        let ended = ended.clone();
        let from = info.map_or(ReadFrom::Offset(0), |info| ReadFrom::Offset(info.length));
        tokio::spawn(async move {
            if let Err(error) = show(&client, stream, from, paint, &lines).await {
                let _ = lines.send(paint.dim(&format!("│ {error}"))).await;
            }
            // Nobody listens once the watch is over.
            let _ = ended.send(stream).await;
        });
    }
}

/// Passes on a stream's lines until its end.
async fn show(
    client: &Client,
    stream: StreamId,
    from: ReadFrom,
    paint: Paint,
    lines: &mpsc::Sender<String>,
) -> Result<(), Error> {
    let mut reader = client.read_stream(stream, from).await?;
    let Some(info) = reader.info() else {
        return Ok(());
    };
    let mut rest = Vec::new();
    loop {
        let chunk = reader.next().await?;
        let over = chunk.is_none();
        rest.extend_from_slice(&chunk.map(|chunk| chunk.bytes).unwrap_or_default());
        while let Some(end) = line_end(&rest, over) {
            let line: Vec<u8> = rest.drain(..end).collect();
            let text = String::from_utf8_lossy(&line);
            let text = paint.output(&info, text.trim_end_matches('\n'));
            if lines.send(text).await.is_err() {
                return Ok(());
            }
        }
        if over {
            return Ok(());
        }
    }
}

/// Where the first line ends: after its line feed, when it is too long, or at the end.
fn line_end(bytes: &[u8], over: bool) -> Option<usize> {
    let feed = bytes.iter().take(MAX_LINE).position(|b| *b == b'\n');
    match feed {
        Some(at) => Some(at + 1),
        None if bytes.len() >= MAX_LINE => Some(MAX_LINE),
        None => (over && !bytes.is_empty()).then_some(bytes.len()),
    }
}
