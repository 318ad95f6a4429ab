//! The clients of the torture: publishers, producers of streams, viewers.

mod attempt;
mod content;
mod eyes;
mod follow;
mod http;
mod live;
mod producer;
mod publisher;
mod session;
mod viewer;

pub use content::{content, hex};
pub use producer::{Habits as Tool, Producer};
pub use publisher::Publisher;
pub use session::{Answer, Session};
pub use viewer::{Habits, Viewer};

use super::history::History;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::watch;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a client works on at what it has begun once the run is over.
pub const LAST_WORK: Duration = Duration::from_secs(60);

/// Where a client connects.
#[derive(Clone)]
pub struct Door {
    /// The node, or what stands before it.
    pub address: SocketAddr,
    /// The path of its sockets.
    pub path: String,
    /// What opens it.
    pub token: String,
}

/// What all clients share.
pub struct Stage {
    /// Of everything that is done and seen.
    pub history: History,
    /// Of each node.
    pub doors: Vec<Door>,
    /// The rooms.
    pub rooms: Vec<String>,
    /// Chooses what the clients do.
    pub seed: u64,
    over: watch::Sender<bool>,
}

impl Stage {
    /// A stage whose work begins.
    pub fn new(history: History, doors: Vec<Door>, rooms: Vec<String>, seed: u64) -> Rc<Self> {
        let (over, _) = watch::channel(false);
        Rc::new(Self {
            history,
            doors,
            rooms,
            seed,
            over,
        })
    }

    /// From now on nobody begins anything.
    pub fn end(&self) {
        self.over.send_replace(true);
    }

    /// Whether nobody begins anything any more.
    pub fn is_over(&self) -> bool {
        *self.over.borrow()
    }

    /// Waits for this long, or until the work is over.
    pub async fn pause(&self, time: Duration) {
        let mut over = self.over.subscribe();
        let over = over.wait_for(|over| *over);
        // Either is good.
        let _ = tokio::time::timeout(time, over).await;
    }

    /// What chooses for one client: the same in every run of a seed.
    fn chance(&self, who: &str) -> StdRng {
        let start = self.seed.to_be_bytes();
        let name = crc32fast::hash(&[&start[..], who.as_bytes()].concat());
        StdRng::seed_from_u64(self.seed ^ u64::from(name) << 16)
    }
}
