//! A joined room: its events in order, each once, across reconnects and however slowly they are read.

use crate::feed::{Hold, RoomFeed};
use crate::sequence::{Sequence, Step};
use crate::{Client, Error};
use generic_corp_protocol::frame::{Ephemeral, HistoryPage, Joined, PresenceChange};
use generic_corp_protocol::{Event, Slug, StreamInfo};
use std::time::Duration;

/// Events that one page of catching up holds.
const PAGE: u32 = 200;
/// The wait before a failed page is asked for again, when the hub names none.
const PAGE_RETRY: Duration = Duration::from_millis(500);

/// What happens in a room.
#[derive(Clone, Debug)]
pub enum RoomItem {
    /// An entry of the log; the next in order.
    Event(Event),
    /// What skipped the log. Dropped when the reader is slow.
    Ephemeral(Ephemeral),
    /// Who came, changed and went since the last one.
    Presence(PresenceChange),
    /// The log could not be followed from where it was.
    Reset(RoomReset),
}

/// The position was moved: the log is another one, or no longer has what came next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomReset {
    /// Why, for people.
    pub reason: String,
    /// Events after this `seq` follow.
    pub after: u64,
    /// The newest `seq`, where the hub said it.
    pub head: Option<u64>,
    /// The log's epoch from here on.
    pub epoch: String,
}

/// A joined room. Dropping it leaves.
///
/// Live copies wait in a bounded queue; when it is full they are dropped and read from the history
/// later. A slow reader costs its position, never more, and holds up nobody else.
#[derive(Debug)]
pub struct Room {
    client: Client,
    feed: Hold<RoomFeed>,
    sequence: Sequence,
    head: u64,
    recovered: bool,
    streams: Vec<StreamInfo>,
}

impl Room {
    pub(crate) fn new(client: Client, feed: Hold<RoomFeed>, joined: Joined) -> Self {
        Self {
            client,
            feed,
            sequence: Sequence::new(joined.after, joined.epoch),
            head: joined.head,
            recovered: joined.recovered,
            streams: joined.streams,
        }
    }

    /// The room's name.
    pub fn name(&self) -> &Slug {
        &self.feed.room
    }

    /// Where the reader stands: the newest `seq` handed out and the log's epoch. Keep both to resume later.
    pub fn cursor(&self) -> (u64, &str) {
        (self.sequence.cursor(), self.sequence.epoch())
    }

    /// The newest `seq` when the room was joined.
    pub fn head_at_join(&self) -> u64 {
        self.head
    }

    /// Whether the position given to `join` was honoured.
    pub fn recovered(&self) -> bool {
        self.recovered
    }

    /// The streams that were open when the room was joined.
    pub fn open_streams(&self) -> &[StreamInfo] {
        &self.streams
    }

    /// The next thing that happens. Safe to cancel: nothing is lost.
    ///
    /// # Errors
    /// When the connection ended for good, or the room may no longer be read.
    pub async fn next(&mut self) -> Result<RoomItem, Error> {
        loop {
            match self.sequence.step(&self.feed) {
                Step::Item(item) => return Ok(*item),
                Step::Wait => self.feed.changed().await,
                Step::Failed(error) => return Err(error),
                Step::Read { after } => {
                    let page = self.page(after).await?;
                    let empty = page.events.is_empty();
                    if let Some(reset) = self.sequence.page(page, &self.feed) {
                        return Ok(RoomItem::Reset(reset));
                    }
                    if empty {
                        tokio::time::sleep(PAGE_RETRY).await;
                    }
                }
            }
        }
    }

    async fn page(&self, after: u64) -> Result<HistoryPage, Error> {
        loop {
            let request = self
                .client
                .history(&self.feed.room)
                .after(after)
                .limit(PAGE);
            match request.await {
                Err(error) if error.retryable() => {
                    tokio::time::sleep(error.retry_after().unwrap_or(PAGE_RETRY)).await;
                }
                answer => return answer,
            }
        }
    }
}
