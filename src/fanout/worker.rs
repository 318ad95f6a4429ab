//! One actix worker's viewers: woken once per grown log, it marks those that watch it.

use super::cursor::Cursor;
use super::hub::Hub;
use super::stretch::Stretch;
use super::viewer::Viewer;
use super::wake::{Inbox, LogId, Mail, Place, Waiting};
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often connections look at their deadlines.
const TICK: Duration = Duration::from_secs(1);
/// Viewers that are written to before the worker's other tasks have their turn.
const TURN: usize = 64;

/// A connection, as its worker needs it.
pub trait Client {
    /// Something came for it from another thread.
    fn receive(&self, mail: Mail);
    /// Time has passed: heartbeats, deadlines.
    fn tick(&self, now: Instant);
}

/// See the module. Lives on one thread.
pub struct Worker {
    index: usize,
    hub: Hub,
    inbox: Arc<Inbox>,
    clients: RefCell<Slab<(u64, Weak<dyn Client>)>>,
    next_generation: Cell<u64>,
    writes: Cell<u64>,
    frames: Cell<u64>,
    watched: RefCell<HashMap<LogId, Watched>>,
    stretch: Stretch,
}

/// The viewers of one log on this worker, each with the slot of its cursor.
#[derive(Default)]
struct Watched {
    viewers: Vec<(Weak<Viewer>, usize)>,
}

impl Worker {
    /// Takes the next free place among the hub's workers and starts to listen on this thread.
    pub fn start(hub: Hub) -> Rc<Self> {
        let (index, inbox) = hub.claim_worker();
        let worker = Rc::new(Self {
            index,
            hub,
            inbox,
            clients: RefCell::default(),
            next_generation: Cell::new(0),
            writes: Cell::new(0),
            frames: Cell::new(0),
            watched: RefCell::default(),
            stretch: Stretch::default(),
        });
        actix_web::rt::spawn(run(Rc::downgrade(&worker)));
        actix_web::rt::spawn(tick(Rc::downgrade(&worker)));
        worker
    }

    /// The node's hub.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    pub(super) fn inbox(&self) -> Arc<Inbox> {
        self.inbox.clone()
    }

    /// Takes in a connection, which `make` builds around its viewer.
    pub fn admit<C: Client + 'static>(
        self: &Rc<Self>,
        make: impl FnOnce(Rc<Viewer>) -> C,
    ) -> Rc<C> {
        let generation = self.next_generation.get();
        self.next_generation.set(generation + 1);
        let slot = self.clients.borrow().vacant_key();
        let place = Place { slot, generation };
        let client = Rc::new(make(Rc::new(Viewer::new(self.clone(), place))));
        let weak: Weak<dyn Client> = Rc::downgrade(&client) as Weak<dyn Client>;
        self.clients.borrow_mut().insert((generation, weak));
        client
    }

    /// Lets a connection go, with its cursors.
    pub fn dismiss(&self, viewer: &Viewer) {
        viewer.unwatch_all();
        let place = viewer.address().place;
        let mut clients = self.clients.borrow_mut();
        if clients
            .get(place.slot)
            .is_some_and(|(generation, _)| *generation == place.generation)
        {
            clients.remove(place.slot);
        }
    }

    /// A viewer was given all it could read, which went out in one write.
    pub fn count_write(&self) {
        self.writes.set(self.writes.get() + 1);
    }

    /// What it last read, for viewers that stand at the same place.
    pub(super) fn stretch(&self) -> &Stretch {
        &self.stretch
    }

    pub(super) fn count_frames(&self, frames: u64) {
        self.frames.set(self.frames.get() + frames);
    }

    fn client(&self, place: Place) -> Option<Rc<dyn Client>> {
        let clients = self.clients.borrow();
        let (generation, client) = clients.get(place.slot)?;
        if *generation == place.generation {
            client.upgrade()
        } else {
            None
        }
    }

    pub(super) fn watch(&self, log: LogId, cursor: &Cursor, viewer: &Rc<Viewer>, slot: usize) {
        let mut watched = self.watched.borrow_mut();
        let watched = watched.entry(log).or_default();
        if watched.viewers.is_empty() {
            match cursor {
                Cursor::Room(cursor) => cursor.tail.wakes.watch(self.index),
                Cursor::Stream(cursor) => cursor.tail.wakes.watch(self.index),
            }
        }
        watched.viewers.push((Rc::downgrade(viewer), slot));
    }

    pub(super) fn unwatch(&self, log: LogId, viewer: &Viewer, slot: usize) {
        let mut watched = self.watched.borrow_mut();
        let Some(entry) = watched.get_mut(&log) else {
            return;
        };
        let same = |(known, at): &(Weak<Viewer>, usize)| {
            std::ptr::eq(known.as_ptr(), viewer) && *at == slot
        };
        if let Some(at) = entry.viewers.iter().position(same) {
            entry.viewers.swap_remove(at);
        }
        if entry.viewers.is_empty() {
            watched.remove(&log);
            self.hub.unwatch(log, self.index);
        }
    }

    /// Has the viewers of grown logs written to. What has come in several logs of one viewer leaves in one
    /// write: all are marked before the first is written to.
    async fn deliver(&self, waiting: &mut Waiting, turn: &mut Turn) {
        let grown = std::mem::take(&mut waiting.grown);
        for log in &grown {
            self.hub.looking(*log, self.index);
        }
        let several = grown.len() > 1;
        if several {
            for log in &grown {
                self.each(*log, turn, Viewer::mark).await;
            }
        }
        for log in &grown {
            let write = |viewer: &Viewer, slot| {
                if !several {
                    viewer.mark(slot);
                }
                viewer.flush();
            };
            self.each(*log, turn, write).await;
        }
        // Given back for its memory.
        waiting.grown = grown;
        waiting.grown.clear();
    }

    /// Goes through the viewers of a log, backwards: those that leave meanwhile are replaced by the last,
    /// which was seen already, and those that come read for themselves.
    async fn each(&self, log: LogId, turn: &mut Turn, act: impl Fn(&Viewer, usize)) {
        let mut rest = usize::MAX;
        while rest > 0 {
            if turn.left == 0 {
                turn.left = TURN;
                tokio::task::yield_now().await;
                self.inbox.take_mail(&mut turn.mail);
                self.receive(&mut turn.mail);
            }
            rest = self.take_viewers(log, rest, turn);
            turn.left -= turn.viewers.len();
            self.stretch.begin();
            for (viewer, slot) in turn.viewers.drain(..) {
                act(&viewer, slot);
            }
            self.stretch.end();
        }
    }

    /// Copies those that one turn may visit: they leave as they are written to. Returns how many remain.
    fn take_viewers(&self, log: LogId, rest: usize, turn: &mut Turn) -> usize {
        let watched = self.watched.borrow();
        let Some(entry) = watched.get(&log) else {
            return 0;
        };
        let end = rest.min(entry.viewers.len());
        let start = end.saturating_sub(turn.left);
        let live = |(viewer, slot): &(Weak<Viewer>, usize)| Some((viewer.upgrade()?, *slot));
        turn.viewers
            .extend(entry.viewers[start..end].iter().filter_map(live));
        start
    }

    fn receive(&self, mail: &mut Vec<(Place, Mail)>) {
        for (place, mail) in mail.drain(..) {
            if let Some(client) = self.client(place) {
                client.receive(mail);
            }
        }
    }
}

/// How far a worker may go before others have their turn, and what it has in hand.
#[derive(Default)]
struct Turn {
    left: usize,
    viewers: Vec<(Rc<Viewer>, usize)>,
    mail: Vec<(Place, Mail)>,
}

async fn run(worker: Weak<Worker>) {
    let Some(inbox) = worker.upgrade().map(|worker| worker.inbox()) else {
        return;
    };
    let (mut waiting, mut turn) = (Waiting::default(), Turn::default());
    loop {
        inbox.wake.notified().await;
        let Some(worker) = worker.upgrade() else {
            return;
        };
        inbox.take(&mut waiting);
        worker.receive(&mut waiting.mail);
        turn.left = TURN;
        worker.deliver(&mut waiting, &mut turn).await;
    }
}

async fn tick(worker: Weak<Worker>) {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        let Some(worker) = worker.upgrade() else {
            return;
        };
        let now = Instant::now();
        let clients: Vec<_> = worker
            .clients
            .borrow()
            .iter()
            .map(|(_, (_, client))| client.clone())
            .collect();
        for client in clients.iter().filter_map(Weak::upgrade) {
            client.tick(now);
        }
        // Counted on this thread, told now and then: a counter shared by threads costs on every frame.
        metrics::counter!("generic_corp_writes_total").increment(worker.writes.take());
        metrics::counter!("generic_corp_frames_sent_total").increment(worker.frames.take());
    }
}
