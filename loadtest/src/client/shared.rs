//! What clients have in common: the books that all are held against, and the count of deliveries.

use crate::check::{Ledger, Produced};
use crate::tally::{Tally, add};
use generic_corp_protocol::StreamId;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use tokio::sync::Notify;

/// What the clients of a run share: the books that all of them are held against.
pub struct Shared {
    /// Counts and latencies.
    pub tally: Tally,
    /// The content of the rooms.
    pub ledger: RefCell<Ledger>,
    /// What this run's producers wrote.
    pub streams: RefCell<HashMap<StreamId, Produced>>,
    /// Streams that a client began to follow.
    pub followed: Cell<u64>,
    /// Of these: all bytes came and their hash is the producer's.
    pub verified: Cell<u64>,
    /// Of these: ended with other bytes than were written.
    pub mismatched: Cell<u64>,
}

impl Shared {
    /// Empty books.
    pub fn new(tally: Tally) -> Rc<Self> {
        Rc::new(Self {
            tally,
            ledger: RefCell::default(),
            streams: RefCell::default(),
            followed: Cell::default(),
            verified: Cell::default(),
            mismatched: Cell::default(),
        })
    }
}

/// Counts deliveries for a driver that keeps a number of messages on their way.
#[derive(Default)]
pub struct Lane {
    /// Deliveries so far.
    pub delivered: Cell<u64>,
    /// Their bytes.
    pub bytes: Cell<u64>,
    wake_at: Cell<u64>,
    wake: Notify,
}

impl Lane {
    /// A delivery of so many bytes.
    pub fn deliver(&self, bytes: usize) {
        add(&self.bytes, bytes as u64);
        let delivered = self.delivered.get() + 1;
        self.delivered.set(delivered);
        if delivered == self.wake_at.get() {
            self.wake.notify_one();
        }
    }

    /// Waits for this many deliveries in all.
    pub async fn reached(&self, count: u64) {
        while self.delivered.get() < count {
            self.wake_at.set(count);
            self.wake.notified().await;
        }
    }
}
