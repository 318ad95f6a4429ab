//! Opening a stream to write, or one to read.

use super::{Boxed, name, new_key};
use crate::feed::{Hold, ReaderFeed, StreamSpec, WriterFeed};
use crate::link::Command;
use crate::{Client, Error, ReadFrom, StreamReader, StreamWriter};
use generic_corp_protocol::StreamId;
use generic_corp_protocol::message::StreamRole;
use std::future::IntoFuture;
use std::sync::Arc;

/// What a reader's queue holds.
const READER_QUEUE_BYTES: usize = 1024 * 1024;
/// What a writer holds until it is durable.
const WINDOW_BYTES: usize = 256 * 1024;

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
