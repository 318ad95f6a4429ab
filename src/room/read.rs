//! Reading what is stored: pages of a room's log, lists of streams, bytes.

use super::{Error, Rooms, check};
use crate::store::{Page, TimesFrom, TimesWanted};
use crate::tenant::Scope;
use bytes::Bytes;
use generic_corp_protocol::frame::HistoryPage;
use generic_corp_protocol::limit::MAX_HISTORY_PAGE;
use generic_corp_protocol::rest::{StreamPage, StreamTimes};
use generic_corp_protocol::{Slug, StreamId, StreamInfo, StreamState, Timestamp};

/// Events of a page when nothing is said.
const DEFAULT_PAGE: u32 = 100;
/// Bodies of a page together, in bytes; a page with large events is shorter.
const MAX_PAGE_BYTES: usize = 512 * 1024;
/// Kinds that a page may be narrowed to.
const MAX_KINDS: usize = 16;

/// Which page of a room's log.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    /// Events before this `seq`.
    pub before: Option<u64>,
    /// Events after this `seq`.
    pub after: Option<u64>,
    /// At most this many.
    pub limit: Option<u32>,
    /// Only these kinds.
    pub kinds: Vec<String>,
}

/// Which times of a stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimesRequest {
    /// From the one that holds for this byte on.
    pub offset: Option<u64>,
    /// From the one that holds at this time on.
    pub time: Option<Timestamp>,
    /// Milliseconds between two of them, at least.
    pub every: Option<u32>,
    /// At most this many.
    pub limit: Option<u32>,
}

impl Rooms {
    /// A page of a room's log, ascending. With neither `before` nor `after` the newest events.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn history_page(
        &self,
        scope: &Scope,
        room: &Slug,
        request: PageRequest,
    ) -> Result<HistoryPage, Error> {
        let PageRequest {
            before,
            after,
            limit,
            kinds,
        } = request;
        if before.is_some() && after.is_some() {
            return Err(Error::Invalid("give `before` or `after`, not both".into()));
        }
        for (field, seq) in [("before", before), ("after", after)] {
            seq.map_or(Ok(()), |seq| check::position(field, seq))?;
        }
        if kinds.len() > MAX_KINDS {
            return Err(Error::Invalid(format!(
                "`kinds` has at most {MAX_KINDS} entries"
            )));
        }
        if kinds.iter().any(|kind| kind.contains(char::is_control)) {
            return Err(Error::Invalid("`kinds` has no control characters".into()));
        }
        if limit == Some(0) {
            return Err(Error::Invalid("`limit` is at least 1".into()));
        }
        let id = self.find(scope, room).await?;
        let head = self
            .store()
            .head(scope.workspace(), id)
            .await?
            .ok_or(Error::NotFound("room"))?;
        let newest = before.is_none() && after.is_none();
        let page = Page {
            after,
            before: before.or(newest.then_some(head.seq + 1)),
            kinds,
            limit: limit.unwrap_or(DEFAULT_PAGE).min(MAX_HISTORY_PAGE),
            max_bytes: MAX_PAGE_BYTES,
        };
        let (events, more) = self.store().events(scope.workspace(), id, &page).await?;
        Ok(HistoryPage {
            events,
            head: head.seq,
            epoch: head.epoch,
            oldest: head.trimmed + 1,
            more,
        })
    }

    /// Streams of a room, the newest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn streams(
        &self,
        scope: &Scope,
        room: &Slug,
        state: Option<StreamState>,
        before: Option<u64>,
        limit: Option<u32>,
    ) -> Result<StreamPage, Error> {
        let id = self.find(scope, room).await?;
        let limit = limit.unwrap_or(DEFAULT_PAGE).clamp(1, MAX_HISTORY_PAGE);
        let (streams, more) = self
            .store()
            .streams(scope.workspace(), id, state, before, limit)
            .await?;
        Ok(StreamPage { streams, more })
    }

    /// One stream.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn stream(&self, scope: &Scope, id: StreamId) -> Result<StreamInfo, Error> {
        self.store()
            .stream(scope.workspace(), id)
            .await?
            .filter(|info| scope.opens(&info.room))
            .ok_or(Error::NotFound("stream"))
    }

    /// Bytes of a stream from `offset` on, at most `max_bytes`; empty at its end.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn bytes(
        &self,
        scope: &Scope,
        id: StreamId,
        offset: u64,
        max_bytes: usize,
    ) -> Result<Bytes, Error> {
        self.reach(scope, id).await?;
        Ok(self
            .store()
            .bytes(scope.workspace(), id, offset, max_bytes)
            .await?)
    }

    /// When the bytes of a stream were stored.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn times(
        &self,
        scope: &Scope,
        id: StreamId,
        request: TimesRequest,
    ) -> Result<StreamTimes, Error> {
        let from = match (request.offset, request.time) {
            (Some(_), Some(_)) => {
                return Err(Error::Invalid("give `offset` or `time`, not both".into()));
            }
            (offset, None) => TimesFrom::Offset(offset.unwrap_or(0)),
            (None, Some(time)) => TimesFrom::Time(time),
        };
        let limit = request.limit.unwrap_or(DEFAULT_PAGE);
        let wanted = TimesWanted {
            from,
            every: request.every.map_or(0, i64::from),
            limit: limit.clamp(1, MAX_HISTORY_PAGE) as usize,
        };
        self.stream(scope, id).await?;
        Ok(self.store().times(scope.workspace(), id, wanted).await?)
    }
}
