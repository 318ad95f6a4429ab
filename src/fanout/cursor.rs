//! A cursor: what a socket holds per room or stream, instead of a queue.

use super::room_tail::RoomTail;
use super::stream_tail::StreamTail;
use super::stretch::Stretch;
use super::wake::LogId;
use bytes::Bytes;
use std::sync::Arc;

/// Bytes that one read hands out at most, unless a single frame is larger.
pub(super) const MAX_CHUNK_BYTES: usize = 64 * 1024;

/// A viewer's position in a room.
#[derive(Clone, Debug)]
pub struct RoomCursor {
    /// The room.
    pub tail: Arc<RoomTail>,
    /// The log's epoch that `seq` belongs to.
    pub epoch: Arc<str>,
    /// The last event the viewer has.
    pub seq: u64,
    /// The last ephemeral message it has, counted on this node.
    pub ephemeral: u64,
    /// The version of the presence it has.
    pub presence: u64,
}

impl RoomCursor {
    pub(super) fn read(&mut self) -> Read {
        let tail = self.tail.clone();
        tail.read(self)
    }

    /// Whether a read at either finds the same.
    pub(super) fn same_place(&self, other: &Self) -> bool {
        self.seq == other.seq
            && self.ephemeral == other.ephemeral
            && self.presence == other.presence
            && Arc::ptr_eq(&self.tail, &other.tail)
            && Arc::ptr_eq(&self.epoch, &other.epoch)
    }

    /// Goes where another cursor of the same log stands.
    pub(super) fn go(&mut self, to: &Self) {
        (self.seq, self.ephemeral, self.presence) = (to.seq, to.ephemeral, to.presence);
    }
}

/// A viewer's position in a stream.
#[derive(Debug)]
pub struct StreamCursor {
    /// The stream.
    pub tail: Arc<StreamTail>,
    /// The next byte the viewer needs.
    pub offset: u64,
    /// Stop here; `None` follows the stream to its end.
    pub until: Option<u64>,
    /// Send binary frames with this handle.
    pub handle: Option<u32>,
}

/// A position in a log.
#[derive(Debug)]
pub enum Cursor {
    /// In a room.
    Room(RoomCursor),
    /// In a stream.
    Stream(StreamCursor),
}

/// What a read at a cursor found. The cursor has moved behind what is handed out.
#[derive(Debug)]
pub(super) enum Read {
    /// The viewer has everything.
    Nothing,
    /// Frames to write; there may be more.
    Chunk(Chunk),
    /// Frames to write, with which the viewer has everything.
    All(Chunk),
    /// What comes next is no longer in memory.
    Cold,
    /// The last frame; the cursor is done.
    Last(Option<Chunk>),
}

/// Encoded frames, shared by all viewers that read the same stretch.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    pub(super) frames: u64,
}

impl Cursor {
    /// The log it points into.
    pub fn log(&self) -> LogId {
        match self {
            Self::Room(cursor) => LogId::Room(cursor.tail.id()),
            Self::Stream(cursor) => LogId::Stream(cursor.tail.id()),
        }
    }

    pub(super) fn read(&mut self, stretch: &Stretch) -> Read {
        match self {
            Self::Room(cursor) => stretch.read(cursor),
            Self::Stream(cursor) => {
                let tail = cursor.tail.clone();
                tail.read(cursor)
            }
        }
    }
}
