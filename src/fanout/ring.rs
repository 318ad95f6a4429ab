//! The newest events of a room, each a frame, without gaps up to the head; and those that came too early.

use super::cursor::{Chunk, MAX_CHUNK_BYTES, Read, RoomCursor};
use bytes::{Bytes, BytesMut};
use std::collections::{BTreeMap, VecDeque};

/// Events that wait for one before them: of nodes that write in turn, what one has committed may come
/// before what the other has told. With more, or further ahead, the ring begins anew.
const MAX_EARLY: usize = 64;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivered {
    /// It was there.
    Repeated,
    /// The log grew.
    Grew,
    /// It waits for one before it.
    Waits,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Ring {
    head: u64,
    /// Events `head - frames.len() + 1 ..= head`.
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// The last stretch that was read as one: after, up to, and what.
    joined: Option<(u64, u64, Chunk)>,
    early: BTreeMap<u64, Bytes>,
}

impl Ring {
    /// The newest event.
    pub(super) fn head(&self) -> u64 {
        self.head
    }

    /// Whether an event waits for one before it.
    pub(super) fn waits(&self) -> bool {
        !self.early.is_empty()
    }

    /// Takes an event, and keeps at most so many bytes. One that comes too early waits if `patient`;
    /// else what is between is forgotten, to be read from the store.
    pub(super) fn deliver(
        &mut self,
        seq: u64,
        patient: bool,
        max_bytes: usize,
        frame: impl FnOnce() -> Bytes,
    ) -> Delivered {
        if seq <= self.head {
            return Delivered::Repeated;
        }
        let ahead = seq - self.head - 1;
        if ahead > 0 && patient && ahead <= MAX_EARLY as u64 && self.early.len() < MAX_EARLY {
            self.early.entry(seq).or_insert_with(frame);
            return Delivered::Waits;
        }
        if ahead > 0 {
            self.early.remove(&seq);
            self.restart(seq - 1);
        }
        self.push(frame());
        self.push_early();
        while self.bytes > max_bytes
            && let Some(oldest) = self.frames.pop_front()
        {
            self.bytes -= oldest.len();
        }
        Delivered::Grew
    }

    fn push_early(&mut self) {
        while let Some(next) = self.early.remove(&(self.head + 1)) {
            self.push(next);
        }
    }

    fn push(&mut self, frame: Bytes) {
        self.head += 1;
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    /// Forgets what is in memory; the log stands at `head`.
    pub(super) fn restart(&mut self, head: u64) {
        self.frames.clear();
        self.bytes = 0;
        self.joined = None;
        self.head = head;
        self.early = self.early.split_off(&(head + 1));
        self.push_early();
    }

    /// Forgets everything: it was of another log.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Events behind the cursor, which lie before the head.
    pub(super) fn read(&mut self, cursor: &mut RoomCursor) -> Read {
        let behind = (self.head - cursor.seq) as usize;
        if behind > self.frames.len() {
            return Read::Cold;
        }
        let first = self.frames.len() - behind;
        if behind == 1 {
            cursor.seq = self.head;
            return Read::Chunk(Chunk {
                bytes: self.frames[first].clone(),
                frames: 1,
            });
        }
        // Viewers that were woken together read the same stretch: it is joined once.
        if let Some((from, to, chunk)) = &self.joined
            && *from == cursor.seq
            && (*to == self.head || chunk.bytes.len() >= MAX_CHUNK_BYTES)
        {
            cursor.seq = *to;
            return Read::Chunk(chunk.clone());
        }
        let mut bytes = BytesMut::with_capacity(MAX_CHUNK_BYTES.min(self.bytes));
        let mut frames = 0;
        for frame in self.frames.range(first..) {
            bytes.extend_from_slice(frame);
            frames += 1;
            if bytes.len() >= MAX_CHUNK_BYTES {
                break;
            }
        }
        let chunk = Chunk {
            bytes: bytes.freeze(),
            frames,
        };
        let from = cursor.seq;
        cursor.seq += frames;
        self.joined = Some((from, cursor.seq, chunk.clone()));
        Read::Chunk(chunk)
    }
}
