//! Commits batches of operations to the logs on SQLite: one transaction a batch.
//!
//! This is the write path of the embedded store, on a connection and a thread of its own (a prepared
//! statement costs 2–4 µs here against a thread hop each through the pool).

use super::op::{CancelWish, Done, Draft, Ending, Entry, Op, Refusal, StreamDraft, Tenant};
use super::{Error, Store};
use crate::config::Durability;
use bytes::{Bytes, BytesMut};
use generic_corp_protocol::{
    Event, RoomId, Sender, Slug, StreamId, StreamInfo, StreamOutcome, StreamState, Timestamp,
};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::sync::Arc;

/// The one writer of the logs.
pub struct Appender {
    connection: Connection,
    lease_ms: i64,
}

/// The results of a batch, one an operation, in order.
pub type Results = Vec<Result<Done, Refusal>>;

impl Appender {
    /// Opens the writing connection.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub fn open(store: &Store, lease_seconds: u64) -> Result<Self, Error> {
        let connection = Connection::open(store.path())?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        let synchronous = match store.durability() {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self {
            connection,
            lease_ms: (lease_seconds * 1000) as i64,
        })
    }

    /// Commits all operations, or none of them.
    ///
    /// A refusal concerns its operation alone. When the store itself refuses one operation of a batch, the
    /// others are committed one by one.
    ///
    /// # Errors
    /// When the store cannot commit; nothing was changed.
    pub fn commit(&mut self, ops: &[Op]) -> Result<Results, Error> {
        match self.commit_together(ops) {
            Err(Error::Conflict | Error::Fault(_)) if ops.len() > 1 => {
                let mut results = Vec::with_capacity(ops.len());
                for op in ops {
                    results.append(&mut self.commit_together(std::slice::from_ref(op))?);
                }
                Ok(results)
            }
            outcome => outcome,
        }
    }

    fn commit_together(&mut self, ops: &[Op]) -> Result<Results, Error> {
        let lease_ms = self.lease_ms;
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut batch = Batch::new(&transaction, lease_ms);
        let results = ops
            .iter()
            .map(|op| batch.apply(op))
            .collect::<Result<Results, Error>>()?;
        batch.finish()?;
        transaction.commit()?;
        Ok(results)
    }

    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// After a restart: gives every producer the time of a lease to come back.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn renew_all(&mut self) -> Result<(), Error> {
        let until = Timestamp::now().0 + self.lease_ms;
        let sql = "UPDATE streams SET lease_until = $1 WHERE state = 'open' AND lease_until < $1";
        self.connection.execute(sql, params![until])?;
        Ok(())
    }
}

/// What a batch holds back until its end, so that each row is written once.
struct Batch<'a> {
    tx: &'a Transaction<'a>,
    now: Timestamp,
    lease_until: i64,
    rooms: HashMap<RoomId, Option<Room>>,
    streams: HashMap<StreamId, Option<Stream>>,
    usage: HashMap<(Tenant, &'static str), i64>,
}

struct Room {
    name: Slug,
    head: u64,
    epoch: Arc<str>,
    grown: bool,
    tenant: Tenant,
}

struct Stream {
    info: StreamInfo,
    room: RoomId,
    tenant: Tenant,
    cancel: Option<CancelWish>,
    /// Bytes of this batch, to be written as one row from `info.length - pending.len()` on.
    pending: BytesMut,
    touched: bool,
}

impl<'a> Batch<'a> {
    fn new(tx: &'a Transaction<'a>, lease_ms: i64) -> Self {
        let now = Timestamp::now();
        Self {
            tx,
            now,
            lease_until: now.0 + lease_ms,
            rooms: HashMap::new(),
            streams: HashMap::new(),
            usage: HashMap::new(),
        }
    }

    fn apply(&mut self, op: &Op) -> Result<Result<Done, Refusal>, Error> {
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
            } => self.append(*tenant, *stream, *sender, *offset, data),
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
            } => self.cancel(
                *tenant,
                *stream,
                CancelWish {
                    by: by.clone(),
                    reason: reason.clone(),
                },
            ),
            Op::Renew { streams } => self.renew(streams),
        }
    }

    fn publish(
        &mut self,
        tenant: Tenant,
        room: RoomId,
        draft: &Draft,
    ) -> Result<Result<Done, Refusal>, Error> {
        if self.room(tenant, room)?.is_none() {
            return Ok(Err(Refusal::NotFound));
        }
        let known = self
            .tx
            .prepare_cached(
                "SELECT seq, time, kind, body FROM events
                 WHERE room_id = $1 AND sender_id = $2 AND key = $3",
            )?
            .query_row(params![room.0, draft.sender.id, draft.key], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get(1)?,
                    row.get::<_, String>(2)?,
                    row.get::<_, String>(3)?,
                ))
            })
            .optional()?;
        if let Some((seq, time, kind, body)) = known {
            if kind != draft.kind || body != draft.body.get() {
                return Ok(Err(Refusal::KeyReused));
            }
            return Ok(Ok(Done::Published {
                seq: seq as u64,
                time: Timestamp(time),
                entry: None,
            }));
        }
        let entry = self.insert_event(room, draft)?;
        self.count(tenant, "messages", 1);
        Ok(Ok(Done::Published {
            seq: entry.event.seq,
            time: entry.event.time,
            entry: Some(entry),
        }))
    }

    /// Gives the draft the next `seq` of its room. The room must have been read before.
    fn insert_event(&mut self, room_id: RoomId, draft: &Draft) -> Result<Entry, Error> {
        let Some(Some(room)) = self.rooms.get_mut(&room_id) else {
            return Err(Error::Fault("an event for a room that was not read".into()));
        };
        let event = Event {
            room: room.name.clone(),
            seq: room.head + 1,
            time: self.now,
            sender: draft.sender.clone(),
            kind: draft.kind.clone(),
            body: draft.body.clone(),
            key: Some(draft.key.clone()),
            mentions: draft.mentions.clone(),
            reply_to: draft.reply_to,
        };
        let mentions =
            (!draft.mentions.is_empty()).then(|| generic_corp_protocol::encode(&draft.mentions));
        self.tx
            .prepare_cached(
                "INSERT INTO events (room_id, seq, time, sender_kind, sender_id, sender_name, kind, body,
                                     key, mentions, reply_to)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            )?
            .execute(params![
                room_id.0,
                event.seq as i64,
                event.time.0,
                super::log::sender_kind(draft.sender.kind),
                draft.sender.id,
                draft.sender.name,
                draft.kind,
                draft.body.get(),
                draft.key,
                mentions,
                draft.reply_to.map(|seq| seq as i64),
            ])?;
        room.head += 1;
        room.grown = true;
        Ok(Entry {
            room: room_id,
            epoch: room.epoch.clone(),
            event: Arc::new(event),
        })
    }

    fn open(
        &mut self,
        tenant: Tenant,
        room: RoomId,
        draft: &StreamDraft,
    ) -> Result<Result<Done, Refusal>, Error> {
        if self.room(tenant, room)?.is_none() {
            return Ok(Err(Refusal::NotFound));
        }
        let known: Option<uuid::Uuid> = self
            .tx
            .prepare_cached(
                "SELECT id FROM streams WHERE room_id = $1 AND sender_id = $2 AND key = $3",
            )?
            .query_row(params![room.0, draft.sender.id, draft.key], |row| {
                row.get(0)
            })
            .optional()?;
        if let Some(id) = known {
            let Some(stream) = self.stream(tenant, StreamId(id))? else {
                return Ok(Err(Refusal::NotFound));
            };
            if stream.info.name != draft.name || stream.info.media_type != draft.media_type {
                return Ok(Err(Refusal::KeyReused));
            }
            stream.touched = true;
            let (info, cancel) = (stream.info.clone(), stream.cancel.clone());
            return Ok(Ok(Done::Opened {
                info,
                entry: None,
                cancel,
            }));
        }
        if let Some(parent) = draft.parent
            && self.stream(tenant, parent)?.is_none()
        {
            return Ok(Err(Refusal::NotFound));
        }
        let entry = self.insert_event(room, &opened_event(draft)?)?;
        let info = opened_info(draft, &entry);
        self.insert_stream(tenant, room, draft, &info)?;
        let stream = Stream {
            info: info.clone(),
            room,
            tenant,
            cancel: None,
            pending: BytesMut::new(),
            touched: false,
        };
        self.streams.insert(draft.id, Some(stream));
        self.count(tenant, "streams", 1);
        Ok(Ok(Done::Opened {
            info,
            entry: Some(entry),
            cancel: None,
        }))
    }

    fn insert_stream(
        &self,
        tenant: Tenant,
        room: RoomId,
        draft: &StreamDraft,
        info: &StreamInfo,
    ) -> Result<(), Error> {
        self.tx
            .prepare_cached(
                "INSERT INTO streams (id, workspace_id, room_id, sender_kind, sender_id, sender_name, key,
                                      name, role, media_type, tool_call, parent, state, opened_seq,
                                      opened_at, lease_until)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open', $13, $14, $15)",
            )?
            .execute(params![
                draft.id.0,
                tenant.workspace.0,
                room.0,
                super::log::sender_kind(draft.sender.kind),
                draft.sender.id,
                draft.sender.name,
                draft.key,
                draft.name,
                super::log::role_name(draft.role),
                draft.media_type,
                draft.tool_call,
                draft.parent.map(|parent| parent.0),
                info.opened_seq as i64,
                info.opened_at.0,
                self.lease_until,
            ])?;
        Ok(())
    }

    fn append(
        &mut self,
        tenant: Tenant,
        id: StreamId,
        sender: uuid::Uuid,
        offset: u64,
        data: &Bytes,
    ) -> Result<Result<Done, Refusal>, Error> {
        let Some(stream) = self.stream(tenant, id)? else {
            return Ok(Err(Refusal::NotFound));
        };
        let length = stream.info.length;
        if stream.info.sender.id != sender {
            return Ok(Err(Refusal::NotYours));
        }
        if offset > length {
            return Ok(Err(Refusal::Offset { length }));
        }
        let stored = (length - offset) as usize;
        let fresh = data.get(stored..).unwrap_or_default();
        if !fresh.is_empty() && stream.info.state != StreamState::Open {
            return Ok(Err(Refusal::StreamClosed {
                state: stream.info.state,
                length,
            }));
        }
        stream.pending.extend_from_slice(fresh);
        stream.info.length += fresh.len() as u64;
        stream.touched = true;
        let (length_now, cancel) = (stream.info.length, stream.cancel.clone());
        self.count(tenant, "stream_bytes", fresh.len() as i64);
        Ok(Ok(Done::Appended {
            length: length_now,
            fresh_from: length,
            cancel,
        }))
    }

    fn close(
        &mut self,
        tenant: Tenant,
        id: StreamId,
        ending: &Ending,
    ) -> Result<Result<Done, Refusal>, Error> {
        let Some(stream) = self.stream(tenant, id)? else {
            return Ok(Err(Refusal::NotFound));
        };
        let length = stream.info.length;
        if ending
            .sender
            .is_some_and(|sender| sender != stream.info.sender.id)
        {
            return Ok(Err(Refusal::NotYours));
        }
        if stream.info.state != StreamState::Open {
            let same = stream.info.state == StreamState::from(ending.outcome)
                && stream.info.exit_code == ending.exit_code;
            return Ok(if same {
                Ok(Done::Closed {
                    info: stream.info.clone(),
                    entry: None,
                })
            } else {
                Err(Refusal::StreamClosed {
                    state: stream.info.state,
                    length,
                })
            });
        }
        if ending.offset.is_some_and(|offset| offset != length) {
            return Ok(Err(Refusal::Offset { length }));
        }
        stream.info.state = ending.outcome.into();
        stream.info.exit_code = ending.exit_code;
        let (info, room) = (stream.info.clone(), stream.room);
        self.finish_stream(tenant, info, room, ending)
    }

    fn finish_stream(
        &mut self,
        tenant: Tenant,
        mut info: StreamInfo,
        room: RoomId,
        ending: &Ending,
    ) -> Result<Result<Done, Refusal>, Error> {
        info.closed_at = Some(self.now);
        if let Some(Some(stream)) = self.streams.get_mut(&info.stream) {
            stream.info.closed_at = Some(self.now);
        }
        self.tx
            .prepare_cached(
                "UPDATE streams SET state = $1, exit_code = $2, closed_at = $3, cancel = NULL
                 WHERE id = $4 AND workspace_id = $5",
            )?
            .execute(params![
                info.state.as_str(),
                info.exit_code,
                self.now.0,
                info.stream.0,
                tenant.workspace.0
            ])?;
        if self.room(tenant, room)?.is_none() {
            return Ok(Err(Refusal::NotFound));
        }
        let draft = closed_event(&info, ending.metadata.as_deref(), self.now)?;
        let entry = self.insert_event(room, &draft)?;
        Ok(Ok(Done::Closed {
            info,
            entry: Some(entry),
        }))
    }

    fn expire(&mut self, tenant: Tenant, id: StreamId) -> Result<Result<Done, Refusal>, Error> {
        let still: Option<i64> = self
            .tx
            .prepare_cached(
                "SELECT 1 FROM streams
                 WHERE id = $1 AND workspace_id = $2 AND state = 'open' AND lease_until < $3",
            )?
            .query_row(params![id.0, tenant.workspace.0, self.now.0], |row| {
                row.get(0)
            })
            .optional()?;
        let written = matches!(self.streams.get(&id), Some(Some(stream)) if stream.touched);
        if still.is_none() || written {
            return Ok(Ok(Done::Nothing));
        }
        let ending = Ending {
            sender: None,
            offset: None,
            outcome: StreamOutcome::Interrupted,
            exit_code: None,
            metadata: None,
        };
        self.close(tenant, id, &ending)
    }

    fn cancel(
        &mut self,
        tenant: Tenant,
        id: StreamId,
        wish: CancelWish,
    ) -> Result<Result<Done, Refusal>, Error> {
        let Some(stream) = self.stream(tenant, id)? else {
            return Ok(Err(Refusal::NotFound));
        };
        if stream.info.state != StreamState::Open {
            let (state, length) = (stream.info.state, stream.info.length);
            return Ok(Err(Refusal::StreamClosed { state, length }));
        }
        stream.cancel = Some(wish.clone());
        self.tx
            .prepare_cached("UPDATE streams SET cancel = $1 WHERE id = $2 AND workspace_id = $3")?
            .execute(params![
                generic_corp_protocol::encode(&wish),
                id.0,
                tenant.workspace.0
            ])?;
        Ok(Ok(Done::Cancelled { wish }))
    }

    fn renew(&mut self, streams: &[StreamId]) -> Result<Result<Done, Refusal>, Error> {
        let mut update = self.tx.prepare_cached(
            "UPDATE streams SET lease_until = $1 WHERE id = $2 AND state = 'open'",
        )?;
        for stream in streams {
            update.execute(params![self.lease_until, stream.0])?;
        }
        Ok(Ok(Done::Nothing))
    }

    fn room(&mut self, tenant: Tenant, id: RoomId) -> Result<Option<&mut Room>, Error> {
        let slot = match self.rooms.entry(id) {
            std::collections::hash_map::Entry::Occupied(slot) => slot.into_mut(),
            std::collections::hash_map::Entry::Vacant(slot) => {
                let row = self
                    .tx
                    .prepare_cached(
                        "SELECT name, head, epoch FROM rooms WHERE id = $1 AND workspace_id = $2",
                    )?
                    .query_row(params![id.0, tenant.workspace.0], |row| {
                        Ok((
                            row.get::<_, String>(0)?,
                            row.get::<_, i64>(1)?,
                            row.get::<_, String>(2)?,
                        ))
                    })
                    .optional()?;
                let room = row.and_then(|(name, head, epoch)| {
                    let name = Slug::parse(&name).ok()?;
                    Some(Room {
                        name,
                        head: head as u64,
                        epoch: epoch.into(),
                        grown: false,
                        tenant,
                    })
                });
                slot.insert(room)
            }
        };
        // A room read for one tenant is not there for another.
        Ok(slot
            .as_mut()
            .filter(|room| room.tenant.workspace == tenant.workspace))
    }

    fn stream(&mut self, tenant: Tenant, id: StreamId) -> Result<Option<&mut Stream>, Error> {
        let slot = match self.streams.entry(id) {
            std::collections::hash_map::Entry::Occupied(slot) => slot.into_mut(),
            std::collections::hash_map::Entry::Vacant(slot) => {
                slot.insert(read_stream(self.tx, tenant, id)?)
            }
        };
        Ok(slot
            .as_mut()
            .filter(|stream| stream.tenant.workspace == tenant.workspace))
    }

    fn count(&mut self, tenant: Tenant, meter: &'static str, amount: i64) {
        *self.usage.entry((tenant, meter)).or_default() += amount;
    }

    fn finish(self) -> Result<(), Error> {
        for (id, room) in &self.rooms {
            if let Some(room) = room.as_ref().filter(|room| room.grown) {
                self.tx
                    .prepare_cached("UPDATE rooms SET head = $1, last_at = $2 WHERE id = $3")?
                    .execute(params![room.head as i64, self.now.0, id.0])?;
            }
        }
        for (id, stream) in &self.streams {
            if let Some(stream) = stream.as_ref().filter(|stream| stream.touched) {
                self.write_bytes(*id, stream)?;
            }
        }
        let day = self.now.to_string();
        let day = day.get(..10).unwrap_or_default();
        for ((tenant, meter), amount) in &self.usage {
            self.tx
                .prepare_cached(
                    "INSERT INTO usage (organization_id, workspace_id, day, meter, amount)
                     VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (organization_id, workspace_id, day, meter)
                     DO UPDATE SET amount = usage.amount + excluded.amount",
                )?
                .execute(params![
                    tenant.organization.0,
                    tenant.workspace.0,
                    day,
                    meter,
                    amount
                ])?;
        }
        Ok(())
    }

    fn write_bytes(&self, id: StreamId, stream: &Stream) -> Result<(), Error> {
        let length = stream.info.length;
        if !stream.pending.is_empty() {
            let start = length - stream.pending.len() as u64;
            self.tx
                .prepare_cached(
                    "INSERT INTO stream_chunks (stream_id, start, time, data) VALUES ($1, $2, $3, $4)",
                )?
                .execute(params![id.0, start as i64, self.now.0, &stream.pending[..]])?;
        }
        self.tx
            .prepare_cached("UPDATE streams SET length = $1, lease_until = $2 WHERE id = $3")?
            .execute(params![length as i64, self.lease_until, id.0])?;
        Ok(())
    }
}

fn read_stream(
    tx: &Transaction<'_>,
    tenant: Tenant,
    id: StreamId,
) -> Result<Option<Stream>, Error> {
    let stream = tx
        .prepare_cached(
            "SELECT s.room_id, r.name, s.name, s.role, s.media_type, s.tool_call, s.parent, s.sender_kind,
                    s.sender_id, s.sender_name, s.state, s.length, s.opened_at, s.opened_seq, s.closed_at,
                    s.exit_code, s.cancel
             FROM streams s JOIN rooms r ON r.id = s.room_id
             WHERE s.id = $1 AND s.workspace_id = $2",
        )?
        .query_row(params![id.0, tenant.workspace.0], |row| {
            let sender = Sender {
                kind: super::log::parse_sender_kind(&row.get::<_, String>(7)?),
                id: row.get(8)?,
                name: row.get(9)?,
            };
            let info = StreamInfo {
                stream: id,
                room: Slug::parse(&row.get::<_, String>(1)?).map_err(|_| rusqlite::Error::InvalidQuery)?,
                name: row.get(2)?,
                role: super::log::parse_role(&row.get::<_, String>(3)?),
                media_type: row.get(4)?,
                tool_call: row.get(5)?,
                parent: row.get::<_, Option<uuid::Uuid>>(6)?.map(StreamId),
                sender,
                state: StreamState::parse(&row.get::<_, String>(10)?).unwrap_or(StreamState::Interrupted),
                length: row.get::<_, i64>(11)? as u64,
                opened_at: Timestamp(row.get(12)?),
                opened_seq: row.get::<_, i64>(13)? as u64,
                closed_at: row.get::<_, Option<i64>>(14)?.map(Timestamp),
                exit_code: row.get(15)?,
            };
            let cancel = row.get::<_, Option<String>>(16)?;
            Ok(Stream {
                info,
                room: RoomId(row.get(0)?),
                tenant,
                cancel: cancel.and_then(|text| serde_json::from_str(&text).ok()),
                pending: BytesMut::new(),
                touched: false,
            })
        })
        .optional()?;
    Ok(stream)
}

fn opened_info(draft: &StreamDraft, entry: &Entry) -> StreamInfo {
    StreamInfo {
        stream: draft.id,
        room: entry.event.room.clone(),
        name: draft.name.clone(),
        role: draft.role,
        media_type: draft.media_type.clone(),
        tool_call: draft.tool_call.clone(),
        parent: draft.parent,
        sender: draft.sender.clone(),
        state: StreamState::Open,
        length: 0,
        opened_at: entry.event.time,
        opened_seq: entry.event.seq,
        closed_at: None,
        exit_code: None,
    }
}

fn opened_event(draft: &StreamDraft) -> Result<Draft, Error> {
    let mut body = serde_json::json!({
        "stream": draft.id, "name": draft.name, "role": draft.role, "media_type": draft.media_type,
    });
    if let Some(call) = &draft.tool_call {
        body["tool_call"] = call.as_str().into();
    }
    if let Some(parent) = &draft.parent {
        body["parent"] = parent.to_string().into();
    }
    hub_event(
        draft.sender.clone(),
        format!("open:{}", draft.id),
        "stream.opened",
        &body,
    )
}

fn closed_event(
    info: &StreamInfo,
    metadata: Option<&RawValue>,
    now: Timestamp,
) -> Result<Draft, Error> {
    let mut body = serde_json::json!({
        "stream": info.stream, "name": info.name, "outcome": info.state, "length": info.length,
        "duration_ms": now.0.saturating_sub(info.opened_at.0),
    });
    if let Some(code) = info.exit_code {
        body["exit_code"] = code.into();
    }
    if let Some(metadata) = metadata {
        body["metadata"] = serde_json::from_str(metadata.get()).unwrap_or_default();
    }
    hub_event(
        info.sender.clone(),
        format!("close:{}", info.stream),
        "stream.closed",
        &body,
    )
}

/// An event that the hub writes in the producer's name. Its key cannot meet a client's: see `room::check`.
fn hub_event(
    sender: Sender,
    key: String,
    kind: &str,
    body: &serde_json::Value,
) -> Result<Draft, Error> {
    let body =
        serde_json::value::to_raw_value(body).map_err(|error| Error::Fault(error.to_string()))?;
    Ok(Draft {
        sender,
        key,
        kind: kind.to_owned(),
        body,
        mentions: Vec::new(),
        reply_to: None,
    })
}
