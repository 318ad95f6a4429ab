//! What comes back from the log: replies, acks, and what they change on the connection.

use super::Connection;
use crate::history::Error;
use crate::room;
use crate::store::op::{CancelWish, Done};
use crate::telemetry::fault;
use generic_corp_protocol::frame::{CancelNotice, Failure, StreamAck};
use generic_corp_protocol::{ServerFrame, StreamId, StreamInfo, StreamState};

/// A request that waits for its commit.
pub(super) enum Pending {
    /// `publish`.
    Publish { id: Option<String> },
    /// `stream.open`.
    Open { id: Option<String> },
    /// `stream.append`, or a binary frame.
    Append {
        id: Option<String>,
        stream: StreamId,
    },
    /// `stream.close`.
    Close {
        id: Option<String>,
        stream: StreamId,
    },
    /// `cancel`.
    Cancel { id: Option<String> },
}

impl Pending {
    pub(super) fn id(self) -> Option<String> {
        match self {
            Self::Publish { id }
            | Self::Open { id }
            | Self::Append { id, .. }
            | Self::Close { id, .. }
            | Self::Cancel { id } => id,
        }
    }
}

impl Connection {
    pub(super) fn settled(&self, request: usize, result: Result<Done, Error>) {
        let Some(pending) = self.pending.borrow_mut().try_remove(request) else {
            return;
        };
        match (pending, result) {
            (pending, Err(error)) => self.fail_pending(pending, &error.into()),
            (Pending::Publish { id }, Ok(done)) => self.answer(id, Ok(room::published(&done))),
            (
                Pending::Open { id },
                Ok(Done::Opened {
                    info,
                    entry,
                    cancel,
                }),
            ) => {
                self.opened(id, &info, entry.is_none(), cancel);
            }
            (Pending::Append { id, stream }, Ok(Done::Appended { length, cancel, .. })) => {
                self.produces(stream);
                self.acked(stream, length);
                if id.is_some() {
                    self.answer(id, Ok(serde_json::json!({ "offset": length })));
                }
                self.tell_wish(stream, cancel);
            }
            (Pending::Close { id, stream }, Ok(Done::Closed { info, .. })) => {
                self.produced(stream);
                self.answer(id, Ok(info));
            }
            (pending, Ok(_)) => self.answer(pending.id(), Ok(())),
        }
        self.viewer.wake();
    }

    fn opened(
        &self,
        id: Option<String>,
        info: &StreamInfo,
        duplicate: bool,
        cancel: Option<CancelWish>,
    ) {
        let handle = match self.session.borrow_mut().as_deref_mut() {
            Some(session) => session.handle(info.stream),
            None => return,
        };
        self.answer(id, Ok(room::opened(info, duplicate, handle)));
        if info.state == StreamState::Open {
            self.produces(info.stream);
            self.tell_wish(info.stream, cancel);
        }
    }

    pub(super) fn fail_pending(&self, pending: Pending, error: &room::Error) {
        match pending {
            Pending::Append { id, stream } => self.fail_append(id, stream, error),
            pending => self.fail_room(pending.id(), error),
        }
    }

    /// A failed append names its stream: the client may not have given it an id.
    fn fail_append(&self, id: Option<String>, stream: StreamId, error: &room::Error) {
        let mut details = error.details().unwrap_or_else(|| serde_json::json!({}));
        details["stream"] = stream.to_string().into();
        let code = error.code();
        self.viewer.send(&ServerFrame::Error(Failure {
            id,
            code,
            message: fault::visible(code, error),
            retryable: code.retryable(),
            retry_after_ms: error.retry_after_ms(),
            details: Some(details),
        }));
    }

    /// This connection writes the stream: it holds its lease and hears of wishes to stop.
    fn produces(&self, stream: StreamId) {
        if let Some(session) = self.session.borrow_mut().as_deref_mut()
            && session.producing.insert(stream)
        {
            self.parts
                .rooms
                .hub()
                .set_producer(stream, self.viewer.address());
        }
    }

    /// Whether this connection writes the stream.
    pub(super) fn is_producing(&self, stream: StreamId) -> bool {
        let session = self.session.borrow();
        let session = session.as_deref();
        session.is_some_and(|session| session.producing.contains(&stream))
    }

    fn produced(&self, stream: StreamId) {
        if let Some(session) = self.session.borrow_mut().as_deref_mut() {
            session.producing.remove(&stream);
            session.told.remove(&stream);
        }
        self.parts
            .rooms
            .hub()
            .remove_producer(stream, &self.viewer.address());
    }

    /// A wish that came while the producer was away.
    fn tell_wish(&self, stream: StreamId, wish: Option<CancelWish>) {
        if let Some(CancelWish { by, reason }) = wish {
            self.tell_cancel(CancelNotice { stream, by, reason });
        }
    }

    /// Told once a connection and stream: a producer that does not read is not buried in wishes.
    pub(super) fn tell_cancel(&self, notice: CancelNotice) {
        let fresh = match self.session.borrow_mut().as_deref_mut() {
            Some(session) => session.told.insert(notice.stream),
            None => false,
        };
        if fresh {
            self.viewer.send(&ServerFrame::Cancel(notice));
        }
    }

    /// Acks of one stream conflate: the newest says it all.
    fn acked(&self, stream: StreamId, length: u64) {
        let mut acks = self.acks.borrow_mut();
        match acks.iter_mut().find(|(known, _)| *known == stream) {
            Some((_, known)) => *known = length.max(*known),
            None => acks.push((stream, length)),
        }
    }

    pub(super) fn flush_acks(&self) {
        for (stream, offset) in std::mem::take(&mut *self.acks.borrow_mut()) {
            self.viewer
                .send(&ServerFrame::StreamAck(StreamAck { stream, offset }));
        }
    }
}
