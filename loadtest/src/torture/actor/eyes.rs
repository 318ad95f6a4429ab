//! What a viewer sees: every frame of its connections, written to the history.

use super::Stage;
use super::follow::Follower;
use crate::torture::history::{Hash, Record};
use generic_corp_protocol::frame::{Joined, Reset};
use generic_corp_protocol::{Event, ServerFrame, StreamId};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use tokio::sync::watch;

/// Events that are written to the history as one line.
const RUN: usize = 100;

/// See the module.
pub struct Eyes {
    stage: Rc<Stage>,
    who: String,
    conn: Cell<u64>,
    /// Reads streams, if it does.
    follower: Option<Follower>,
    cursors: RefCell<BTreeMap<String, Cursor>>,
    /// Counted up whenever something was seen.
    moved: watch::Sender<u64>,
}

/// Its place in a room.
#[derive(Default)]
struct Cursor {
    seq: u64,
    epoch: String,
    /// Not written to the history yet, with the `seq` of the first.
    run: Vec<Hash>,
    from: u64,
}

impl Eyes {
    /// Eyes that have seen nothing.
    pub fn new(stage: &Rc<Stage>, who: &str, follows: bool) -> Self {
        Self {
            stage: stage.clone(),
            who: who.to_owned(),
            conn: Cell::new(0),
            follower: follows.then(|| Follower::new(stage, who)),
            cursors: RefCell::default(),
            moved: watch::channel(0).0,
        }
    }

    /// The number of the connection.
    pub fn connection(&self) -> u64 {
        self.conn.get()
    }

    /// A new connection begins.
    pub fn open(&self) {
        self.conn.set(self.conn.get() + 1);
    }

    /// Changes whenever something was seen.
    pub fn moves(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    /// A stream that is not read on this connection and is to be, with the next byte.
    pub fn next_unread(&self) -> Option<(StreamId, u64)> {
        self.follower.as_ref()?.next_unread()
    }

    /// Where it is in a room: `seq` and epoch.
    pub fn cursor(&self, room: &str) -> Option<(u64, String)> {
        let cursors = self.cursors.borrow();
        cursors
            .get(room)
            .map(|cursor| (cursor.seq, cursor.epoch.clone()))
    }

    /// Whether it has seen this much of these rooms, and the end of every stream it reads.
    pub fn has(&self, rooms: &[String], heads: &BTreeMap<String, u64>) -> bool {
        let cursors = self.cursors.borrow();
        let seen = |room: &String| cursors.get(room).map_or(0, |cursor| cursor.seq);
        let has = |room: &String| seen(room) >= heads.get(room).copied().unwrap_or(0);
        rooms.iter().all(has) && self.follower.as_ref().is_none_or(Follower::is_done)
    }

    /// A frame came.
    pub fn see(&self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Event(event) => self.see_event(event),
            ServerFrame::Joined(joined) => self.see_joined(joined),
            ServerFrame::Reset(reset) => self.see_reset(reset),
            other => match &self.follower {
                Some(follower) => follower.see(self.conn.get(), other),
                None => return,
            },
        }
        self.moved.send_modify(|moved| *moved += 1);
    }

    fn see_event(&self, event: &Event) {
        let mut cursors = self.cursors.borrow_mut();
        let cursor = cursors.entry(event.room.to_string()).or_default();
        let follows = event.seq == cursor.from + cursor.run.len() as u64;
        if !follows || cursor.run.len() >= RUN {
            self.write(&event.room, cursor);
        }
        if cursor.run.is_empty() {
            cursor.from = event.seq;
        }
        let key = event.key.as_deref().unwrap_or_default();
        cursor
            .run
            .push(Hash::of(&event.kind, key, event.body.get()));
        cursor.seq = event.seq;
        if let Some(follower) = &self.follower {
            follower.hear(event);
        }
    }

    fn see_joined(&self, joined: &Joined) {
        let mut cursors = self.cursors.borrow_mut();
        let had = cursors.get(&*joined.room).map(|cursor| cursor.seq);
        let cursor = cursors.entry(joined.room.to_string()).or_default();
        self.write(&joined.room, cursor);
        (cursor.seq, cursor.epoch) = (joined.after, joined.epoch.clone());
        self.stage.history.record(Record::Joined {
            who: self.who.clone(),
            conn: self.conn.get(),
            room: joined.room.to_string(),
            had,
            after: joined.after,
            head: joined.head,
            epoch: joined.epoch.clone(),
            recovered: joined.recovered,
        });
    }

    fn see_reset(&self, reset: &Reset) {
        let Some(room) = &reset.room else { return };
        let mut cursors = self.cursors.borrow_mut();
        let cursor = cursors.entry(room.to_string()).or_default();
        self.write(room, cursor);
        cursor.seq = reset.position;
        if let Some(epoch) = &reset.epoch {
            cursor.epoch.clone_from(epoch);
        }
        self.stage.history.record(Record::Reset {
            who: self.who.clone(),
            conn: self.conn.get(),
            room: room.to_string(),
            position: reset.position,
        });
    }

    /// Writes the events of a room that were not written.
    fn write(&self, room: &str, cursor: &mut Cursor) {
        let hashes = std::mem::take(&mut cursor.run);
        if !hashes.is_empty() {
            self.stage.history.record(Record::Saw {
                who: self.who.clone(),
                conn: self.conn.get(),
                room: room.to_owned(),
                from: cursor.from,
                hashes,
            });
        }
    }

    /// The connection has ended.
    pub fn close(&self, why: String) {
        for (room, cursor) in self.cursors.borrow_mut().iter_mut() {
            self.write(room, cursor);
        }
        if let Some(follower) = &self.follower {
            follower.close(self.conn.get());
        }
        self.stage.history.record(Record::Gone {
            who: self.who.clone(),
            conn: self.conn.get(),
            why,
        });
    }
}
