//! What everybody in a crash test shares: where the hub is, how far all came, what was lost on the way.

use crate::support::Socket;
use generic_corp_protocol::StreamId;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Between two attempts to come back.
const RETRY: Duration = Duration::from_millis(10);

pub struct Stage {
    pub address: SocketAddr,
    acks: AtomicU64,
    advanced: Notify,
    over: AtomicBool,
    round: AtomicUsize,
    tally: Mutex<Tally>,
    targets: watch::Sender<Option<Targets>>,
}

/// Where viewers must arrive.
#[derive(Clone, Debug)]
pub struct Targets {
    pub heads: BTreeMap<String, u64>,
    pub streams: BTreeSet<StreamId>,
}

/// What was under way when the hub was killed.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Un-acked publishes, and lanes with un-acked opens, bytes or closes, by the number of the kill.
    publishes: BTreeMap<usize, usize>,
    lanes: BTreeMap<usize, usize>,
    /// Retried publishes that turned out to be stored, and that did not.
    pub found_stored: usize,
    pub found_lost: usize,
    /// Viewers that came back to where they were.
    pub resumed: usize,
}

impl Stage {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            acks: AtomicU64::new(0),
            advanced: Notify::new(),
            over: AtomicBool::new(false),
            round: AtomicUsize::new(0),
            tally: Mutex::default(),
            targets: watch::Sender::new(None),
        }
    }

    /// A connection, however long it takes, and the number of the kill that will end it.
    pub async fn connect(&self, key: &str) -> (Socket, usize) {
        loop {
            let round = self.round.load(Ordering::SeqCst);
            if let Ok(socket) = Socket::try_connect(self.address, key).await {
                return (socket, round);
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    pub fn acked(&self) {
        self.acks.fetch_add(1, Ordering::SeqCst);
        self.advanced.notify_one();
    }

    /// Waits for so many acks from now on.
    pub async fn progress(&self, acks: u64) {
        let target = self.acks.load(Ordering::SeqCst) + acks;
        let patience = tokio::time::timeout(crate::support::PATIENCE, async {
            while self.acks.load(Ordering::SeqCst) < target {
                self.advanced.notified().await;
            }
        });
        patience.await.expect("the hub acknowledges");
    }

    pub fn killed(&self) {
        self.round.fetch_add(1, Ordering::SeqCst);
    }

    /// Nothing new is begun any more.
    pub fn wind_up(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    pub fn finish(&self, targets: Targets) {
        self.targets.send_replace(Some(targets));
    }

    pub fn targets(&self) -> watch::Receiver<Option<Targets>> {
        self.targets.subscribe()
    }

    pub fn lost_publishes(&self, round: usize, count: usize) {
        *self.tally.lock().publishes.entry(round).or_default() += count;
    }

    pub fn lost_lanes(&self, round: usize, count: usize) {
        *self.tally.lock().lanes.entry(round).or_default() += count;
    }

    pub fn note(&self, change: impl FnOnce(&mut Tally)) {
        change(&mut self.tally.lock());
    }

    pub fn tally(&self) -> Tally {
        self.tally.lock().clone()
    }
}

impl Tally {
    /// A kill while nothing was under way proves nothing.
    pub fn must_prove(&self, kills: usize) {
        let hit =
            |counts: &BTreeMap<usize, usize>| counts.values().filter(|count| **count > 0).count();
        let (publishes, lanes) = (hit(&self.publishes), hit(&self.lanes));
        assert!(
            publishes * 10 >= kills * 8,
            "{publishes} of {kills} kills hit a publish"
        );
        assert!(
            lanes * 10 >= kills * 8,
            "{lanes} of {kills} kills hit a stream"
        );
        assert!(
            self.found_lost > 0,
            "some publishes were lost, and were sent again"
        );
        assert!(self.resumed >= kills, "viewers came back");
    }
}
