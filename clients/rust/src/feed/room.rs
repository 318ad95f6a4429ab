//! A room as the connection sees it: the newest position and a bounded queue of live copies.

use super::Feed;
use super::presence::PresenceDiff;
use crate::room::RoomItem;
use crate::sync::lock;
use crate::{Error, room::RoomReset};
use generic_corp_protocol::frame::{Ephemeral, Join, Joined, PresenceChange, Reset};
use generic_corp_protocol::{Event, Slug};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use tokio::sync::Notify;

/// What an event costs in the queue beside its body.
const EVENT_OVERHEAD: usize = 256;

/// Shared between the connection, which fills it, and one [`crate::Room`], which empties it.
#[derive(Debug)]
pub(crate) struct RoomFeed {
    pub(crate) room: Slug,
    tail: Option<u64>,
    queue_bytes: usize,
    inner: Mutex<Inner>,
    changed: Notify,
    released: AtomicBool,
}

#[derive(Debug, Default)]
struct Inner {
    queue: VecDeque<RoomItem>,
    queued_bytes: usize,
    /// The newest `seq` that came over the connection, queued or not.
    received: u64,
    epoch: Option<String>,
    presence: PresenceDiff,
    error: Option<Error>,
}

/// What a reader at some position finds.
#[derive(Debug)]
pub(crate) enum Pop {
    /// The next thing that came.
    Item(RoomItem),
    /// The queue is empty, and live copies were dropped: read the history.
    Behind,
    /// Nothing will come any more.
    Failed(Error),
    /// Nothing yet.
    Empty,
}

impl Feed for RoomFeed {
    fn released(&self) -> &AtomicBool {
        &self.released
    }
}

impl RoomFeed {
    pub(crate) fn new(
        room: Slug,
        resume: Option<(u64, String)>,
        tail: Option<u64>,
        queue_bytes: usize,
    ) -> Self {
        let (received, epoch) = match resume {
            Some((after, epoch)) => (after, Some(epoch)),
            None => (0, None),
        };
        Self {
            room,
            tail,
            queue_bytes,
            inner: Mutex::new(Inner {
                received,
                epoch,
                ..Inner::default()
            }),
            changed: Notify::new(),
            released: AtomicBool::new(false),
        }
    }

    /// The frame that joins, or resumes from what has come so far.
    pub(crate) fn join(&self, id: String) -> Join {
        let inner = lock(&self.inner);
        Join {
            id: Some(id),
            room: self.room.clone(),
            after: inner.epoch.as_ref().map(|_| inner.received),
            epoch: inner.epoch.clone(),
            tail: self.tail,
        }
    }

    /// The hub's answer to a join: go on, or begin anew where it says.
    pub(crate) fn joined(&self, joined: &Joined) {
        let mut inner = lock(&self.inner);
        let resumed = inner.epoch.is_some();
        if resumed && !joined.recovered {
            let reason = match inner.epoch.as_ref() == Some(&joined.epoch) {
                true => "the position lies beyond the end of the room's log",
                false => "the room's log is another one than before",
            };
            inner.restart(RoomReset {
                reason: reason.into(),
                after: joined.after,
                head: Some(joined.head),
                epoch: joined.epoch.clone(),
            });
        } else if !resumed {
            inner.received = joined.after;
            inner.epoch = Some(joined.epoch.clone());
        }
        inner
            .presence
            .replace(joined.members.clone(), joined.member_count);
        drop(inner);
        self.changed.notify_one();
    }

    pub(crate) fn event(&self, event: Event) {
        let mut inner = lock(&self.inner);
        if event.seq <= inner.received {
            return;
        }
        inner.received = event.seq;
        let cost = event.body.get().len() + EVENT_OVERHEAD;
        inner.push(RoomItem::Event(event), cost, self.queue_bytes);
        drop(inner);
        self.changed.notify_one();
    }

    pub(crate) fn ephemeral(&self, ephemeral: Ephemeral) {
        let mut inner = lock(&self.inner);
        inner.push(
            RoomItem::Ephemeral(ephemeral),
            EVENT_OVERHEAD,
            self.queue_bytes,
        );
        drop(inner);
        self.changed.notify_one();
    }

    pub(crate) fn presence(&self, change: PresenceChange) {
        lock(&self.inner).presence.apply(change);
        self.changed.notify_one();
    }

    /// The hub moved this connection's cursor.
    pub(crate) fn reset(&self, reset: Reset) {
        let mut inner = lock(&self.inner);
        let epoch = reset.epoch.or_else(|| inner.epoch.clone());
        inner.restart(RoomReset {
            reason: reset.reason,
            after: reset.position,
            head: None,
            epoch: epoch.unwrap_or_default(),
        });
        drop(inner);
        self.changed.notify_one();
    }

    /// Nothing more will come; what is queued can still be read.
    pub(crate) fn fail(&self, error: Error) {
        lock(&self.inner).error.get_or_insert(error);
        self.changed.notify_one();
    }

    /// What a reader that has everything up to `cursor` finds next.
    pub(crate) fn pop(&self, cursor: u64) -> Pop {
        let mut inner = lock(&self.inner);
        if let Some(change) = inner.presence.take(&self.room) {
            return Pop::Item(RoomItem::Presence(change));
        }
        if let Some(item) = inner.queue.pop_front() {
            inner.queued_bytes -= cost(&item);
            return Pop::Item(item);
        }
        if let Some(error) = &inner.error {
            return Pop::Failed(error.clone());
        }
        if cursor < inner.received {
            return Pop::Behind;
        }
        Pop::Empty
    }

    /// Returns when something may have changed since the last look.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The log's epoch, once joined.
    pub(crate) fn epoch(&self) -> String {
        lock(&self.inner).epoch.clone().unwrap_or_default()
    }
}

fn cost(item: &RoomItem) -> usize {
    match item {
        RoomItem::Event(event) => event.body.get().len() + EVENT_OVERHEAD,
        RoomItem::Ephemeral(_) => EVENT_OVERHEAD,
        RoomItem::Presence(_) | RoomItem::Reset(_) => 0,
    }
}

impl Inner {
    /// Queues a live copy, or drops it: an event is read from the history then.
    fn push(&mut self, item: RoomItem, cost: usize, limit: usize) {
        if self.queue.is_empty() || self.queued_bytes + cost <= limit {
            self.queued_bytes += cost;
            self.queue.push_back(item);
        }
    }

    /// Forgets what was of the log before.
    fn restart(&mut self, reset: RoomReset) {
        self.queue.clear();
        self.queued_bytes = 0;
        self.received = reset.after;
        self.epoch = Some(reset.epoch.clone());
        self.queue.push_back(RoomItem::Reset(reset));
    }
}
