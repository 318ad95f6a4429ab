//! Following a room or a stream: where to begin, and the cursor to begin with.

use super::{Error, Rooms, check};
use crate::fanout::{RoomTail, StreamCursor, StreamTail};
use crate::tenant::Scope;
use generic_corp_protocol::limit::MAX_TAIL_EVENTS;
use generic_corp_protocol::{RoomId, Slug, StreamId, StreamInfo, StreamState};
use std::sync::Arc;

/// Open streams that `joined` lists; a client finds more over the list of streams.
const MAX_OPEN_STREAMS: u32 = 200;

/// Where to begin in a room.
#[derive(Clone, Debug, Default)]
pub struct Join {
    /// The last `seq` the viewer has.
    pub after: Option<u64>,
    /// The epoch it belongs to.
    pub epoch: Option<String>,
    /// Else: this many events before the end.
    pub tail: Option<u64>,
}

/// A room about to be followed.
#[derive(Debug)]
pub struct Joining {
    /// Its hot tail.
    pub tail: Arc<RoomTail>,
    /// The newest `seq`.
    pub head: u64,
    /// The log's epoch.
    pub epoch: Arc<str>,
    /// Events after this follow.
    pub after: u64,
    /// Whether `after` was honoured.
    pub recovered: bool,
    /// Streams being written now.
    pub streams: Vec<StreamInfo>,
}

/// A stream about to be read.
#[derive(Debug)]
pub struct Reading {
    /// The stream.
    pub info: StreamInfo,
    /// Its hot tail.
    pub tail: Arc<StreamTail>,
    /// Bytes from here on follow.
    pub offset: u64,
    /// Stop here; `None` follows to the end.
    pub until: Option<u64>,
}

impl Reading {
    /// The cursor to begin with.
    pub fn cursor(&self, handle: Option<u32>) -> StreamCursor {
        StreamCursor {
            tail: self.tail.clone(),
            offset: self.offset,
            until: self.until,
            handle,
        }
    }
}

impl Rooms {
    /// Finds out where a viewer begins in a room.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn join(&self, scope: &Scope, room: &Slug, join: &Join) -> Result<Joining, Error> {
        join.after
            .map_or(Ok(()), |seq| check::position("after", seq))?;
        let id = self.find(scope, room).await?;
        let tail = self
            .hub
            .room(scope.workspace(), id, room)
            .await?
            .ok_or(Error::NotFound("room"))?;
        let open = Some(StreamState::Open);
        let streams = self
            .store()
            .streams(scope.workspace(), id, open, None, MAX_OPEN_STREAMS)
            .await?
            .0;
        if join.after.is_some_and(|after| after > tail.head().0) {
            // What the viewer has seen on another node may not have been heard of here.
            self.hub.compare_rooms(&[id]).await?;
        }
        let trimmed = match scope.plan().retention() {
            Some(_) => self.trimmed(scope, id).await?,
            None => 0,
        };
        let (head, epoch) = tail.head();
        let same_log = join.epoch.as_deref().is_none_or(|known| *known == *epoch);
        let resumed = join
            .after
            .filter(|after| same_log && (trimmed..=head).contains(after));
        let most = MAX_TAIL_EVENTS.min(head.saturating_sub(trimmed));
        let begin = head - join.tail.unwrap_or(0).min(most);
        Ok(Joining {
            tail,
            head,
            epoch,
            after: resumed.unwrap_or(begin),
            recovered: resumed.is_some(),
            streams,
        })
    }

    /// Events up to this one were removed.
    async fn trimmed(&self, scope: &Scope, room: RoomId) -> Result<u64, Error> {
        let head = self.store().head(scope.workspace(), room).await?;
        Ok(head.ok_or(Error::NotFound("room"))?.trimmed)
    }

    /// Finds out where a viewer begins in a stream.
    ///
    /// # Errors
    /// [`Error::Log`] with the length when `offset` lies beyond the end; see [`Error`].
    pub async fn read_stream(
        &self,
        scope: &Scope,
        id: StreamId,
        offset: Option<u64>,
        tail_bytes: Option<u64>,
        follow: bool,
    ) -> Result<Reading, Error> {
        if offset.is_some() && tail_bytes.is_some() {
            return Err(Error::Invalid(
                "give `offset` or `tail_bytes`, not both".into(),
            ));
        }
        let (tail, mut info) = self
            .hub
            .stream(scope.workspace(), id)
            .await?
            .filter(|(_, info)| scope.opens(&info.room))
            .ok_or(Error::NotFound("stream"))?;
        // What was committed since the store was asked counts: a reader that does not follow stops there.
        info.length = info.length.max(tail.length());
        let length = info.length;
        let begin =
            offset.unwrap_or_else(|| tail_bytes.map_or(0, |bytes| length.saturating_sub(bytes)));
        if begin > length {
            let refusal = crate::store::op::Refusal::Offset { length };
            return Err(Error::Log(crate::history::Error::Refused(refusal)));
        }
        let until = (!follow).then_some(length);
        Ok(Reading {
            info,
            tail,
            offset: begin,
            until,
        })
    }
}
