//! The requests a client builds: publish, history, join, open, read. Each is awaited to be sent.

use crate::feed::{Hold, ReaderFeed, RoomFeed, StreamSpec, WriterFeed};
use crate::link::Command;
use crate::{Client, Error, ReadFrom, Room, StreamReader, StreamWriter};
use generic_corp_protocol::frame::{self, HistoryPage, Published};
use generic_corp_protocol::message::StreamRole;
use generic_corp_protocol::{Slug, StreamId};
use serde::Serialize;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How long a publish is tried, across reconnects.
const PUBLISH_DEADLINE: Duration = Duration::from_secs(60);
/// The wait before a refused publish is tried again, when the hub names none.
const PUBLISH_RETRY: Duration = Duration::from_millis(500);
/// What a room's queue of live copies holds.
const ROOM_QUEUE_BYTES: usize = 1024 * 1024;
/// What a reader's queue holds.
const READER_QUEUE_BYTES: usize = 1024 * 1024;
/// What a writer holds until it is durable.
const WINDOW_BYTES: usize = 256 * 1024;

type Boxed<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

fn name(text: &str) -> Result<Slug, Error> {
    Slug::parse(text)
        .map_err(|error| Error::Invalid(format!("`{}` is no name: {error}", text.escape_debug())))
}

fn new_key() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

/// An event on its way; see [`Client::publish`].
#[must_use = "await it to publish"]
#[derive(Debug)]
pub struct Publish {
    client: Client,
    frame: Result<frame::Publish, Error>,
    deadline: Option<Duration>,
}

impl Publish {
    pub(crate) fn new(client: Client, room: &str, kind: &str, body: &impl Serialize) -> Self {
        let body = serde_json::value::to_raw_value(body)
            .map_err(|error| Error::Invalid(format!("the body is no JSON: {error}")));
        let frame = name(room).and_then(|room| {
            Ok(frame::Publish {
                id: None,
                room,
                key: Some(new_key()),
                kind: Some(kind.to_owned()),
                body: body?,
                mentions: Vec::new(),
                reply_to: None,
                ephemeral: false,
            })
        });
        Self {
            client,
            frame,
            deadline: Some(PUBLISH_DEADLINE),
        }
    }

    fn with(mut self, change: impl FnOnce(&mut frame::Publish)) -> Self {
        if let Ok(frame) = &mut self.frame {
            change(frame);
        }
        self
    }

    /// The idempotency key; a new one when not given. The same key again gets the first answer.
    pub fn key(self, key: impl Into<String>) -> Self {
        self.with(|frame| frame.key = Some(key.into()))
    }

    /// Names addressed by it.
    pub fn mentions(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let names: Result<Vec<_>, _> = names.into_iter().map(|text| name(text.as_ref())).collect();
        match names {
            Ok(names) => self.with(|frame| frame.mentions = names),
            Err(error) => {
                self.frame = Err(error);
                self
            }
        }
    }

    /// The `seq` it answers to.
    pub fn reply_to(self, seq: u64) -> Self {
        self.with(|frame| frame.reply_to = Some(seq))
    }

    /// Skip the log: only who is connected and keeps up sees it, once.
    pub fn ephemeral(self) -> Self {
        self.with(|frame| {
            frame.ephemeral = true;
            frame.key = None;
        })
    }

    /// How long to try, across reconnects and refusals; 60 s when not given, `None` for ever.
    pub fn deadline(mut self, deadline: Option<Duration>) -> Self {
        self.deadline = deadline;
        self
    }

    async fn send(self) -> Result<Published, Error> {
        let frame = self.frame?;
        // An ephemeral event has no key: a second try could show it twice.
        let once = frame.ephemeral;
        let tries = async {
            loop {
                match self.client.call(frame.clone().into(), "publish").await {
                    Err(error) if error.retryable() && !once => {
                        tokio::time::sleep(error.retry_after().unwrap_or(PUBLISH_RETRY)).await;
                    }
                    answer => return answer,
                }
            }
        };
        match self.deadline {
            Some(deadline) => tokio::time::timeout(deadline, tries)
                .await
                .unwrap_or(Err(Error::Timeout("publish"))),
            None => tries.await,
        }
    }
}

impl IntoFuture for Publish {
    type Output = Result<Published, Error>;
    type IntoFuture = Boxed<Published>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// A page of a room's log; see [`Client::history`].
#[must_use = "await it to read"]
#[derive(Debug)]
pub struct History {
    client: Client,
    frame: Result<frame::History, Error>,
}

impl History {
    pub(crate) fn new(client: Client, room: &str) -> Self {
        let frame = name(room).map(|room| frame::History {
            id: None,
            room,
            before: None,
            after: None,
            limit: None,
            kinds: Vec::new(),
        });
        Self { client, frame }
    }

    fn with(mut self, change: impl FnOnce(&mut frame::History)) -> Self {
        if let Ok(frame) = &mut self.frame {
            change(frame);
        }
        self
    }

    /// Events after this `seq`, the oldest of them.
    pub fn after(self, seq: u64) -> Self {
        self.with(|frame| frame.after = Some(seq))
    }

    /// Events before this `seq`, the newest of them.
    pub fn before(self, seq: u64) -> Self {
        self.with(|frame| frame.before = Some(seq))
    }

    /// At most this many.
    pub fn limit(self, limit: u32) -> Self {
        self.with(|frame| frame.limit = Some(limit))
    }

    /// Only events of these kinds.
    pub fn kinds(self, kinds: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with(|frame| frame.kinds = kinds.into_iter().map(Into::into).collect())
    }
}

impl IntoFuture for History {
    type Output = Result<HistoryPage, Error>;
    type IntoFuture = Boxed<HistoryPage>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.client.call(self.frame?.into(), "history").await })
    }
}

/// A room to be joined; see [`Client::join`].
#[must_use = "await it to join"]
#[derive(Debug)]
pub struct JoinRoom {
    client: Client,
    room: Result<Slug, Error>,
    resume: Option<(u64, String)>,
    tail: Option<u64>,
    queue_bytes: usize,
}

impl JoinRoom {
    pub(crate) fn new(client: Client, room: &str) -> Self {
        Self {
            client,
            room: name(room),
            resume: None,
            tail: None,
            queue_bytes: ROOM_QUEUE_BYTES,
        }
    }

    /// Go on after this `seq` of the log with this epoch: what [`Room::cursor`] gave earlier.
    pub fn after(mut self, seq: u64, epoch: impl Into<String>) -> Self {
        self.resume = Some((seq, epoch.into()));
        self
    }

    /// Begin this many events before the end.
    pub fn tail(mut self, events: u64) -> Self {
        self.tail = Some(events);
        self
    }

    /// How many bytes of live events may wait for a slow reader; 1 MiB when not given.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.queue_bytes = bytes;
        self
    }

    async fn send(self) -> Result<Room, Error> {
        let feed = Arc::new(RoomFeed::new(
            self.room?,
            self.resume,
            self.tail,
            self.queue_bytes,
        ));
        let hold = Hold::new(feed.clone(), self.client.waker());
        let joined = self
            .client
            .ask(|reply| Command::Join { feed, reply })
            .await?;
        Ok(Room::new(self.client, hold, joined))
    }
}

impl IntoFuture for JoinRoom {
    type Output = Result<Room, Error>;
    type IntoFuture = Boxed<Room>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// A stream to be opened; see [`Client::open_stream`].
#[must_use = "await it to open"]
#[derive(Debug)]
pub struct OpenStream {
    client: Client,
    spec: Result<StreamSpec, Error>,
    window_bytes: usize,
}

impl OpenStream {
    pub(crate) fn new(client: Client, room: &str, title: &str) -> Self {
        let spec = name(room).map(|room| StreamSpec {
            room,
            key: new_key(),
            name: title.to_owned(),
            role: StreamRole::default(),
            media_type: None,
            tool_call: None,
            parent: None,
        });
        Self {
            client,
            spec,
            window_bytes: WINDOW_BYTES,
        }
    }

    fn with(mut self, change: impl FnOnce(&mut StreamSpec)) -> Self {
        if let Ok(spec) = &mut self.spec {
            change(spec);
        }
        self
    }

    /// The idempotency key; a new one when not given. A producer that starts again with the same key
    /// finds its stream and goes on at [`StreamWriter::durable`].
    pub fn key(self, key: impl Into<String>) -> Self {
        self.with(|spec| spec.key = key.into())
    }

    /// What it carries; `stdout` when not given.
    pub fn role(self, role: StreamRole) -> Self {
        self.with(|spec| spec.role = role)
    }

    /// Its media type; `text/x-ansi` when not given.
    pub fn media_type(self, media_type: impl Into<String>) -> Self {
        self.with(|spec| spec.media_type = Some(media_type.into()))
    }

    /// The tool call it belongs to.
    pub fn tool_call(self, call: impl Into<String>) -> Self {
        self.with(|spec| spec.tool_call = Some(call.into()))
    }

    /// The stream it belongs to.
    pub fn parent(self, stream: StreamId) -> Self {
        self.with(|spec| spec.parent = Some(stream))
    }

    /// How many bytes may wait for their acknowledgement; 256 KiB when not given.
    pub fn window_bytes(mut self, bytes: usize) -> Self {
        self.window_bytes = bytes;
        self
    }

    async fn send(self) -> Result<StreamWriter, Error> {
        let feed = Arc::new(WriterFeed::new(self.spec?, self.window_bytes));
        let hold = Hold::new(feed.clone(), self.client.waker());
        let stream = self
            .client
            .ask(|reply| Command::Open { feed, reply })
            .await?;
        Ok(StreamWriter::new(hold, stream))
    }
}

impl IntoFuture for OpenStream {
    type Output = Result<StreamWriter, Error>;
    type IntoFuture = Boxed<StreamWriter>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// A stream to be read; see [`Client::read_stream`].
#[must_use = "await it to read"]
#[derive(Debug)]
pub struct ReadStream {
    client: Client,
    stream: StreamId,
    from: ReadFrom,
    follow: bool,
    queue_bytes: usize,
}

impl ReadStream {
    pub(crate) fn new(client: Client, stream: StreamId, from: ReadFrom) -> Self {
        Self {
            client,
            stream,
            from,
            follow: true,
            queue_bytes: READER_QUEUE_BYTES,
        }
    }

    /// Whether to go on as it grows, until it is closed; `true` when not given.
    pub fn follow(mut self, follow: bool) -> Self {
        self.follow = follow;
        self
    }

    /// How many bytes may wait for a slow reader; 1 MiB when not given.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.queue_bytes = bytes;
        self
    }

    async fn send(self) -> Result<StreamReader, Error> {
        let feed = Arc::new(ReaderFeed::new(
            self.stream,
            self.from,
            self.follow,
            self.queue_bytes,
        ));
        let hold = Hold::new(feed.clone(), self.client.waker());
        self.client
            .ask(|reply| Command::Read { feed, reply })
            .await?;
        Ok(StreamReader::new(hold))
    }
}

impl IntoFuture for ReadStream {
    type Output = Result<StreamReader, Error>;
    type IntoFuture = Boxed<StreamReader>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
