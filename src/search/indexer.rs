//! Follows the logs and writes down their words. Any node does it for any room: a cursor in the database says how far
//! a room is, and of two who write the same events one finds that it came late.

use super::text;
use crate::store::search::{Unindexed, Words};
use crate::store::{Error, Page, Store};
use generic_corp_protocol::{Event, RoomId};
use std::time::{Duration, Instant};
use tokio::time::sleep;
use uuid::Uuid;

/// Rooms of one look.
const ROOMS: u32 = 64;
/// Events of one step, and bytes of their bodies: what a publisher waits for at most where one writes at a time.
const EVENTS: u32 = 200;
const BYTES: usize = 256 * 1024;
/// Between two looks when there was nothing to do.
const LOOK: Duration = Duration::from_millis(500);
/// How many times as long as it looked or wrote it rests, so that the logs have the database to themselves.
const REST_AFTER_LOOK: u32 = 20;
const REST_AFTER_STEP: u32 = 2;

/// Runs until it is aborted.
pub async fn run(store: Store) {
    let mut after = RoomId(Uuid::nil());
    loop {
        let begun = Instant::now();
        let rooms = store.unindexed_rooms(after, ROOMS).await;
        let looked = begun.elapsed();
        let rooms = rooms.unwrap_or_else(|error| {
            tracing::warn!(%error, "what was published cannot be searched yet; it is tried again");
            Vec::new()
        });
        let moved = follow(&store, &rooms).await;
        // Round and round, so that every room has its turn.
        let round = after.0.is_nil();
        after = match rooms.last() {
            Some(last) if rooms.len() == ROOMS as usize => last.room,
            _ => RoomId(Uuid::nil()),
        };
        match moved || !round {
            true => sleep(looked * REST_AFTER_STEP).await,
            false => sleep(LOOK.max(looked * REST_AFTER_LOOK)).await,
        }
    }
}

/// One step for each room, so that a busy one does not keep the others waiting, nor one that fails. Says whether any
/// went on.
async fn follow(store: &Store, rooms: &[Unindexed]) -> bool {
    let mut moved = false;
    for room in rooms {
        let begun = Instant::now();
        match step(store, room).await {
            Ok(()) => moved = true,
            Err(error) => {
                tracing::warn!(room = %room.room, %error, "a room cannot be searched to its end; it is tried again");
            }
        }
        sleep(begun.elapsed() * REST_AFTER_STEP).await;
    }
    moved
}

async fn step(store: &Store, room: &Unindexed) -> Result<(), Error> {
    let page = Page {
        after: Some(room.seq),
        limit: EVENTS,
        max_bytes: BYTES,
        ..Page::default()
    };
    let (events, _) = store.events(room.workspace, room.room, &page).await?;
    // None: they were removed before they were read.
    let until = events.last().map_or(room.head, |event| event.seq);
    let events: Vec<Words> = events.iter().filter_map(words).collect();
    let came_first = store.index(room, &events, until).await?;
    if !came_first {
        tracing::debug!(room = %room.room, "another node wrote the words of these events");
    }
    Ok(())
}

/// `None` for an event in which there is nothing to find.
fn words(event: &Event) -> Option<Words> {
    let words = text::of_event(event);
    (!words.is_empty()).then_some(Words {
        seq: event.seq,
        words,
    })
}
