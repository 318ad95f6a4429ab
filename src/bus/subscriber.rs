//! What other nodes tell: one connection to Redis, subscribed to the logs that are watched here. When it
//! breaks it is made again; what was missed meanwhile is in the log.

use super::hint::{Channel, Hint};
use super::{Receiver, envelope};
use crate::link::{Error, Link};
use parking_lot::Mutex;
use redis::aio::{MultiplexedConnection, SendError};
use redis::{ErrorKind, PushInfo, PushKind, Value};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, sleep};
use uuid::Uuid;

/// How often the connection is tried when nothing else is to be done: one that is cut off without a word
/// is found out so.
const PING: Duration = Duration::from_secs(1);
/// Pause before Redis is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// Channels of one command.
const CHANNELS: usize = 1_000;

/// Channels that this node wants to hear.
#[derive(Default)]
pub(super) struct Subscriber {
    wanted: Mutex<HashSet<Channel>>,
    changed: Notify,
    hears: AtomicBool,
}

/// What came, for the node.
pub(super) struct Ears {
    pub(super) node: Uuid,
    pub(super) receiver: Receiver,
    /// Told of channels that were not heard until now.
    pub(super) heard: Box<dyn Fn(Vec<Channel>) + Send + Sync>,
}

impl Subscriber {
    pub(super) fn follow(&self, channel: Channel) {
        if self.wanted.lock().insert(channel) {
            self.changed.notify_one();
        }
    }

    /// Takes effect when the next is followed, or within [`PING`]: who leaves often comes back.
    pub(super) fn leave(&self, channel: Channel) {
        self.wanted.lock().remove(&channel);
    }

    /// Whether all that is wanted was subscribed to, and the connection is not known to be broken.
    pub(super) fn hears(&self) -> bool {
        self.hears.load(Ordering::Relaxed)
    }

    /// Listens, for as long as the hub runs.
    pub(super) async fn run(self: Arc<Self>, link: Link, ears: Ears) {
        let ears = Arc::new(ears);
        loop {
            let receiver = ears.clone();
            let made = link.subscriber(move |push| {
                receiver.take(push);
                Ok::<(), SendError>(())
            });
            let error = match made.await {
                Ok(mut connection) => self.listen(&link, &mut connection, &ears).await,
                Err(error) => error,
            };
            self.hears.store(false, Ordering::Relaxed);
            metrics::gauge!("generic_corp_bus_subscriptions").set(0.0);
            tracing::debug!(%error, "the subscriptions have ended; they are made again");
            sleep(RETRY).await;
        }
    }

    async fn listen(&self, link: &Link, redis: &mut MultiplexedConnection, ears: &Ears) -> Error {
        let mut heard = HashSet::new();
        let mut ping = interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if let Err(error) = self.follow_wanted(link, redis, &mut heard, ears).await {
                return Error::Refused(error.to_string());
            }
            self.hears.store(true, Ordering::Relaxed);
            tokio::select! {
                () = self.changed.notified() => {}
                _ = ping.tick() => {
                    if let Err(error) = try_out(link, redis).await {
                        return Error::Refused(error.to_string());
                    }
                }
            }
        }
    }

    /// Makes the subscriptions what they are wanted to be.
    async fn follow_wanted(
        &self,
        link: &Link,
        redis: &mut MultiplexedConnection,
        heard: &mut HashSet<Channel>,
        ears: &Ears,
    ) -> redis::RedisResult<()> {
        let wanted = self.wanted.lock().clone();
        let missing: Vec<Channel> = wanted.difference(heard).copied().collect();
        let unwanted: Vec<Channel> = heard.difference(&wanted).copied().collect();
        for channels in unwanted.chunks(CHANNELS) {
            redis.unsubscribe(names(link, channels)).await?;
        }
        for channels in missing.chunks(CHANNELS) {
            redis.subscribe(names(link, channels)).await?;
            // What was told before is looked for in the store.
            (ears.heard)(channels.to_vec());
        }
        *heard = wanted;
        metrics::gauge!("generic_corp_bus_subscriptions").set(heard.len() as f64);
        Ok(())
    }
}

/// Whether the connection still carries something, and leads to where it should.
async fn try_out(link: &Link, redis: &mut MultiplexedConnection) -> redis::RedisResult<()> {
    if !link.may_move() {
        return redis::cmd("PING").query_async(redis).await;
    }
    let role: Vec<Value> = redis::cmd("ROLE").query_async(redis).await?;
    match role.first() {
        Some(Value::BulkString(role)) if role == b"master" => Ok(()),
        _ => Err((ErrorKind::Io, "it is the master no longer").into()),
    }
}

fn names(link: &Link, channels: &[Channel]) -> Vec<String> {
    let name = |channel: &Channel| super::name(link, *channel);
    channels.iter().map(name).collect()
}

impl Ears {
    /// Runs where the connection is read: Redis waits for it, and nothing piles up here.
    fn take(&self, push: PushInfo) {
        if push.kind != PushKind::Message {
            return;
        }
        let Some(Value::BulkString(bytes)) = push.data.into_iter().nth(1) else {
            return;
        };
        let Some((node, hints, unknown)) = envelope::open(bytes.into()) else {
            return unreadable(1);
        };
        if unknown > 0 {
            unreadable(unknown);
        }
        // What this node has told itself it knows.
        if node != self.node {
            metrics::counter!("generic_corp_bus_hints_received_total")
                .increment(hints.len() as u64);
            self.hand(hints);
        }
    }

    fn hand(&self, hints: Vec<Hint>) {
        if let Some(receiver) = self.receiver.get() {
            receiver(hints);
        }
    }
}

fn unreadable(count: usize) {
    metrics::counter!("generic_corp_bus_hints_unreadable_total").increment(count as u64);
}
