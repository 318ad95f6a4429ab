//! What the hub says, to whom it may concern.

use super::book::Book;
use super::incoming::{Incoming, decode};
use super::serve::End;
use super::session::{Again, Purpose, Session};
use crate::Error;
use crate::feed::{ReaderFeed, Verdict, WriterFeed};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use generic_corp_protocol::binary::{BinaryFrame, BinaryKind};
use generic_corp_protocol::frame::{
    Failure, Goaway, Joined, Reset, StreamData, StreamOpened, StreamReading, UsageLevel,
};
use generic_corp_protocol::rest::Appended;
use generic_corp_protocol::{ServerFrame, Slug, StreamId};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

/// The wait before a refused resume is tried again, when the hub names none.
const RESUME_RETRY: Duration = Duration::from_secs(1);
/// How long a draining hub is waited for at least.
const DRAIN: Duration = Duration::from_secs(1);

impl Session {
    /// Takes what the socket gave; says when the connection is over.
    pub(super) fn hear(
        &mut self,
        book: &mut Book,
        message: Option<Result<Message, WsError>>,
        now: Instant,
    ) -> Option<End> {
        self.heard = now;
        let heard = match message {
            Some(Ok(Message::Text(text))) => decode(&text).map(|all| {
                for incoming in all {
                    match incoming {
                        Incoming::Ok { id, result } => self.answered(book, &id, Ok(result), now),
                        Incoming::Frame(frame) => self.frame(book, *frame, now),
                    }
                }
            }),
            Some(Ok(Message::Binary(bytes))) => {
                self.binary(book, &bytes);
                Ok(())
            }
            Some(Ok(Message::Close(frame))) => return Some(End::from_close(frame)),
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => return Some(End::from_socket(error)),
            None => {
                let text = "the connection broke";
                return Some(End::Lost(Error::Transport(text.into())));
            }
        };
        heard.err().map(End::Refused)
    }

    fn frame(&mut self, book: &mut Book, frame: ServerFrame, now: Instant) {
        match frame {
            ServerFrame::Event(event) => {
                if let Some(room) = book.rooms.get(&event.room) {
                    room.feed.event(event);
                }
            }
            ServerFrame::Ephemeral(ephemeral) => {
                if let Some(room) = book.rooms.get(&ephemeral.room) {
                    room.feed.ephemeral(ephemeral);
                }
            }
            ServerFrame::Presence(change) => {
                if let Some(room) = book.rooms.get(&change.room) {
                    room.feed.presence(change);
                }
            }
            ServerFrame::Joined(joined) => self.joined(book, joined),
            ServerFrame::StreamData(data) => self.data(book, data),
            ServerFrame::StreamClosed(closed) => {
                if let Some(reader) = book.readers.get(&closed.stream) {
                    let verdict = reader.feed.closed(closed);
                    self.obey(&reader.feed.clone(), verdict);
                }
            }
            ServerFrame::StreamAck(ack) => {
                if let Some(writer) = writer_of(book, ack.stream) {
                    writer.acknowledged(ack.offset, now);
                }
            }
            ServerFrame::Cancel(notice) => {
                if let Some(writer) = writer_of(book, notice.stream) {
                    writer.cancelled(notice);
                }
            }
            ServerFrame::Error(failure) => self.failed(book, failure, now),
            ServerFrame::Reset(reset) => self.reset(book, reset),
            ServerFrame::Goaway(goaway) => self.goaway(goaway, now),
            ServerFrame::Usage(usage) => {
                if usage.level != UsageLevel::Info {
                    let (meter, used, limit) = (usage.meter, usage.used, usage.limit);
                    tracing::warn!(meter, used, limit, "a limit of this connection is near");
                }
            }
            ServerFrame::Welcome(welcome) => self.welcomed = Some(welcome),
            // Read apart, with its raw result.
            ServerFrame::Ok(_) => {}
        }
    }

    fn joined(&mut self, book: &mut Book, joined: Joined) {
        if let Some(id) = joined.id.as_ref().and_then(|id| id.parse().ok()) {
            self.asked.remove(&id);
        }
        if let Some(room) = book.rooms.get_mut(&joined.room) {
            room.feed.joined(&joined);
            if let Some(reply) = room.reply.take() {
                drop(reply.send(Ok(joined)));
            }
        }
    }

    fn goaway(&mut self, goaway: Goaway, now: Instant) {
        let wait = Duration::from_millis(goaway.reconnect_after_ms);
        let latest = now + wait.max(DRAIN);
        self.draining = Some((now + wait, latest, goaway.reason));
    }

    fn reset(&mut self, book: &mut Book, reset: Reset) {
        if let Some(room) = reset.room.as_ref().and_then(|name| book.rooms.get(name)) {
            room.feed.reset(reset);
        } else if let Some(reader) = reset.stream.and_then(|id| book.readers.get(&id)) {
            reader.feed.reset(reset.position);
        }
    }

    fn binary(&mut self, book: &mut Book, message: &Bytes) {
        let Some(frame) = BinaryFrame::decode(message) else {
            return;
        };
        let stream = self.handles.get(&frame.handle);
        let reader = stream.and_then(|stream| book.readers.get(stream));
        if let (BinaryKind::Data, Some(reader)) = (frame.kind, reader) {
            let feed = reader.feed.clone();
            let verdict = feed.data(frame.offset, message.slice_ref(frame.payload));
            self.obey(&feed, verdict);
        }
    }

    fn data(&mut self, book: &mut Book, data: StreamData) {
        let bytes = match (data.text, data.base64) {
            (Some(text), _) => Bytes::from(text),
            (None, Some(base64)) => match BASE64_STANDARD.decode(base64) {
                Ok(bytes) => bytes.into(),
                Err(_) => return,
            },
            (None, None) => return,
        };
        if let Some(reader) = book.readers.get(&data.stream) {
            let verdict = reader.feed.data(data.offset, bytes);
            self.obey(&reader.feed.clone(), verdict);
        }
    }

    fn obey(&mut self, feed: &Arc<ReaderFeed>, verdict: Verdict) {
        if verdict == Verdict::Leave {
            self.leave(None, Some(feed.stream));
        }
    }

    /// An error: the answer to a request, or about an append that had no id and is told by its stream.
    fn failed(&mut self, book: &mut Book, failure: Failure, now: Instant) {
        if let Some(id) = failure.id.clone() {
            return self.answered(book, &id, Err(failure.into()), now);
        }
        let stream = failure
            .details
            .as_ref()
            .and_then(|details| details.get("stream")?.as_str()?.parse().ok());
        let error = Error::from(failure);
        match stream.and_then(|stream| writer_of(book, stream)) {
            Some(writer) => writer.refused(error, now),
            None => tracing::debug!(%error, "the hub refused something"),
        }
    }

    fn answered(&mut self, book: &mut Book, id: &str, answer: Result<String, Error>, now: Instant) {
        let Some((number, (_, purpose))) = id
            .parse::<u64>()
            .ok()
            .and_then(|number| Some((number, self.asked.remove(&number)?)))
        else {
            return;
        };
        match purpose {
            Purpose::Call => {
                if let Some(call) = book.calls.remove(&number) {
                    drop(call.reply.send(answer));
                }
            }
            Purpose::Join(room) => {
                if let Err(error) = answer {
                    self.join_refused(book, room, error, now);
                }
            }
            Purpose::Read(feed) => self.reading(book, &feed, read(answer), now),
            Purpose::Open(writer) => self.opened(book, writer, read(answer), now),
            Purpose::Probe(feed) => match read::<Appended>(answer) {
                Ok(appended) => {
                    feed.acknowledged(appended.offset, now);
                    feed.accepted(now);
                }
                Err(error) => feed.refused_request(error, now),
            },
            Purpose::Close(feed) => match answer {
                Ok(_) => feed.ended(),
                Err(error) => feed.refused_request(error, now),
            },
        }
    }

    fn join_refused(&mut self, book: &mut Book, room: Slug, error: Error, now: Instant) {
        let Some(membership) = book.rooms.get_mut(&room) else {
            return;
        };
        if membership.reply.is_none() && error.retryable() {
            let wait = error.retry_after().unwrap_or(RESUME_RETRY);
            self.later.push((now + wait, Again::Join(room)));
            return;
        }
        if let Some(membership) = book.rooms.remove(&room) {
            membership.feed.fail(error.clone());
            if let Some(reply) = membership.reply {
                drop(reply.send(Err(error)));
            }
        }
    }

    fn reading(
        &mut self,
        book: &mut Book,
        feed: &Arc<ReaderFeed>,
        answer: Result<StreamReading, Error>,
        now: Instant,
    ) {
        let Some(reader) = book.readers.get_mut(&feed.stream) else {
            return;
        };
        if !Arc::ptr_eq(&reader.feed, feed) {
            return;
        }
        match answer {
            Ok(reading) => {
                if let Some(handle) = reading.handle {
                    self.handles.insert(handle, feed.stream);
                }
                let verdict = feed.reading(&reading);
                if let Some(reply) = reader.reply.take() {
                    drop(reply.send(Ok(())));
                }
                self.obey(feed, verdict);
            }
            Err(error) if reader.reply.is_none() && error.retryable() => {
                let wait = error.retry_after().unwrap_or(RESUME_RETRY);
                self.later.push((now + wait, Again::Read(feed.clone())));
            }
            Err(error) => {
                feed.fail(error.clone());
                if let Some(reader) = book.readers.remove(&feed.stream) {
                    reader.reply.map(|reply| reply.send(Err(error)));
                }
            }
        }
    }

    fn opened(
        &mut self,
        book: &mut Book,
        id: u64,
        answer: Result<StreamOpened, Error>,
        now: Instant,
    ) {
        let Some(writer) = book.writers.get_mut(&id) else {
            return;
        };
        match answer {
            Ok(opened) => {
                writer.feed.opened(&opened, now);
                if let Some(reply) = writer.reply.take() {
                    let settled = writer.feed.flushed().map(|_| opened.stream);
                    drop(reply.send(settled));
                }
            }
            Err(error) if writer.reply.is_none() && error.retryable() => {
                let wait = error.retry_after().unwrap_or(RESUME_RETRY);
                self.later
                    .push((now + wait, Again::Open(writer.feed.clone())));
            }
            Err(error) => {
                writer.feed.fail(error.clone());
                if let Some(writer) = book.writers.remove(&id) {
                    writer.reply.map(|reply| reply.send(Err(error)));
                }
            }
        }
    }
}

fn writer_of(book: &Book, stream: StreamId) -> Option<Arc<WriterFeed>> {
    let mut writers = book.writers.values();
    let writer = writers.find(|writer| writer.feed.stream() == Some(stream))?;
    Some(writer.feed.clone())
}

fn read<T: DeserializeOwned>(answer: Result<String, Error>) -> Result<T, Error> {
    serde_json::from_str(&answer?).map_err(|error| Error::Decode(error.to_string()))
}
