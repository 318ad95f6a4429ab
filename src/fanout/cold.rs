//! Reads for cursors whose next bytes are no longer in memory: the same log, from the store.

use super::cursor::{Chunk, RoomCursor, StreamCursor};
use super::encode::{binary_frames, data_frames, event_frame};
use super::room_tail::RoomTail;
use super::stream_tail::StreamTail;
use crate::store::{Error, Page, Store};
use bytes::BytesMut;
use std::sync::Arc;

/// Events of one read.
const EVENTS: u32 = 512;
/// Bytes of one read; what a viewer that catches up holds in memory.
const BYTES: usize = 128 * 1024;

/// What to read, taken from a cursor.
#[derive(Debug)]
pub(super) enum Wanted {
    Room {
        tail: Arc<RoomTail>,
        after: u64,
    },
    Stream {
        tail: Arc<StreamTail>,
        offset: u64,
        until: Option<u64>,
        handle: Option<u32>,
    },
}

/// What was read: the chunk and the position behind it; `None` when the store has nothing there.
pub(super) type Found = Option<(Chunk, u64)>;

impl From<&RoomCursor> for Wanted {
    fn from(cursor: &RoomCursor) -> Self {
        Self::Room {
            tail: cursor.tail.clone(),
            after: cursor.seq,
        }
    }
}

impl From<&StreamCursor> for Wanted {
    fn from(cursor: &StreamCursor) -> Self {
        let StreamCursor {
            tail,
            offset,
            until,
            handle,
        } = cursor;
        Self::Stream {
            tail: tail.clone(),
            offset: *offset,
            until: *until,
            handle: *handle,
        }
    }
}

impl Wanted {
    pub(super) async fn read(&self, store: &Store) -> Result<Found, Error> {
        match self {
            Self::Room { tail, after } => read_events(store, tail, *after).await,
            Self::Stream {
                tail,
                offset,
                until,
                handle,
            } => read_bytes(store, tail, *offset, *until, *handle).await,
        }
    }
}

async fn read_events(store: &Store, tail: &RoomTail, after: u64) -> Result<Found, Error> {
    let page = Page {
        after: Some(after),
        limit: EVENTS,
        max_bytes: BYTES,
        ..Page::default()
    };
    let (events, _) = store.events(tail.workspace(), tail.id(), &page).await?;
    // A hole at the beginning means that the log no longer holds what the viewer needs.
    let Some(last) = events.last().map(|event| event.seq) else {
        return Ok(None);
    };
    if events.first().is_some_and(|event| event.seq != after + 1) {
        return Ok(None);
    }
    let mut bytes = BytesMut::new();
    let frames = events.len() as u64;
    for event in events {
        bytes.extend_from_slice(&event_frame(&event));
    }
    Ok(Some((
        Chunk {
            bytes: bytes.freeze(),
            frames,
        },
        last,
    )))
}

async fn read_bytes(
    store: &Store,
    tail: &StreamTail,
    offset: u64,
    until: Option<u64>,
    handle: Option<u32>,
) -> Result<Found, Error> {
    let most = until
        .map_or(BYTES as u64, |until| until.saturating_sub(offset))
        .min(BYTES as u64);
    let data = store
        .bytes(tail.workspace(), tail.id(), offset, most as usize)
        .await?;
    if data.is_empty() {
        return Ok(None);
    }
    let mut bytes = BytesMut::with_capacity(data.len() + data.len() / 8 + 160);
    let frames = match handle {
        Some(handle) => binary_frames(&mut bytes, handle, offset, &data),
        None => data_frames(&mut bytes, tail.id(), offset, &data),
    };
    Ok(Some((
        Chunk {
            bytes: bytes.freeze(),
            frames,
        },
        offset + data.len() as u64,
    )))
}
