//! What one node knows of its viewers: the hot tails of the logs they watch, the workers they sit on, and
//! which connection writes which stream.

use super::compare::Doubts;
use super::encode::{event_frame, text_frame};
use super::members::Members;
use super::ring::Delivered;
use super::room_tail::RoomTail;
use super::stream_tail::StreamTail;
use super::wake::{Address, Inbox, LogId, Mail};
use crate::bus::{Bus, Channel, Hint};
use crate::store::{Error, Store};
use dashmap::DashMap;
use generic_corp_protocol::frame::StreamClosed;
use generic_corp_protocol::{RoomId, ServerFrame, Slug, StreamId, StreamInfo, WorkspaceId};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Workers whose viewers can be woken apart: a bit each in [`super::wake::Wakes`].
const MAX_WORKERS: usize = 64;
/// Reads from the store for viewers at a time.
const COLD_READS: usize = 16;

/// How large hot tails are.
pub struct Options {
    /// Newest events of a room in memory, in bytes.
    pub room_bytes: usize,
    /// Newest bytes of a stream in memory.
    pub stream_bytes: usize,
}

/// A cheap handle; see the module.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    store: Store,
    bus: Bus,
    options: Options,
    rooms: DashMap<RoomId, Arc<RoomTail>>,
    streams: DashMap<StreamId, Arc<StreamTail>>,
    producers: DashMap<StreamId, Address>,
    members: Members,
    doubts: Doubts,
    inboxes: Vec<Arc<Inbox>>,
    workers: AtomicUsize,
    cold: Semaphore,
}

impl Hub {
    /// A hub without viewers, which follows on the bus what it will have viewers of.
    pub fn new(store: Store, bus: Bus, options: Options) -> Self {
        Self(Arc::new(Inner {
            store,
            bus,
            options,
            rooms: DashMap::new(),
            streams: DashMap::new(),
            producers: DashMap::new(),
            members: Members::default(),
            doubts: Doubts::default(),
            inboxes: (0..MAX_WORKERS).map(|_| Arc::default()).collect(),
            workers: AtomicUsize::new(0),
            cold: Semaphore::new(COLD_READS),
        }))
    }

    pub(super) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(super) fn bus(&self) -> &Bus {
        &self.0.bus
    }

    pub(super) fn member_changes(&self) -> &Members {
        &self.0.members
    }

    pub(super) fn doubts(&self) -> &Doubts {
        &self.0.doubts
    }

    pub(super) fn room_ids(&self) -> Vec<RoomId> {
        self.0.rooms.iter().map(|entry| *entry.key()).collect()
    }

    pub(super) fn stream_ids(&self) -> Vec<StreamId> {
        self.0.streams.iter().map(|entry| *entry.key()).collect()
    }

    pub(super) fn claim_worker(&self) -> (usize, Arc<Inbox>) {
        let index = self.0.workers.fetch_add(1, Ordering::SeqCst) % MAX_WORKERS;
        (index, self.0.inboxes[index].clone())
    }

    /// Waits for a turn to read from the store; `None` only if the hub is gone.
    pub(super) async fn cold_turn(&self) -> Option<SemaphorePermit<'_>> {
        self.0.cold.acquire().await.ok()
    }

    /// The hot tail of a room, with its log's head read from the store if nobody watched it.
    ///
    /// # Errors
    /// When the store does not answer. `None` when the workspace has no such room.
    pub async fn room(
        &self,
        workspace: WorkspaceId,
        id: RoomId,
        name: &Slug,
    ) -> Result<Option<Arc<RoomTail>>, Error> {
        let bytes = self.0.options.room_bytes;
        // Followed and left under the guard of its entry, so that neither overtakes the other.
        let fresh = || {
            self.0.bus.follow(Channel::Room(id));
            Arc::new(RoomTail::new(id, workspace, name.clone(), bytes))
        };
        // Bound by a statement, so that no guard of the map lives across the await.
        let tail = self.0.rooms.entry(id).or_insert_with(fresh).clone();
        if tail.workspace() != workspace {
            return Ok(None);
        }
        if !tail.loaded() {
            // Put into the map before it is read: what is committed meanwhile is not missed.
            let Some(head) = self.0.store.head(workspace, id).await? else {
                drop(tail);
                self.release(LogId::Room(id));
                return Ok(None);
            };
            tail.load(head.seq, &head.epoch);
        }
        self.meet_others(&tail).await;
        Ok(Some(tail))
    }

    /// The hot tail of a stream, and the stream as the store has it.
    ///
    /// # Errors
    /// When the store does not answer. `None` when the workspace has no such stream.
    pub async fn stream(
        &self,
        workspace: WorkspaceId,
        id: StreamId,
    ) -> Result<Option<(Arc<StreamTail>, StreamInfo)>, Error> {
        let bytes = self.0.options.stream_bytes;
        let fresh = || {
            self.0.bus.follow(Channel::Stream(id));
            Arc::new(StreamTail::new(id, workspace, bytes))
        };
        let tail = self.0.streams.entry(id).or_insert_with(fresh).clone();
        let info = match self.0.store.stream(workspace, id).await? {
            Some(info) if tail.workspace() == workspace => info,
            _ => {
                drop(tail);
                self.release(LogId::Stream(id));
                return Ok(None);
            }
        };
        if !tail.loaded() {
            let end = info.state.outcome().map(|outcome| StreamClosed {
                stream: id,
                offset: info.length,
                outcome,
                exit_code: info.exit_code,
            });
            tail.load(info.length, end);
        }
        Ok(Some((tail, info)))
    }

    /// Takes hints from the bus. Never waits.
    ///
    /// Viewers are woken when all is in place, so that they read what was committed together in one go.
    pub fn deliver(&self, hints: Vec<Hint>) {
        let grown: HashSet<LogId> = hints
            .into_iter()
            .filter_map(|hint| self.take(hint))
            .collect();
        for log in grown {
            self.notify(log);
        }
    }

    /// Puts a hint where it belongs; returns the log that grew.
    fn take(&self, hint: Hint) -> Option<LogId> {
        match hint {
            Hint::Event { room, epoch, event } => {
                let patient = self.bus().is_live();
                let tail = self.room_tail(room)?;
                let delivered = tail.deliver(event.seq, &epoch, patient, || event_frame(&event));
                if delivered == Delivered::Waits {
                    self.doubts().wait(room);
                }
                (delivered == Delivered::Grew).then_some(LogId::Room(room))
            }
            Hint::Ephemeral { room, message } => {
                let tail = self.room_tail(room)?;
                tail.deliver_ephemeral(text_frame(&ServerFrame::Ephemeral((*message).clone())));
                Some(LogId::Room(room))
            }
            Hint::Bytes {
                stream,
                offset,
                data,
            } => {
                let grew = self.stream_tail(stream)?.deliver(offset, data);
                grew.then_some(LogId::Stream(stream))
            }
            Hint::Closed { end } => {
                let stream = end.stream;
                self.0.producers.remove(&stream);
                self.stream_tail(stream)?.finish(end);
                Some(LogId::Stream(stream))
            }
            Hint::Presence { room } => {
                self.others_changed(room);
                None
            }
            // No log's: it concerns connections, and was told to them beside this.
            Hint::Ended(_) => None,
            Hint::Cancel { notice } => {
                let producer = self.0.producers.get(&notice.stream)?;
                producer.send(Mail::Cancel(notice));
                None
            }
        }
    }

    // Cloned, so that no guard of the map lives longer than the look-up.
    pub(super) fn room_tail(&self, room: RoomId) -> Option<Arc<RoomTail>> {
        self.0.rooms.get(&room).map(|tail| tail.clone())
    }

    pub(super) fn stream_tail(&self, stream: StreamId) -> Option<Arc<StreamTail>> {
        self.0.streams.get(&stream).map(|tail| tail.clone())
    }

    pub(super) fn notify(&self, log: LogId) {
        match log {
            LogId::Room(id) => {
                if let Some(tail) = self.room_tail(id) {
                    tail.wakes.notify(log, &self.0.inboxes);
                }
            }
            LogId::Stream(id) => {
                if let Some(tail) = self.stream_tail(id) {
                    tail.wakes.notify(log, &self.0.inboxes);
                }
            }
        }
    }

    pub(super) fn looking(&self, log: LogId, worker: usize) {
        match log {
            LogId::Room(id) => {
                if let Some(tail) = self.0.rooms.get(&id) {
                    tail.wakes.looking(worker);
                }
            }
            LogId::Stream(id) => {
                if let Some(tail) = self.0.streams.get(&id) {
                    tail.wakes.looking(worker);
                }
            }
        }
    }

    pub(super) fn unwatch(&self, log: LogId, worker: usize) {
        match log {
            LogId::Room(id) => {
                if let Some(tail) = self.0.rooms.get(&id) {
                    tail.wakes.unwatch(worker);
                    tail.wakes.looking(worker);
                }
            }
            LogId::Stream(id) => {
                if let Some(tail) = self.0.streams.get(&id) {
                    tail.wakes.unwatch(worker);
                    tail.wakes.looking(worker);
                }
            }
        }
        self.release(log);
    }

    /// Forgets a tail that nobody watches or is about to watch.
    pub fn release(&self, log: LogId) {
        match log {
            LogId::Room(id) => {
                let unused = |_: &RoomId, tail: &Arc<RoomTail>| !self.uses_room(tail);
                self.0.rooms.remove_if(&id, unused);
            }
            LogId::Stream(id) => {
                let unused = |_: &StreamId, tail: &Arc<StreamTail>| !self.uses_stream(tail);
                self.0.streams.remove_if(&id, unused);
            }
        }
    }

    /// Forgets tails that were looked at and are not watched. Called on a timer.
    pub fn sweep(&self) {
        self.0.rooms.retain(|_, tail| self.uses_room(tail));
        self.0.streams.retain(|_, tail| self.uses_stream(tail));
    }

    /// Whether somebody watches the room or is about to; if not, the bus is left.
    fn uses_room(&self, tail: &Arc<RoomTail>) -> bool {
        let used = tail.wakes.watched() || Arc::strong_count(tail) > 1;
        if !used {
            self.0.bus.leave(Channel::Room(tail.id()));
        }
        used
    }

    /// See [`uses_room`](Self::uses_room).
    fn uses_stream(&self, tail: &Arc<StreamTail>) -> bool {
        let used = tail.wakes.watched() || Arc::strong_count(tail) > 1;
        if !used {
            self.0.bus.leave(Channel::Stream(tail.id()));
        }
        used
    }

    /// The connection at `address` writes this stream.
    pub fn set_producer(&self, stream: StreamId, address: Address) {
        self.0.producers.insert(stream, address);
    }

    /// It no longer does.
    pub fn remove_producer(&self, stream: StreamId, address: &Address) {
        self.0
            .producers
            .remove_if(&stream, |_, known| known.same(address));
    }

    /// Streams that connections of this node write.
    pub fn producing(&self) -> Vec<StreamId> {
        self.0.producers.iter().map(|entry| *entry.key()).collect()
    }
}
