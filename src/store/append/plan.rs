//! One batch worked out in memory: what the log must hold before it, what comes of each operation, and
//! what is to be written at the end. Knows no database, so that every store decides alike.

use super::super::Error;
use super::super::op::{CancelWish, Done, Draft, Entry, Op, Refusal, Tenant};
use bytes::BytesMut;
use generic_corp_protocol::{Event, RoomId, Slug, StreamId, StreamInfo, Timestamp};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// Bytes of events and streams, of the workspace as a whole; what is removed is taken off again.
pub(in crate::store) const STORED: &str = "stored_bytes";

/// An idempotency key: room, sender, key.
pub(super) type Key = (RoomId, Uuid, String);

/// What must be read before a batch can be worked out.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Rooms that operations name. Those of the streams come on top.
    pub(super) rooms: BTreeSet<RoomId>,
    /// Streams that operations name.
    pub(super) streams: BTreeSet<StreamId>,
    /// Keys of events.
    pub(super) events: Vec<Key>,
    /// Keys of streams.
    pub(super) opens: Vec<Key>,
}

/// A room as the batch found it and leaves it.
pub(super) struct Room {
    pub(super) tenant: Tenant,
    pub(super) name: Slug,
    pub(super) head: u64,
    pub(super) epoch: Arc<str>,
    pub(super) grown: bool,
}

/// A stream as the batch found it and leaves it.
pub(super) struct Stream {
    pub(super) tenant: Tenant,
    pub(super) room: RoomId,
    pub(super) info: StreamInfo,
    pub(super) key: String,
    pub(super) cancel: Option<CancelWish>,
    pub(super) lease_until: i64,
    /// Bytes of this batch, to be written as one chunk that ends at `info.length`.
    pub(super) pending: BytesMut,
    pub(super) change: Change,
}

/// What is to be written of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// Its row anew.
    Row,
    /// A row that was not there.
    New,
}

/// An event with a key: in the log already, or of this batch.
pub(super) enum Known {
    Stored {
        seq: u64,
        time: Timestamp,
        kind: String,
        body: String,
    },
    Fresh(Arc<Event>),
}

impl Known {
    /// The first answer again, if it was the same content.
    fn again(&self, draft: &Draft) -> Result<Done, Refusal> {
        let (seq, time, kind, body) = match self {
            Self::Stored {
                seq,
                time,
                kind,
                body,
            } => (*seq, *time, kind, body.as_str()),
            Self::Fresh(event) => (event.seq, event.time, &event.kind, event.body.get()),
        };
        if *kind != draft.kind || body != draft.body.get() {
            return Err(Refusal::KeyReused);
        }
        let entry = None;
        Ok(Done::Published { seq, time, entry })
    }
}

/// See the module.
pub(super) struct Plan {
    pub(super) now: Timestamp,
    pub(super) lease_until: i64,
    pub(super) rooms: HashMap<RoomId, Room>,
    pub(super) streams: HashMap<StreamId, Stream>,
    pub(super) known: HashMap<Key, Known>,
    pub(super) opened: HashMap<Key, StreamId>,
    /// New events in the order of their operations.
    pub(super) events: Vec<Entry>,
    /// Leases to renew.
    pub(super) renewed: Vec<StreamId>,
    pub(super) usage: HashMap<(Tenant, &'static str), i64>,
}

pub(super) type Outcome = Result<Result<Done, Refusal>, Error>;

impl Wanted {
    /// What `ops` need.
    pub(super) fn of(ops: &[Op]) -> Self {
        let mut wanted = Self::default();
        for op in ops {
            match op {
                Op::Publish { room, draft, .. } => {
                    wanted.rooms.insert(*room);
                    wanted
                        .events
                        .push((*room, draft.sender.id, draft.key.clone()));
                }
                Op::Open { room, draft, .. } => {
                    wanted.rooms.insert(*room);
                    wanted.streams.extend(draft.parent);
                    wanted
                        .opens
                        .push((*room, draft.sender.id, draft.key.clone()));
                }
                Op::Append { stream, .. }
                | Op::Close { stream, .. }
                | Op::Expire { stream, .. }
                | Op::Cancel { stream, .. } => {
                    wanted.streams.insert(*stream);
                }
                Op::Renew { .. } => {}
            }
        }
        wanted
    }
}

impl Plan {
    /// A batch that has read nothing yet.
    pub(super) fn new(lease_ms: i64) -> Self {
        let now = Timestamp::now();
        Self {
            now,
            lease_until: now.0 + lease_ms,
            rooms: HashMap::new(),
            streams: HashMap::new(),
            known: HashMap::new(),
            opened: HashMap::new(),
            events: Vec::new(),
            renewed: Vec::new(),
            usage: HashMap::new(),
        }
    }

    /// Works out one operation after those before it.
    pub(super) fn apply(&mut self, op: &Op) -> Outcome {
        match op {
            Op::Publish {
                tenant,
                room,
                draft,
            } => self.publish(*tenant, *room, draft),
            Op::Open {
                tenant,
                room,
                draft,
            } => self.open(*tenant, *room, draft),
            Op::Append {
                tenant,
                stream,
                sender,
                offset,
                data,
            } => Ok(self.append(*tenant, *stream, *sender, *offset, data)),
            Op::Close {
                tenant,
                stream,
                ending,
            } => self.close(*tenant, *stream, ending),
            Op::Expire { tenant, stream } => self.expire(*tenant, *stream),
            Op::Cancel {
                tenant,
                stream,
                by,
                reason,
            } => Ok(self.cancel(
                *tenant,
                *stream,
                CancelWish {
                    by: by.clone(),
                    reason: reason.clone(),
                },
            )),
            Op::Renew { streams } => {
                self.renewed.extend(streams);
                Ok(Ok(Done::Nothing))
            }
        }
    }

    /// Streams of which this is to be written.
    pub(super) fn changed(&self, change: Change) -> impl Iterator<Item = &Stream> {
        self.streams
            .values()
            .filter(move |stream| stream.change == change)
    }

    /// The UTC day that usage is counted in, as `2026-11-24`.
    pub(super) fn day(&self) -> String {
        self.now.day()
    }

    /// Another tenant's room is not there.
    pub(super) fn has_room(&self, tenant: Tenant, id: RoomId) -> bool {
        self.rooms
            .get(&id)
            .is_some_and(|room| room.tenant.workspace == tenant.workspace)
    }

    pub(super) fn stream(&mut self, tenant: Tenant, id: StreamId) -> Option<&mut Stream> {
        self.streams
            .get_mut(&id)
            .filter(|stream| stream.tenant.workspace == tenant.workspace)
    }

    pub(super) fn count(&mut self, tenant: Tenant, meter: &'static str, amount: i64) {
        *self.usage.entry((tenant, meter)).or_default() += amount;
    }

    fn publish(&mut self, tenant: Tenant, room: RoomId, draft: &Draft) -> Outcome {
        if !self.has_room(tenant, room) {
            return Ok(Err(Refusal::NotFound));
        }
        let key = (room, draft.sender.id, draft.key.clone());
        if let Some(known) = self.known.get(&key) {
            return Ok(known.again(draft));
        }
        let entry = self.add_event(room, draft)?;
        self.known.insert(key, Known::Fresh(entry.event.clone()));
        self.count(tenant, "messages", 1);
        Ok(Ok(Done::Published {
            seq: entry.event.seq,
            time: entry.event.time,
            entry: Some(entry),
        }))
    }

    /// Gives the draft the next `seq` of its room, which must have been read.
    pub(super) fn add_event(&mut self, id: RoomId, draft: &Draft) -> Result<Entry, Error> {
        let Some(room) = self.rooms.get_mut(&id) else {
            return Err(Error::Fault("an event for a room that was not read".into()));
        };
        room.head += 1;
        room.grown = true;
        let tenant = room.tenant;
        let event = Event {
            room: room.name.clone(),
            seq: room.head,
            time: self.now,
            sender: draft.sender.clone(),
            kind: draft.kind.clone(),
            body: draft.body.clone(),
            key: Some(draft.key.clone()),
            mentions: draft.mentions.clone(),
            reply_to: draft.reply_to,
        };
        let entry = Entry {
            room: id,
            epoch: room.epoch.clone(),
            event: Arc::new(event),
        };
        self.events.push(entry.clone());
        self.count(tenant, STORED, draft.body.get().len() as i64);
        Ok(entry)
    }
}
