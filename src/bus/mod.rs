//! Between nodes: tells every node, this one too, what was committed.
//!
//! The bus is a hint. It may lose, repeat or reorder; the receiver goes by `seq` and `offset` and reads
//! what it missed from the log. A node's own events come back through the same door as a peer's.

use bytes::Bytes;
use generic_corp_protocol::frame::{CancelNotice, Ephemeral, StreamClosed};
use generic_corp_protocol::{Event, RoomId, StreamId};
use std::sync::{Arc, OnceLock};

/// What one node tells the others.
#[derive(Clone, Debug)]
pub enum Hint {
    /// A room's log has a new entry.
    Event {
        /// The room.
        room: RoomId,
        /// The log's epoch.
        epoch: Arc<str>,
        /// The entry.
        event: Arc<Event>,
    },
    /// A stream has new bytes.
    Bytes {
        /// The stream.
        stream: StreamId,
        /// Where they begin.
        offset: u64,
        /// The bytes.
        data: Bytes,
    },
    /// A stream has ended.
    Closed {
        /// How.
        end: StreamClosed,
    },
    /// Somebody wants a stream to stop.
    Cancel {
        /// Which, who and why.
        notice: CancelNotice,
    },
    /// Something that skips the log.
    Ephemeral {
        /// The room.
        room: RoomId,
        /// The content.
        message: Arc<Ephemeral>,
    },
}

type Receiver = Box<dyn Fn(Vec<Hint>) + Send + Sync>;

/// A cheap handle to the bus of this node.
#[derive(Clone, Default)]
pub struct Bus {
    receiver: Arc<OnceLock<Receiver>>,
}

impl Bus {
    /// A bus of one node.
    pub fn local() -> Self {
        Self::default()
    }

    /// Sets who takes the hints on this node; only the first call counts.
    ///
    /// The receiver runs where the hints were published, so it must not wait.
    pub fn receive(&self, receiver: impl Fn(Vec<Hint>) + Send + Sync + 'static) {
        drop(self.receiver.set(Box::new(receiver)));
    }

    /// Tells every node. What was committed together is told together.
    pub fn publish(&self, hints: Vec<Hint>) {
        if let Some(receiver) = self.receiver.get().filter(|_| !hints.is_empty()) {
            receiver(hints);
        }
    }
}
