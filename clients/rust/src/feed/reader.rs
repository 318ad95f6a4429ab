//! A stream as its reader sees it: the next byte and a bounded queue of what came.

use super::Feed;
use crate::sync::lock;
use crate::{Chunk, Error, ReadFrom};
use bytes::{Buf as _, Bytes};
use generic_corp_protocol::frame::{StreamClosed, StreamRead, StreamReading};
use generic_corp_protocol::{StreamId, StreamInfo};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use tokio::sync::Notify;

/// Shared between the connection, which fills it, and one [`crate::StreamReader`], which empties it.
#[derive(Debug)]
pub(crate) struct ReaderFeed {
    pub(crate) stream: StreamId,
    start: ReadFrom,
    follow: bool,
    queue_bytes: usize,
    inner: Mutex<Inner>,
    changed: Notify,
    released: AtomicBool,
}

#[derive(Debug)]
struct Inner {
    phase: Phase,
    queue: VecDeque<Chunk>,
    queued_bytes: usize,
    /// The next byte to come; known from the first answer on.
    position: Option<u64>,
    /// Where a reader that does not follow ends.
    until: Option<u64>,
    info: Option<StreamInfo>,
    closed: Option<StreamClosed>,
}

#[derive(Clone, Debug)]
enum Phase {
    /// To be asked for on this connection.
    Idle,
    /// Asked for.
    Asked,
    /// The hub sends.
    Live,
    /// The queue was full: to be asked for again when it is empty.
    Paused,
    /// The last byte has come.
    Ended,
    /// Nothing more will come.
    Failed(Error),
}

/// Whether the hub shall go on sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    GoOn,
    Leave,
}

/// What the reader finds.
#[derive(Debug)]
pub(crate) enum ReaderPop {
    Chunk(Chunk),
    End,
    Failed(Error),
    /// Nothing yet; `true`: wake the connection, it has to ask again.
    Empty(bool),
}

impl Feed for ReaderFeed {
    fn released(&self) -> &AtomicBool {
        &self.released
    }
}

impl ReaderFeed {
    pub(crate) fn new(stream: StreamId, start: ReadFrom, follow: bool, queue_bytes: usize) -> Self {
        Self {
            stream,
            start,
            follow,
            queue_bytes,
            inner: Mutex::new(Inner {
                phase: Phase::Idle,
                queue: VecDeque::new(),
                queued_bytes: 0,
                position: None,
                until: None,
                info: None,
                closed: None,
            }),
            changed: Notify::new(),
            released: AtomicBool::new(false),
        }
    }

    /// The frame that asks for the bytes from here on, when that is to be done.
    pub(crate) fn read(&self, id: impl FnOnce() -> String) -> Option<StreamRead> {
        let mut inner = lock(&self.inner);
        if !matches!(inner.phase, Phase::Idle) {
            return None;
        }
        inner.phase = Phase::Asked;
        let (offset, tail_bytes) = match (inner.position, self.start) {
            (Some(position), _) => (Some(position), None),
            (None, ReadFrom::Offset(offset)) => (Some(offset), None),
            (None, ReadFrom::Tail(bytes)) => (None, Some(bytes)),
        };
        Some(StreamRead {
            id: Some(id()),
            stream: self.stream,
            offset,
            tail_bytes,
            follow: Some(self.follow),
        })
    }

    /// The connection broke: what was asked for must be asked for again.
    pub(crate) fn disconnected(&self) {
        let mut inner = lock(&self.inner);
        if matches!(inner.phase, Phase::Asked | Phase::Live) {
            inner.phase = Phase::Idle;
        }
    }

    /// A failed request is to be repeated.
    pub(crate) fn again(&self) {
        let mut inner = lock(&self.inner);
        if matches!(inner.phase, Phase::Asked) {
            inner.phase = Phase::Idle;
        }
    }

    /// The hub's answer: bytes from its offset on follow.
    pub(crate) fn reading(&self, reading: &StreamReading) -> Verdict {
        let mut inner = lock(&self.inner);
        inner.phase = Phase::Live;
        inner.position = Some(reading.offset);
        if !self.follow {
            inner.until.get_or_insert(reading.info.length);
        }
        inner.info = Some(reading.info.clone());
        self.settle(inner)
    }

    pub(crate) fn data(&self, offset: u64, mut bytes: Bytes) -> Verdict {
        let mut inner = lock(&self.inner);
        let (Phase::Live, Some(position)) = (&inner.phase, inner.position) else {
            return Verdict::GoOn;
        };
        let behind = position.saturating_sub(offset) as usize;
        if behind >= bytes.len() {
            return Verdict::GoOn;
        }
        bytes.advance(behind);
        let full = inner.queued_bytes + bytes.len() > self.queue_bytes && !inner.queue.is_empty();
        if full || offset > position {
            inner.phase = Phase::Paused;
            return Verdict::Leave;
        }
        if let Some(until) = inner.until {
            bytes.truncate(until.saturating_sub(position) as usize);
        }
        inner.position = Some(position + bytes.len() as u64);
        inner.queued_bytes += bytes.len();
        inner.queue.push_back(Chunk {
            offset: position,
            bytes,
        });
        self.settle(inner)
    }

    /// The hub says that the stream has ended.
    pub(crate) fn closed(&self, closed: StreamClosed) -> Verdict {
        let mut inner = lock(&self.inner);
        if !matches!(inner.phase, Phase::Live) {
            return Verdict::GoOn;
        }
        if inner.position < Some(closed.offset) && inner.until.is_none() {
            inner.phase = Phase::Paused;
            self.changed.notify_one();
            return Verdict::Leave;
        }
        inner.closed = Some(closed);
        inner.phase = Phase::Ended;
        self.changed.notify_one();
        Verdict::GoOn
    }

    /// The hub moved the cursor; the chunks' offsets tell it.
    pub(crate) fn reset(&self, position: u64) {
        lock(&self.inner).position = Some(position);
    }

    pub(crate) fn fail(&self, error: Error) {
        let mut inner = lock(&self.inner);
        if !matches!(inner.phase, Phase::Ended) {
            inner.phase = Phase::Failed(error);
        }
        self.changed.notify_one();
    }

    pub(crate) fn pop(&self) -> ReaderPop {
        let mut inner = lock(&self.inner);
        if let Some(chunk) = inner.queue.pop_front() {
            inner.queued_bytes -= chunk.bytes.len();
            return ReaderPop::Chunk(chunk);
        }
        match inner.phase.clone() {
            Phase::Ended => ReaderPop::End,
            Phase::Failed(error) => ReaderPop::Failed(error),
            Phase::Paused => {
                inner.phase = Phase::Idle;
                ReaderPop::Empty(true)
            }
            Phase::Idle | Phase::Asked | Phase::Live => ReaderPop::Empty(false),
        }
    }

    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(crate) fn info(&self) -> Option<StreamInfo> {
        lock(&self.inner).info.clone()
    }

    /// How the stream ended, once that was told.
    pub(crate) fn end(&self) -> Option<StreamClosed> {
        lock(&self.inner).closed.clone()
    }

    /// Whether the hub may still be sending.
    pub(crate) fn is_asked(&self) -> bool {
        matches!(lock(&self.inner).phase, Phase::Asked | Phase::Live)
    }

    fn settle(&self, mut inner: std::sync::MutexGuard<'_, Inner>) -> Verdict {
        let done = inner
            .until
            .is_some_and(|until| inner.position >= Some(until));
        if done {
            inner.phase = Phase::Ended;
        }
        drop(inner);
        self.changed.notify_one();
        if done { Verdict::Leave } else { Verdict::GoOn }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use generic_corp_protocol::{Sender, SenderKind, Slug, StreamOutcome, StreamState, Timestamp};
    use proptest::prelude::*;

    fn reading(stream: StreamId, offset: u64, length: u64) -> StreamReading {
        StreamReading {
            info: StreamInfo {
                stream,
                room: Slug::parse("lobby").expect("a name"),
                name: "ls".into(),
                role: Default::default(),
                media_type: "text/x-ansi".into(),
                tool_call: None,
                parent: None,
                sender: Sender {
                    kind: SenderKind::Agent,
                    id: uuid::Uuid::nil(),
                    name: "bot".into(),
                },
                state: StreamState::Open,
                length,
                opened_at: Timestamp(0),
                opened_seq: 1,
                closed_at: None,
                exit_code: None,
            },
            offset,
            handle: None,
        }
    }

    /// The hub's cursor on this connection: `None` when nobody reads.
    struct Hub<'a> {
        log: &'a [u8],
        cursor: Option<usize>,
    }

    impl Hub<'_> {
        fn serve(&mut self, feed: &ReaderFeed, chunk: usize) {
            if let Some(read) = feed.read(String::new) {
                let offset = read.offset.expect("an offset");
                self.cursor = Some(offset as usize);
                let answer = reading(feed.stream, offset, self.log.len() as u64);
                if feed.reading(&answer) == Verdict::Leave {
                    self.cursor = None;
                }
            }
            let Some(cursor) = self.cursor else { return };
            let end = self.log.len().min(cursor + chunk);
            let bytes = Bytes::copy_from_slice(&self.log[cursor..end]);
            self.cursor = Some(end);
            let mut verdict = feed.data(cursor as u64, bytes);
            if end == self.log.len() && verdict == Verdict::GoOn {
                verdict = feed.closed(StreamClosed {
                    stream: feed.stream,
                    offset: end as u64,
                    outcome: StreamOutcome::Completed,
                    exit_code: None,
                });
                self.cursor = None;
            }
            if verdict == Verdict::Leave {
                self.cursor = None;
            }
        }
    }

    proptest! {
        #[test]
        fn every_byte_is_read_once(
            log in proptest::collection::vec(any::<u8>(), 0..2_000),
            acts in proptest::collection::vec((0u8..8, 1usize..200), 0..300),
            queue in 1usize..300,
            follow in any::<bool>(),
        ) {
            let feed = ReaderFeed::new(StreamId::new(), ReadFrom::Offset(0), follow, queue);
            let mut hub = Hub { log: &log, cursor: None };
            let (mut seen, mut ended) = (Vec::new(), false);
            let settle = std::iter::repeat_n([(0, 150), (4, 150), (4, 150)], 2_000).flatten();
            for (act, size) in acts.into_iter().chain(settle) {
                match act {
                    0..=3 => hub.serve(&feed, size),
                    4..=6 => match feed.pop() {
                        ReaderPop::Chunk(chunk) => {
                            prop_assert_eq!(chunk.offset, seen.len() as u64);
                            seen.extend_from_slice(&chunk.bytes);
                        }
                        ReaderPop::End => ended = true,
                        ReaderPop::Failed(error) => panic!("{error}"),
                        ReaderPop::Empty(_) => {}
                    },
                    _ => {
                        hub.cursor = None;
                        feed.disconnected();
                    }
                }
            }
            prop_assert!(ended);
            prop_assert_eq!(seen, log);
        }
    }
}
