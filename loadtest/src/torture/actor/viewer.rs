//! A viewer: follows rooms, moves between nodes, and resumes where it was.

use super::session::{Answer, Observer, Session};
use super::{PATIENCE, Stage};
use crate::torture::history::{Hash, Record};
use generic_corp_protocol::frame::{Joined, Reset};
use generic_corp_protocol::{Event, ServerFrame};
use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::watch;

/// Events that are written to the history as one line.
const RUN: usize = 100;
/// The shortest and the longest time before the next attempt to come back, in milliseconds.
const BACK: std::ops::Range<u64> = 20..300;

/// See the module.
pub struct Viewer {
    stage: Rc<Stage>,
    who: String,
    rooms: Vec<String>,
    /// Whether it moves to another node though nothing ended its connection.
    wanders: bool,
    eyes: Rc<Eyes>,
    chance: RefCell<StdRng>,
}

/// What it has seen, and where it is.
struct Eyes {
    stage: Rc<Stage>,
    who: String,
    conn: Cell<u64>,
    cursors: RefCell<BTreeMap<String, Cursor>>,
    /// Counted up whenever a cursor moves.
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

impl Viewer {
    /// The viewer of this number, of these rooms.
    pub fn new(stage: &Rc<Stage>, number: usize, rooms: Vec<String>, wanders: bool) -> Rc<Self> {
        let who = format!("viewer-{number}");
        let eyes = Eyes {
            stage: stage.clone(),
            who: who.clone(),
            conn: Cell::new(0),
            cursors: RefCell::default(),
            moved: watch::channel(0).0,
        };
        Rc::new(Self {
            chance: RefCell::new(stage.chance(&who)),
            stage: stage.clone(),
            who,
            rooms,
            wanders,
            eyes: Rc::new(eyes),
        })
    }

    /// Its name.
    pub fn who(&self) -> &str {
        &self.who
    }

    /// Views until it is dropped.
    pub async fn run(self: Rc<Self>) {
        let (mut gone_at, mut attempts) = (None, 0);
        loop {
            attempts += 1;
            let node = self.choose(0..self.stage.doors.len());
            if let Ok(session) = self.connect(node).await {
                let clock = self.stage.history.clock;
                let away = gone_at.map(|gone| clock.us() - gone);
                self.stage.history.record(Record::Connected {
                    who: self.who.clone(),
                    conn: self.eyes.conn.get(),
                    node,
                    away,
                    attempts,
                });
                let why = self.view(&session).await;
                drop(session);
                self.eyes.close(why);
                (gone_at, attempts) = (Some(clock.us()), 0);
                continue;
            }
            let pause = self.choose(BACK);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    fn choose<T>(&self, range: std::ops::Range<T>) -> T
    where
        T: rand::distr::uniform::SampleUniform + PartialOrd,
    {
        self.chance.borrow_mut().random_range(range)
    }

    /// Connects and joins every room, or goes away again.
    async fn connect(&self, node: usize) -> Result<Session, String> {
        self.eyes.conn.set(self.eyes.conn.get() + 1);
        let eyes = self.eyes.clone();
        let observer: Observer = Rc::new(move |frame| eyes.see(frame));
        let session = Session::open(&self.stage.doors[node], observer).await?;
        for room in &self.rooms {
            let mut join = json!({ "type": "join", "room": room });
            if let Some((seq, epoch)) = self.eyes.cursor(room) {
                join["after"] = seq.into();
                join["epoch"] = epoch.into();
            }
            let why = match session.ask(join, PATIENCE).await {
                Answer::Done(_) => continue,
                Answer::Refused(failure) => format!("refused: {}", failure.code),
                Answer::Lost(why) => why.to_owned(),
            };
            drop(session);
            self.eyes.close(why.clone());
            return Err(why);
        }
        Ok(session)
    }

    /// Views until the connection is over, or it wants to see another node.
    async fn view(&self, session: &Session) -> String {
        if !self.wanders {
            return session.over().await;
        }
        let stay = Duration::from_millis(self.choose(3_000..15_000));
        tokio::time::timeout(stay, session.over())
            .await
            .unwrap_or_else(|_| "moves".to_owned())
    }

    /// Waits until it has seen these events.
    pub async fn reaches(&self, heads: &BTreeMap<String, u64>) {
        let mut moved = self.eyes.moved.subscribe();
        while !self.eyes.has(&self.rooms, heads) {
            if moved.changed().await.is_err() {
                return;
            }
        }
    }

    /// Writes what it has seen.
    pub fn finish(&self) {
        self.eyes.close("finished".to_owned());
    }
}

impl Eyes {
    fn cursor(&self, room: &str) -> Option<(u64, String)> {
        let cursors = self.cursors.borrow();
        cursors
            .get(room)
            .map(|cursor| (cursor.seq, cursor.epoch.clone()))
    }

    fn has(&self, rooms: &[String], heads: &BTreeMap<String, u64>) -> bool {
        let cursors = self.cursors.borrow();
        let seen = |room: &String| cursors.get(room).map_or(0, |cursor| cursor.seq);
        rooms
            .iter()
            .all(|room| seen(room) >= heads.get(room).copied().unwrap_or(0))
    }

    fn see(&self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Event(event) => self.see_event(event),
            ServerFrame::Joined(joined) => self.see_joined(joined),
            ServerFrame::Reset(reset) => self.see_reset(reset),
            _ => return,
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
    fn close(&self, why: String) {
        for (room, cursor) in self.cursors.borrow_mut().iter_mut() {
            self.write(room, cursor);
        }
        self.stage.history.record(Record::Gone {
            who: self.who.clone(),
            conn: self.conn.get(),
            why,
        });
    }
}
