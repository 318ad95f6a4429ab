//! What is in memory, held against the store: other nodes write too, and a hint may be lost, also the last.

use super::hub::Hub;
use super::wake::LogId;
use crate::bus::{Channel, Hint};
use crate::store::Error;
use generic_corp_protocol::{RoomId, StreamId};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How long an event may wait for one before it, which another node has committed.
const PATIENCE: Duration = Duration::from_millis(25);

/// Channels that were not heard for a while.
#[derive(Default)]
pub(super) struct Doubts {
    channels: Mutex<HashSet<Channel>>,
    added: Notify,
    /// Rooms with an event that waits for one before it, and since when.
    waiting: Mutex<HashMap<RoomId, Instant>>,
}

impl Doubts {
    pub(super) fn wait(&self, room: RoomId) {
        self.waiting.lock().entry(room).or_insert_with(Instant::now);
    }
}

impl Hub {
    /// What these channels brought may have been missed. Never waits.
    pub fn doubt(&self, channels: Vec<Channel>) {
        self.doubts().channels.lock().extend(channels);
        self.doubts().added.notify_one();
    }

    /// Doubts rooms whose events have waited too long for those before them. Called on a timer.
    pub fn doubt_waiting(&self) {
        let mut late = Vec::new();
        self.doubts().waiting.lock().retain(|room, since| {
            if since.elapsed() < PATIENCE {
                return true;
            }
            late.push(*room);
            false
        });
        late.retain(|room| self.room_tail(*room).is_some_and(|tail| tail.waits()));
        if !late.is_empty() {
            self.doubt(late.into_iter().map(Channel::Room).collect());
        }
    }

    /// Waits for doubts.
    pub async fn doubted(&self) {
        self.doubts().added.notified().await;
    }

    /// Compares all that is watched, and wakes the viewers of what has grown.
    ///
    /// # Errors
    /// When the store does not answer; nothing is lost, the next time tells as much.
    pub async fn compare(&self) -> Result<(), Error> {
        self.doubts().channels.lock().clear();
        self.compare_rooms(&self.room_ids()).await?;
        self.compare_streams(&self.stream_ids()).await?;
        self.look_for_wishes().await
    }

    /// Compares what is in doubt.
    ///
    /// # Errors
    /// See [`compare`](Self::compare).
    pub async fn settle_doubts(&self) -> Result<(), Error> {
        let channels = std::mem::take(&mut *self.doubts().channels.lock());
        let (mut rooms, mut streams) = (Vec::new(), Vec::new());
        let mut wishes = false;
        for channel in channels {
            match channel {
                Channel::Room(id) => rooms.push(id),
                Channel::Stream(id) => streams.push(id),
                Channel::Nodes => wishes = true,
            }
        }
        self.compare_rooms(&rooms).await?;
        self.compare_streams(&streams).await?;
        match wishes {
            true => self.look_for_wishes().await,
            false => Ok(()),
        }
    }

    /// Compares these rooms.
    ///
    /// # Errors
    /// See [`compare`](Self::compare).
    pub async fn compare_rooms(&self, rooms: &[RoomId]) -> Result<(), Error> {
        for (room, head) in self.store().heads(rooms).await? {
            let tail = self.room_tail(room);
            if tail.is_some_and(|tail| tail.loaded() && tail.load(head.seq, &head.epoch)) {
                self.notify(LogId::Room(room));
            }
        }
        Ok(())
    }

    async fn compare_streams(&self, streams: &[StreamId]) -> Result<(), Error> {
        for (stream, length, end) in self.store().lengths(streams).await? {
            let tail = self.stream_tail(stream);
            if tail.is_some_and(|tail| tail.loaded() && tail.load(length, end)) {
                self.notify(LogId::Stream(stream));
            }
        }
        Ok(())
    }

    async fn look_for_wishes(&self) -> Result<(), Error> {
        let wishes = self.store().wishes(&self.producing()).await?;
        let hint = |notice| Hint::Cancel { notice };
        self.deliver(wishes.into_iter().map(hint).collect());
        Ok(())
    }
}
