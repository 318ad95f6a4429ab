//! Between nodes: tells every node, this one too, what was committed.
//!
//! The bus is a hint. It may lose, repeat or reorder; the receiver goes by `seq` and `offset` and reads
//! what it missed from the log. A node's own events come back through the same door as a peer's. Alone, a
//! node has a bus in memory; several are joined by Redis.

mod envelope;
mod hint;
mod publisher;
mod subscriber;

pub use hint::{Channel, Ended, Hint};

use crate::link::Link;
use publisher::Publisher;
use std::sync::{Arc, OnceLock};
use subscriber::{Ears, Subscriber};

/// Who takes hints on this node.
type Receiver = Arc<OnceLock<Box<dyn Fn(Vec<Hint>) + Send + Sync>>>;

/// A cheap handle to the bus of this node.
#[derive(Clone, Default)]
pub struct Bus {
    receiver: Receiver,
    redis: Option<Arc<Redis>>,
}

struct Redis {
    link: Link,
    publisher: Arc<Publisher>,
    subscriber: Arc<Subscriber>,
}

impl Bus {
    /// A bus of one node.
    pub fn local() -> Self {
        Self::default()
    }

    /// A bus through Redis. It carries nothing before [`start`](Self::start).
    pub fn redis(link: Link) -> Self {
        let redis = Redis {
            link,
            publisher: Arc::default(),
            subscriber: Arc::default(),
        };
        Self {
            receiver: Receiver::default(),
            redis: Some(Arc::new(redis)),
        }
    }

    /// Sets who takes the hints on this node; only the first call counts.
    ///
    /// The receiver runs where the hints were published or read, so it must not wait.
    pub fn receive(&self, receiver: impl Fn(Vec<Hint>) + Send + Sync + 'static) {
        drop(self.receiver.set(Box::new(receiver)));
    }

    /// Joins the other nodes, if the bus leads to any, for as long as the runtime lives. `heard` is told of
    /// channels that were not heard until now: what was told there meanwhile is to be looked for in the log.
    pub fn start(&self, heard: impl Fn(Vec<Channel>) + Send + Sync + 'static) {
        let Some(redis) = &self.redis else { return };
        let ears = Ears {
            node: redis.link.node(),
            receiver: self.receiver.clone(),
            heard: Box::new(heard),
        };
        redis.subscriber.follow(Channel::Nodes);
        tokio::spawn(redis.publisher.clone().run(redis.link.clone()));
        tokio::spawn(redis.subscriber.clone().run(redis.link.clone(), ears));
    }

    /// Tells every node. What was committed together is told together.
    pub fn publish(&self, hints: Vec<Hint>) {
        if hints.is_empty() {
            return;
        }
        if let Some(redis) = &self.redis {
            redis.publisher.push(&hints);
        }
        if let Some(receiver) = self.receiver.get() {
            receiver(hints);
        }
    }

    /// Tells the other nodes alone.
    pub fn tell_others(&self, hints: &[Hint]) {
        if let Some(redis) = &self.redis {
            redis.publisher.push(hints);
        }
    }

    /// This node has viewers of a log.
    pub fn follow(&self, channel: Channel) {
        if let Some(redis) = &self.redis {
            redis.subscriber.follow(channel);
        }
    }

    /// It has none any more.
    pub fn leave(&self, channel: Channel) {
        if let Some(redis) = &self.redis {
            redis.subscriber.leave(channel);
        }
    }

    /// Whether it leads to other nodes.
    pub fn is_shared(&self) -> bool {
        self.redis.is_some()
    }

    /// Whether hints of other nodes come at once.
    pub fn is_live(&self) -> bool {
        let live = |redis: &Arc<Redis>| redis.subscriber.hears() && !redis.link.is_away();
        self.redis.as_ref().is_some_and(live)
    }
}

/// A channel's name in Redis.
fn name(link: &Link, channel: Channel) -> String {
    match channel {
        Channel::Room(id) => link.key(&["room", &id.to_string()]),
        Channel::Stream(id) => link.key(&["stream", &id.to_string()]),
        Channel::Nodes => link.key(&["nodes"]),
    }
}
