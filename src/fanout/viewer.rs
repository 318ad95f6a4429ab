//! One connection's cursors: what is read when its socket can take bytes.
//!
//! Memory per viewer is constant: numbers, the replies to its own requests, and at most one chunk that
//! was read from the store.

use super::cold::{Found, Wanted};
use super::cursor::{Chunk, Cursor, Read};
use super::encode::text_frame;
use super::outlet::Outlet;
use super::wake::{Address, LogId, Place};
use super::worker::Worker;
use bytes::{Bytes, BytesMut};
use generic_corp_protocol::ServerFrame;
use generic_corp_protocol::frame::Reset;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::task::Waker;
use std::time::Duration;

/// How long a viewer waits before it asks a store again that did not answer.
const RETRY: Duration = Duration::from_secs(1);

/// See the module.
pub struct Viewer {
    worker: Rc<Worker>,
    place: Place,
    waker: RefCell<Option<Waker>>,
    /// Weak: the socket holds the connection, which holds this.
    outlet: OnceCell<Weak<dyn Outlet>>,
    control: RefCell<BytesMut>,
    state: RefCell<State>,
    frames_sent: Cell<u64>,
}

#[derive(Default)]
struct State {
    /// A slot a cursor; the serial tells a cursor from an earlier one in its slot.
    cursors: Vec<Option<(u64, Cursor)>>,
    next_serial: u64,
    /// Cursors that may have something to read, each at most once.
    dirty: VecDeque<usize>,
    /// Cursors that wait for the store.
    cold: VecDeque<usize>,
    /// Whether the store is being read for the first of the cold.
    reading: bool,
    /// What the store has answered, for the cursor in this slot; the next read begins once it is taken.
    ready: Option<(usize, Chunk)>,
}

impl Viewer {
    pub(super) fn new(worker: Rc<Worker>, place: Place) -> Self {
        let (waker, outlet, control, state) = Default::default();
        Self {
            worker,
            place,
            waker,
            outlet,
            control,
            state,
            frames_sent: Cell::new(0),
        }
    }

    /// How other threads reach this connection.
    pub fn address(&self) -> Address {
        Address {
            inbox: self.worker.inbox(),
            place: self.place,
        }
    }

    /// The worker it lives on.
    pub fn worker(&self) -> &Rc<Worker> {
        &self.worker
    }

    /// Frames handed out so far.
    pub fn frames_sent(&self) -> u64 {
        self.frames_sent.get()
    }

    /// Remembers whom to wake when there is something to write.
    pub fn set_waker(&self, waker: &Waker) {
        let mut known = self.waker.borrow_mut();
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }

    /// Says which socket can be written to without waking its task. Once only.
    pub fn set_outlet(&self, outlet: Weak<dyn Outlet>) {
        drop(self.outlet.set(outlet));
    }

    /// Has what was marked written: at once where there is an outlet, by the woken task where not.
    pub(super) fn flush(&self) {
        match self.outlet.get().and_then(Weak::upgrade) {
            Some(outlet) => outlet.flush(),
            None => self.wake(),
        }
    }

    /// Wakes the socket's task.
    pub fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Queues a reply; replies go before what cursors read.
    pub fn send(&self, frame: &ServerFrame) {
        self.send_encoded(&text_frame(frame));
    }

    /// Queues a frame that is encoded already.
    pub fn send_encoded(&self, frame: &[u8]) {
        self.control.borrow_mut().extend_from_slice(frame);
        self.frames_sent.set(self.frames_sent.get() + 1);
        self.worker.count_frames(1);
        self.wake();
    }

    /// Bytes of replies that wait for the socket.
    pub fn control_bytes(&self) -> usize {
        self.control.borrow().len()
    }

    /// Whether there is something to write, as far as is known without reading.
    pub fn waits_to_write(&self) -> bool {
        let state = self.state.borrow();
        self.control_bytes() > 0 || state.ready.is_some() || !state.dirty.is_empty()
    }

    /// Adds a cursor and begins to read at it.
    pub fn watch(self: &Rc<Self>, cursor: Cursor) {
        let log = cursor.log();
        let mut state = self.state.borrow_mut();
        let serial = state.next_serial;
        state.next_serial += 1;
        let free = state.cursors.iter().position(Option::is_none);
        let slot = free.unwrap_or(state.cursors.len());
        // The bit must be set before the first read, or growth in between would not wake anyone.
        self.worker.watch(log, &cursor, self, slot);
        match free {
            Some(slot) => state.cursors[slot] = Some((serial, cursor)),
            None => state.cursors.push(Some((serial, cursor))),
        }
        drop(state);
        self.mark(slot);
        self.wake();
    }

    /// Removes the cursor of a log. Returns whether there was one.
    pub fn unwatch(&self, log: LogId) -> bool {
        let slot = {
            let state = self.state.borrow();
            let of_log =
                |entry: &Option<(u64, Cursor)>| matches!(entry, Some((_, c)) if c.log() == log);
            state.cursors.iter().position(of_log)
        };
        slot.is_some_and(|slot| self.remove(slot))
    }

    /// Whether there is a cursor of this log.
    pub fn watches(&self, log: LogId) -> bool {
        self.state
            .borrow()
            .cursors
            .iter()
            .flatten()
            .any(|(_, cursor)| cursor.log() == log)
    }

    /// Removes every cursor.
    pub fn unwatch_all(&self) {
        let slots = self.state.borrow().cursors.len();
        for slot in 0..slots {
            self.remove(slot);
        }
    }

    /// How many rooms and streams are watched.
    pub fn watched(&self) -> (usize, usize) {
        let state = self.state.borrow();
        let rooms = state
            .cursors
            .iter()
            .flatten()
            .filter(|(_, c)| matches!(c, Cursor::Room(_)));
        let rooms = rooms.count();
        (rooms, state.cursors.iter().flatten().count() - rooms)
    }

    /// A log has grown; [`flush`](Self::flush) has it written.
    pub(super) fn mark(&self, slot: usize) {
        let mut state = self.state.borrow_mut();
        let waits = state.dirty.contains(&slot) || state.cold.contains(&slot);
        if !waits && state.cursors.get(slot).is_some_and(Option::is_some) {
            state.dirty.push_back(slot);
        }
    }

    /// The next bytes to write, or `None` when the viewer has everything there is.
    ///
    /// The socket calls this only when it can take bytes.
    pub fn next_chunk(self: &Rc<Self>) -> Option<Bytes> {
        {
            let mut control = self.control.borrow_mut();
            if !control.is_empty() {
                return Some(std::mem::take(&mut *control).freeze());
            }
        }
        self.read_cold();
        loop {
            let mut state = self.state.borrow_mut();
            if let Some((_, chunk)) = state.ready.take() {
                return Some(self.count(chunk));
            }
            let slot = state.dirty.pop_front()?;
            let read = match state.cursors.get_mut(slot) {
                Some(Some((_, cursor))) => cursor.read(self.worker.stretch()),
                _ => Read::Nothing,
            };
            match read {
                Read::Nothing => {}
                Read::All(chunk) => return Some(self.count(chunk)),
                Read::Chunk(chunk) => {
                    // There may be more; other cursors come first.
                    state.dirty.push_back(slot);
                    return Some(self.count(chunk));
                }
                Read::Cold => {
                    state.cold.push_back(slot);
                    drop(state);
                    self.read_cold();
                }
                Read::Last(chunk) => {
                    drop(state);
                    self.remove(slot);
                    if let Some(chunk) = chunk {
                        return Some(self.count(chunk));
                    }
                }
            }
        }
    }

    fn count(&self, chunk: Chunk) -> Bytes {
        self.frames_sent.set(self.frames_sent.get() + chunk.frames);
        self.worker.count_frames(chunk.frames);
        chunk.bytes
    }

    fn remove(&self, slot: usize) -> bool {
        let mut state = self.state.borrow_mut();
        let Some((_, cursor)) = state.cursors.get_mut(slot).and_then(Option::take) else {
            return false;
        };
        state.dirty.retain(|waiting| *waiting != slot);
        state.ready.take_if(|(of, _)| *of == slot);
        // Where the store is being read for it, its place stays: the answer is dropped when it comes.
        let reading = state.cold.front().copied().filter(|_| state.reading);
        state
            .cold
            .retain(|waiting| *waiting != slot || reading == Some(slot));
        drop(state);
        let log = cursor.log();
        drop(cursor);
        self.worker.unwatch(log, self, slot);
        true
    }

    /// Reads from the store for the first cold cursor, in the background; one read at a time, and none
    /// before the last answer is taken.
    fn read_cold(self: &Rc<Self>) {
        let (slot, serial, wanted) = {
            let mut state = self.state.borrow_mut();
            if state.reading || state.ready.is_some() {
                return;
            }
            loop {
                let Some(slot) = state.cold.front().copied() else {
                    return;
                };
                match state.cursors.get(slot) {
                    Some(Some((serial, Cursor::Room(cursor)))) => {
                        break (slot, *serial, Wanted::from(cursor));
                    }
                    Some(Some((serial, Cursor::Stream(cursor)))) => {
                        break (slot, *serial, Wanted::from(cursor));
                    }
                    _ => state.cold.pop_front(),
                };
            }
        };
        self.state.borrow_mut().reading = true;
        let viewer = Rc::downgrade(self);
        let hub = self.worker.hub().clone();
        actix_web::rt::spawn(async move {
            let found = {
                let _turn = hub.cold_turn().await;
                wanted.read(hub.store()).await
            };
            if let Err(error) = &found {
                tracing::warn!(%error, "a viewer's read from the store failed; it is tried again");
                metrics::counter!("generic_corp_cold_read_failures_total").increment(1);
                tokio::time::sleep(RETRY).await;
            }
            if let Some(viewer) = viewer.upgrade() {
                viewer.cold_done(slot, serial, found.ok());
            }
        });
    }

    /// `found` is `None` when the store did not answer.
    fn cold_done(self: &Rc<Self>, slot: usize, serial: u64, found: Option<Found>) {
        let mut state = self.state.borrow_mut();
        state.reading = false;
        state.cold.pop_front();
        if let Some((known, cursor)) = state.cursors.get_mut(slot).and_then(Option::as_mut) {
            // Of an earlier cursor in this slot the answer is of no use; its successor waited for it.
            if *known == serial {
                state.ready = found
                    .and_then(|found| advance(cursor, found))
                    .map(|chunk| (slot, chunk));
            }
            state.dirty.push_back(slot);
        }
        drop(state);
        self.wake();
    }
}

/// Moves the cursor behind what was read. Nothing found means that the log does not hold it any more:
/// the viewer is told, and goes on where the log stands.
fn advance(cursor: &mut Cursor, found: Found) -> Option<Chunk> {
    match (cursor, found) {
        (Cursor::Room(cursor), Some((chunk, position))) => {
            cursor.seq = position;
            Some(chunk)
        }
        (Cursor::Stream(cursor), Some((chunk, position))) => {
            cursor.offset = position;
            Some(chunk)
        }
        (Cursor::Room(cursor), None) => {
            let tail = cursor.tail.clone();
            Some(tail.skip(cursor))
        }
        (Cursor::Stream(cursor), None) => {
            cursor.offset = cursor.tail.length();
            let reset = ServerFrame::Reset(Reset {
                room: None,
                stream: Some(cursor.tail.id()),
                reason: "bytes at your position are not stored".into(),
                position: cursor.offset,
                epoch: None,
            });
            Some(Chunk {
                bytes: text_frame(&reset),
                frames: 1,
            })
        }
    }
}

#[cfg(test)]
mod tests;
