//! What a worker last read of a room. The viewers that it visits in one go nearly all stand at the same
//! place: one read serves them, and the room's lock, which the workers share, is taken once.

use super::cursor::{Chunk, Read, RoomCursor};
use std::cell::RefCell;
use std::sync::Arc;

/// See the module. Between [`begin`](Self::begin) and [`end`](Self::end) no other task of the thread runs;
/// what a log gains meanwhile wakes the worker again, so that nothing is missed by a read that was shared.
#[derive(Default)]
pub(super) struct Stretch(RefCell<State>);

#[derive(Default)]
enum State {
    /// Every viewer reads for itself.
    #[default]
    Off,
    /// The next read is remembered.
    Open,
    Read {
        from: RoomCursor,
        to: RoomCursor,
        chunk: Chunk,
    },
}

impl Stretch {
    /// From here on reads are shared.
    pub(super) fn begin(&self) {
        *self.0.borrow_mut() = State::Open;
    }

    /// Forgets what was read.
    pub(super) fn end(&self) {
        *self.0.borrow_mut() = State::Off;
    }

    /// Reads at a cursor, from memory where the last one stood at the same place and read to the end.
    pub(super) fn read(&self, cursor: &mut RoomCursor) -> Read {
        let state = &mut *self.0.borrow_mut();
        if let State::Read { from, to, chunk } = state
            && from.same_place(cursor)
        {
            cursor.go(to);
            return Read::All(chunk.clone());
        }
        if matches!(state, State::Off) {
            return cursor.read();
        }
        let from = cursor.clone();
        let read = cursor.read();
        if let Read::All(chunk) = &read
            && Arc::ptr_eq(&from.epoch, &cursor.epoch)
        {
            let (to, chunk) = (cursor.clone(), chunk.clone());
            *state = State::Read { from, to, chunk };
        }
        read
    }
}
