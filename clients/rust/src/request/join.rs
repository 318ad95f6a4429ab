//! Joining a room, anew or where an earlier life left it.

use super::{Boxed, name};
use crate::feed::{Hold, RoomFeed};
use crate::link::Command;
use crate::{Client, Error, Room};
use generic_corp_protocol::Slug;
use std::future::IntoFuture;
use std::sync::Arc;

/// What a room's queue of live copies holds.
const ROOM_QUEUE_BYTES: usize = 1024 * 1024;

/// A room to be joined; see [`Client::join`].
#[must_use = "await it to join"]
#[derive(Debug)]
pub struct JoinRoom {
    client: Client,
    room: Result<Slug, Error>,
    resume: Option<(u64, String)>,
    tail: Option<u64>,
    queue_bytes: usize,
}

impl JoinRoom {
    pub(crate) fn new(client: Client, room: &str) -> Self {
        Self {
            client,
            room: name(room),
            resume: None,
            tail: None,
            queue_bytes: ROOM_QUEUE_BYTES,
        }
    }

    /// Go on after this `seq` of the log with this epoch: what [`Room::cursor`] gave earlier.
    pub fn after(mut self, seq: u64, epoch: impl Into<String>) -> Self {
        self.resume = Some((seq, epoch.into()));
        self
    }

    /// Begin this many events before the end.
    pub fn tail(mut self, events: u64) -> Self {
        self.tail = Some(events);
        self
    }

    /// How many bytes of live events may wait for a slow reader; 1 MiB when not given.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.queue_bytes = bytes;
        self
    }

    async fn send(self) -> Result<Room, Error> {
        let feed = Arc::new(RoomFeed::new(
            self.room?,
            self.resume,
            self.tail,
            self.queue_bytes,
        ));
        let hold = Hold::new(feed.clone(), self.client.waker());
        let joined = self
            .client
            .ask(|reply| Command::Join { feed, reply })
            .await?;
        Ok(Room::new(self.client, hold, joined))
    }
}

impl IntoFuture for JoinRoom {
    type Output = Result<Room, Error>;
    type IntoFuture = Boxed<Room>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
