//! Reading a page of a room's log.

use super::{Boxed, name};
use crate::{Client, Error};
use generic_corp_protocol::frame::{self, HistoryPage};
use std::future::IntoFuture;

/// A page of a room's log; see [`Client::history`].
#[must_use = "await it to read"]
#[derive(Debug)]
pub struct History {
    client: Client,
    frame: Result<frame::History, Error>,
}

impl History {
    pub(crate) fn new(client: Client, room: &str) -> Self {
        let frame = name(room).map(|room| frame::History {
            id: None,
            room,
            before: None,
            after: None,
            limit: None,
            kinds: Vec::new(),
        });
        Self { client, frame }
    }

    fn with(mut self, change: impl FnOnce(&mut frame::History)) -> Self {
        if let Ok(frame) = &mut self.frame {
            change(frame);
        }
        self
    }

    /// Events after this `seq`, the oldest of them.
    pub fn after(self, seq: u64) -> Self {
        self.with(|frame| frame.after = Some(seq))
    }

    /// Events before this `seq`, the newest of them.
    pub fn before(self, seq: u64) -> Self {
        self.with(|frame| frame.before = Some(seq))
    }

    /// At most this many.
    pub fn limit(self, limit: u32) -> Self {
        self.with(|frame| frame.limit = Some(limit))
    }

    /// Only events of these kinds.
    pub fn kinds(self, kinds: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with(|frame| frame.kinds = kinds.into_iter().map(Into::into).collect())
    }
}

impl IntoFuture for History {
    type Output = Result<HistoryPage, Error>;
    type IntoFuture = Boxed<HistoryPage>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.client.call(self.frame?.into(), "history").await })
    }
}
