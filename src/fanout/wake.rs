//! Wake-ups: from any thread to an actix worker, at most one per worker and log.

use crate::history;
use crate::store::op::Done;
use generic_corp_protocol::frame::CancelNotice;
use generic_corp_protocol::{CloseCode, RoomId, StreamId};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// A log that viewers watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogId {
    /// A room with its presence and ephemeral messages.
    Room(RoomId),
    /// A stream's bytes.
    Stream(StreamId),
}

/// Something for one connection, from another thread.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all mail is an outcome; a box would cost every request an allocation"
)]
#[derive(Debug)]
pub enum Mail {
    /// The outcome of the operation that the connection numbered `request`.
    Settled {
        /// The connection's own number.
        request: usize,
        /// What came of it.
        result: Result<Done, history::Error>,
    },
    /// Somebody wants a stream to stop that the connection writes.
    Cancel(CancelNotice),
    /// What the connection may do has changed.
    Rights,
    /// The connection must end.
    Close(CloseCode),
    /// It must end, since what it proved itself with has.
    Expired,
    /// The hub drains; this connection's slot to reconnect.
    Goaway {
        /// Not before this.
        reconnect_after_ms: u64,
    },
}

/// Which workers watch a log, and which of them have been told of its growth: a bit a worker.
#[derive(Debug, Default)]
pub struct Wakes {
    watching: AtomicU64,
    told: AtomicU64,
}

impl Wakes {
    /// Tells every watching worker that has not been told since it last looked.
    pub fn notify(&self, log: LogId, inboxes: &[Arc<Inbox>]) {
        let watching = self.watching.load(Ordering::SeqCst);
        let mut new = watching & !self.told.fetch_or(watching, Ordering::SeqCst);
        while new != 0 {
            let worker = new.trailing_zeros() as usize;
            new &= new - 1;
            inboxes[worker].grown(log);
        }
    }

    /// The worker looks now: growth from here on tells it again.
    pub fn looking(&self, worker: usize) {
        self.told.fetch_and(!(1 << worker), Ordering::SeqCst);
    }

    /// The worker has a first viewer of this log.
    pub fn watch(&self, worker: usize) {
        self.watching.fetch_or(1 << worker, Ordering::SeqCst);
    }

    /// The worker has lost its last viewer of this log.
    pub fn unwatch(&self, worker: usize) {
        self.watching.fetch_and(!(1 << worker), Ordering::SeqCst);
    }

    /// Whether any worker watches.
    pub fn watched(&self) -> bool {
        self.watching.load(Ordering::SeqCst) != 0
    }
}

/// What waits for a worker. Grown logs are bounded by the logs it watches (each is told once); mail by
/// the requests in flight of its connections.
#[derive(Debug, Default)]
pub struct Inbox {
    waiting: Mutex<Waiting>,
    pub(super) wake: Notify,
}

/// See [`Inbox`].
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) grown: Vec<LogId>,
    pub(super) mail: Vec<(Place, Mail)>,
}

/// Where a connection sits in its worker; the generation tells it from an earlier one in the same slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) slot: usize,
    pub(super) generation: u64,
}

impl Inbox {
    fn grown(&self, log: LogId) {
        self.waiting.lock().grown.push(log);
        self.wake.notify_one();
    }

    pub(super) fn take(&self, into: &mut Waiting) {
        std::mem::swap(&mut *self.waiting.lock(), into);
    }

    /// The mail alone: a worker that goes through many viewers does not let replies wait.
    pub(super) fn take_mail(&self, into: &mut Vec<(Place, Mail)>) {
        std::mem::swap(&mut self.waiting.lock().mail, into);
    }
}

/// How other threads reach one connection.
#[derive(Clone, Debug)]
pub struct Address {
    pub(super) inbox: Arc<Inbox>,
    pub(super) place: Place,
}

impl Address {
    /// Hands something to the connection; is lost when the connection is gone.
    pub fn send(&self, mail: Mail) {
        self.inbox.waiting.lock().mail.push((self.place, mail));
        self.inbox.wake.notify_one();
    }

    /// Whether both lead to the same connection.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inbox, &other.inbox) && self.place == other.place
    }
}
