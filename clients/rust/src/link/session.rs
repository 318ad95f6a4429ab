//! The state of one connection: what was asked and not answered, what waits to be written.

use super::ask::set_id;
use super::book::Book;
use super::pace::Pace;
use super::serve::End;
use crate::Error;
use crate::builder::Config;
use crate::feed::{Append, Feed as _, ReaderFeed, WriterFeed};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use generic_corp_protocol::binary::{BinaryFrame, BinaryKind};
use generic_corp_protocol::frame::{Hello, Leave, StreamAppend, Token, Welcome};
use generic_corp_protocol::{ClientFrame, Slug, StreamId, codec};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

/// Messages that may wait for the socket before streams add to them.
const OUTBOX: usize = 16;
/// Bytes of an append that travels as base64 in JSON, so that the frame stays under its limit.
const JSON_APPEND_BYTES: usize = 32 * 1024;

/// What a request was for.
#[derive(Debug)]
pub(super) enum Purpose {
    Call,
    Join(Slug),
    Read(Arc<ReaderFeed>),
    Open(u64),
    Probe(Arc<WriterFeed>),
    Close(Arc<WriterFeed>),
}

/// A resume that the hub refused for now.
#[derive(Debug)]
pub(super) enum Again {
    Join(Slug),
    Read(Arc<ReaderFeed>),
    Open(Arc<WriterFeed>),
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) outbox: VecDeque<Message>,
    /// Requests without an answer, by id, and when patience ends. Ids and deadlines rise together.
    pub(super) asked: BTreeMap<u64, (Instant, Purpose)>,
    pub(super) later: Vec<(Instant, Again)>,
    pub(super) handles: HashMap<u32, StreamId>,
    /// A newer `welcome` than that of the start.
    pub(super) welcomed: Option<Welcome>,
    /// The hub drains: when to come back, when to go at the latest, and why.
    pub(super) draining: Option<(Instant, Instant, String)>,
    pub(super) heard: Instant,
    /// Asked for a sign of life since.
    pinged: Option<Instant>,
    pub(super) timeout: Duration,
    binary: bool,
    silence: Duration,
    append_bytes: usize,
    pace: Pace,
    paced_until: Option<Instant>,
    started: bool,
}

impl Session {
    pub(super) fn new(config: &Config, welcome: &Welcome, now: Instant) -> Self {
        // Twice the heartbeat, and some for a slow network.
        let silence = Duration::from_millis(welcome.heartbeat_ms.max(1_000)) * 2;
        Self {
            outbox: VecDeque::new(),
            asked: BTreeMap::new(),
            later: Vec::new(),
            handles: HashMap::new(),
            welcomed: None,
            draining: None,
            heard: now,
            pinged: None,
            timeout: config.request_timeout,
            binary: config.binary,
            silence: silence + Duration::from_secs(5),
            append_bytes: (welcome.limits.max_append_bytes as usize).max(1),
            pace: Pace::new(&welcome.quota, now),
            paced_until: None,
            started: false,
        }
    }

    /// Whether handles may ask for more.
    pub(super) fn takes_more(&self, book: &Book) -> bool {
        book.has_room() && self.outbox.len() < OUTBOX && self.draining.is_none()
    }

    /// Sends what is due and notices what is overdue.
    pub(super) fn tend(&mut self, book: &mut Book, now: Instant) -> Option<End> {
        if let Some(end) = self.overdue(book, now) {
            return Some(end);
        }
        if let Some((slot, latest, reason)) = &self.draining {
            let done = self.asked.is_empty() && self.outbox.is_empty();
            return (done || now >= *latest).then(|| End::Goaway {
                slot: *slot,
                reason: reason.clone(),
            });
        }
        if !self.started {
            self.started = true;
            let presence = book.presence.clone();
            if let Some(mut presence) = presence {
                presence.id = None;
                self.say(presence.into());
            }
        }
        self.retry(book, now);
        self.tend_rooms(book, now);
        self.tend_readers(book, now);
        self.tend_calls(book, now);
        self.tend_writers(book, now);
        None
    }

    /// The hub was silent (then it is asked for a sign of life), or left a request without its answer.
    fn overdue(&mut self, book: &mut Book, now: Instant) -> Option<End> {
        if now >= self.heard + self.silence {
            let text = "the hub was silent for too long";
            return Some(End::Lost(Error::Transport(text.into())));
        }
        let doubtful = now >= self.heard + self.silence / 2;
        if doubtful && self.pinged.is_none_or(|pinged| pinged <= self.heard) {
            self.pinged = Some(now);
            self.outbox.push_back(Message::Ping(Default::default()));
        }
        while let Some(entry) = self.asked.first_entry() {
            if entry.get().0 > now {
                return None;
            }
            let (id, (_, purpose)) = entry.remove_entry();
            match purpose {
                Purpose::Call => {
                    if let Some(call) = book.calls.remove(&id) {
                        drop(call.reply.send(Err(Error::Timeout(call.what))));
                    }
                }
                // A resume without an answer: this connection is no good.
                _ => return Some(End::Lost(Error::Timeout("a request"))),
            }
        }
        None
    }

    /// When to look again, whatever happens.
    pub(super) fn deadline(&self, book: &Book, now: Instant) -> Instant {
        let mut next = self.heard + self.silence;
        if self.pinged.is_none_or(|pinged| pinged <= self.heard) {
            next = self.heard + self.silence / 2;
        }
        if let Some((_, (deadline, _))) = self.asked.first_key_value() {
            next = next.min(*deadline);
        }
        if let Some((_, latest, _)) = &self.draining {
            return next.min(*latest);
        }
        for (at, _) in &self.later {
            next = next.min(*at);
        }
        for writer in book.writers.values() {
            if let Some(due) = writer.feed.due(self.timeout) {
                next = next.min(due);
            }
        }
        next = self.paced_until.map_or(next, |until| next.min(until));
        next.max(now)
    }

    fn retry(&mut self, book: &mut Book, now: Instant) {
        let due = self.later.extract_if(.., |(at, _)| *at <= now);
        for (_, again) in due {
            match again {
                Again::Join(room) => {
                    if let Some(room) = book.rooms.get_mut(&room) {
                        room.sent = false;
                    }
                }
                Again::Read(feed) => feed.again(),
                Again::Open(feed) => feed.disconnected(),
            }
        }
    }

    fn tend_rooms(&mut self, book: &mut Book, now: Instant) {
        let mut joins = Vec::new();
        let mut leaves = Vec::new();
        book.rooms.retain(|name, room| {
            let released = room.feed.is_released();
            if std::mem::take(&mut room.leave_first) || (released && room.sent) {
                leaves.push(name.clone());
            }
            if !released && !room.sent {
                room.sent = true;
                joins.push(room.feed.clone());
            }
            !released
        });
        for room in leaves {
            self.leave(Some(room), None);
        }
        for feed in joins {
            let id = book.next_id();
            let frame = feed.join(id.to_string());
            self.ask(id, frame.into(), Purpose::Join(feed.room.clone()), now);
        }
    }

    fn tend_readers(&mut self, book: &mut Book, now: Instant) {
        let mut reads = Vec::new();
        let mut leaves = Vec::new();
        book.readers.retain(|stream, reader| {
            let released = reader.feed.is_released();
            if std::mem::take(&mut reader.leave_first) || (released && reader.feed.is_asked()) {
                leaves.push(*stream);
            }
            if !released {
                reads.push(reader.feed.clone());
            }
            !released
        });
        for stream in leaves {
            self.leave(None, Some(stream));
        }
        for feed in reads {
            if let Some(mut frame) = feed.read(String::new) {
                let id = book.next_id();
                frame.id = Some(id.to_string());
                self.ask(id, frame.into(), Purpose::Read(feed), now);
            }
        }
    }

    fn tend_calls(&mut self, book: &mut Book, now: Instant) {
        for (id, call) in &mut book.calls {
            if !std::mem::replace(&mut call.sent, true) {
                let mut frame = call.frame.clone();
                set_id(&mut frame, id.to_string());
                self.ask(*id, frame, Purpose::Call, now);
            }
        }
    }

    fn tend_writers(&mut self, book: &mut Book, now: Instant) {
        book.tend_writers();
        self.paced_until = None;
        let feeds: Vec<_> = book
            .writers
            .iter()
            .map(|(id, writer)| (*id, writer.feed.clone()))
            .collect();
        for (writer, feed) in feeds {
            feed.doubt(self.timeout, now);
            if let Some(mut frame) = feed.open(String::new) {
                let id = book.next_id();
                frame.id = Some(id.to_string());
                self.ask(id, frame.into(), Purpose::Open(writer), now);
            }
            if let Some(append) = feed.probe(now) {
                let id = book.next_id();
                let frame = json_append(&append, Some(id.to_string()));
                self.pace.spend(append.bytes.len());
                self.ask(id, frame.into(), Purpose::Probe(feed.clone()), now);
            }
            self.appends(&feed, now);
            if let Some(mut frame) = feed.close(String::new) {
                let id = book.next_id();
                frame.id = Some(id.to_string());
                self.ask(id, frame.into(), Purpose::Close(feed), now);
            }
        }
    }

    /// Sends a stream's bytes while the socket keeps up and the quota allows.
    fn appends(&mut self, feed: &Arc<WriterFeed>, now: Instant) {
        while self.outbox.len() < OUTBOX {
            if let Some(later) = self.pace.ready(now) {
                self.paced_until = Some(later);
                return;
            }
            let Some(append) = feed.append(self.append_bytes, JSON_APPEND_BYTES, now) else {
                return;
            };
            self.pace.spend(append.bytes.len());
            let message = match append.handle {
                Some(handle) => Message::binary(
                    BinaryFrame {
                        kind: BinaryKind::Append,
                        handle,
                        offset: append.offset,
                        payload: &append.bytes,
                    }
                    .encode(),
                ),
                None => text(json_append(&append, None).into()),
            };
            self.outbox.push_back(message);
        }
    }

    pub(super) fn leave(&mut self, room: Option<Slug>, stream: Option<StreamId>) {
        if let Some(stream) = stream {
            self.handles.retain(|_, held| *held != stream);
        }
        self.say(
            Leave {
                id: None,
                room,
                stream,
            }
            .into(),
        );
    }

    /// A new token for the open connection, or none to be had: then it ends in its own time.
    pub(super) fn renew(&mut self, token: Result<Option<String>, Error>) {
        match token {
            Ok(Some(token)) => self.say(
                Hello {
                    id: None,
                    token: Some(Token(token)),
                    client: None,
                    binary: self.binary,
                }
                .into(),
            ),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the token could not be renewed"),
        }
    }

    fn ask(&mut self, id: u64, frame: ClientFrame, purpose: Purpose, now: Instant) {
        self.asked.insert(id, (now + self.timeout, purpose));
        self.say(frame);
    }

    fn say(&mut self, frame: ClientFrame) {
        self.outbox.push_back(text(frame));
    }
}

fn text(frame: ClientFrame) -> Message {
    Message::text(codec::encode(&frame))
}

fn json_append(append: &Append, id: Option<String>) -> StreamAppend {
    let (text, base64) = match std::str::from_utf8(&append.bytes) {
        // Escapes make text longer, at worst six times.
        Ok(text) if text.len() <= JSON_APPEND_BYTES / 4 => (Some(text.to_owned()), None),
        _ => (None, Some(BASE64_STANDARD.encode(&append.bytes))),
    };
    StreamAppend {
        id,
        stream: append.stream,
        offset: append.offset,
        text,
        base64,
    }
}
