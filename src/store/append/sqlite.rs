//! Reads what a batch needs from SQLite and writes what it leaves.
//!
//! On a connection and a thread of its own: a prepared statement costs 2–4 µs here against a thread hop
//! each through the pool, so rows are read and written one by one.

use super::super::compact::{DELETE_CHUNKS, INSERT_CHUNK, Joined, SELECT_CHUNKS};
use super::super::log::{parse_role, parse_sender_kind, role_name, sender_kind};
use super::super::op::{Actor, Entry, Op, Tenant};
use super::super::{Error, lock_path};
use super::mark::Mark;
use super::plan::{Change, Key, Known, Plan, Room, Stream, Wanted};
use super::{Results, results};
use crate::config::Durability;
use bytes::BytesMut;
use generic_corp_protocol::{
    OrganizationId, RoomId, Sender, Slug, StreamId, StreamInfo, StreamState, Timestamp, WorkspaceId,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use std::path::Path;

/// The one writer of the logs in this file.
pub(super) struct Writer {
    pub(super) connection: Connection,
    /// Batches committed since the database was made; in the database and, as a mark, beside it.
    pub(super) commits: u64,
    pub(super) mark: Mark,
}

impl Writer {
    pub(super) fn open(path: &Path, durability: Durability) -> Result<Self, Error> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.set_prepared_statement_cache_capacity(64);
        let select = "SELECT value FROM instance WHERE key = 'commits'";
        let commits: Option<String> = connection
            .query_row(select, [], |row| row.get(0))
            .optional()?;
        Ok(Self {
            connection,
            commits: commits.and_then(|text| text.parse().ok()).unwrap_or(0),
            mark: Mark::open(&lock_path(path)).map_err(fault)?,
        })
    }

    pub(super) fn commit(&mut self, ops: &[Op], lease_ms: i64) -> Result<Results, Error> {
        let commits = self.commits + 1;
        let tx = self.begin()?;
        let mut plan = Plan::new(lease_ms);
        load(&tx, &mut plan, Wanted::of(ops))?;
        let results = results(&mut plan, ops)?;
        flush(&tx, &plan, commits)?;
        tx.commit()?;
        self.commits = commits;
        // One that was not written lags, which is no harm.
        let _ = self.mark.write(commits);
        Ok(results)
    }

    pub(super) fn compact(&mut self, stream: StreamId, from: u64) -> Result<Option<u64>, Error> {
        let tx = self.begin()?;
        let mut joined = Joined::default();
        {
            let mut select = tx.prepare_cached(SELECT_CHUNKS)?;
            let mut rows = select.query(params![stream.0, from as i64])?;
            while let Some(row) = rows.next()? {
                let data = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
                let marks: Option<Vec<u8>> = row.get(3)?;
                if !joined.push(row.get(0)?, row.get(1)?, data, &marks.unwrap_or_default()) {
                    break;
                }
            }
        }
        if joined.is_worth_writing() {
            tx.prepare_cached(DELETE_CHUNKS)?.execute(params![
                stream.0,
                joined.start,
                joined.end()
            ])?;
            tx.prepare_cached(INSERT_CHUNK)?.execute(params![
                stream.0,
                joined.start,
                joined.time,
                &joined.data[..],
                &joined.marks[..]
            ])?;
        }
        tx.commit()?;
        Ok(joined.next())
    }

    pub(super) fn begin(&mut self) -> Result<Transaction<'_>, Error> {
        Ok(self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}

pub(super) fn fault(error: std::io::Error) -> Error {
    Error::Fault(format!("the mark beside the database: {error}"))
}

/// Reads what the batch needs into its plan.
fn load(tx: &Transaction<'_>, plan: &mut Plan, wanted: Wanted) -> Result<(), Error> {
    for key in wanted.opens {
        if let Some(id) = find_stream(tx, &key)? {
            load_stream(tx, plan, id)?;
            plan.opened.insert(key, id);
        }
    }
    for id in wanted.streams {
        load_stream(tx, plan, id)?;
    }
    for id in wanted.rooms {
        load_room(tx, plan, id)?;
    }
    for key in wanted.events {
        if let Some(known) = find_event(tx, &key)? {
            plan.known.insert(key, known);
        }
    }
    Ok(())
}

fn find_stream(tx: &Transaction<'_>, key: &Key) -> Result<Option<StreamId>, Error> {
    let (room, sender, key) = key;
    let id = tx
        .prepare_cached(
            "SELECT id FROM streams WHERE room_id = $1 AND sender_id = $2 AND key = $3",
        )?
        .query_row(params![room.0, sender, key], |row| row.get(0))
        .optional()?;
    Ok(id.map(StreamId))
}

fn find_event(tx: &Transaction<'_>, key: &Key) -> Result<Option<Known>, Error> {
    let (room, sender, key) = key;
    let known = tx
        .prepare_cached(
            "SELECT seq, time, kind, body FROM events
             WHERE room_id = $1 AND sender_id = $2 AND key = $3",
        )?
        .query_row(params![room.0, sender, key], |row| {
            Ok(Known::Stored {
                seq: row.get::<_, i64>(0)? as u64,
                time: Timestamp(row.get(1)?),
                kind: row.get(2)?,
                body: row.get(3)?,
            })
        })
        .optional()?;
    Ok(known)
}

fn load_room(tx: &Transaction<'_>, plan: &mut Plan, id: RoomId) -> Result<(), Error> {
    if plan.rooms.contains_key(&id) {
        return Ok(());
    }
    let room = tx
        .prepare_cached(
            "SELECT r.name, r.head, r.epoch, w.organization_id, r.workspace_id
             FROM rooms r JOIN workspaces w ON w.id = r.workspace_id
             WHERE r.id = $1 AND w.deleted_at IS NULL",
        )?
        .query_row(params![id.0], |row| {
            Ok(Room {
                name: slug(row, 0)?,
                head: row.get::<_, i64>(1)? as u64,
                epoch: row.get::<_, String>(2)?.into(),
                tenant: tenant(row, 3)?,
                grown: false,
            })
        })
        .optional()?;
    plan.rooms.extend(room.map(|room| (id, room)));
    Ok(())
}

/// A stream, with its room.
pub(super) fn load_stream(
    tx: &Transaction<'_>,
    plan: &mut Plan,
    id: StreamId,
) -> Result<(), Error> {
    if plan.streams.contains_key(&id) {
        return Ok(());
    }
    let stream = tx
        .prepare_cached(
            "SELECT s.room_id, r.name, s.name, s.role, s.media_type, s.tool_call, s.parent, s.sender_kind,
                    s.sender_id, s.sender_name, s.state, s.length, s.opened_at, s.opened_seq, s.closed_at,
                    s.exit_code, s.cancel, s.key, s.lease_until, w.organization_id, s.workspace_id
             FROM streams s JOIN rooms r ON r.id = s.room_id JOIN workspaces w ON w.id = s.workspace_id
             WHERE s.id = $1 AND w.deleted_at IS NULL",
        )?
        .query_row(params![id.0], |row| stream(row, id))
        .optional()?;
    if let Some(stream) = stream {
        load_room(tx, plan, stream.room)?;
        plan.streams.insert(id, stream);
    }
    Ok(())
}

fn stream(row: &Row<'_>, id: StreamId) -> rusqlite::Result<Stream> {
    let sender = Sender {
        kind: parse_sender_kind(&row.get::<_, String>(7)?),
        id: row.get(8)?,
        name: row.get(9)?,
    };
    let state = StreamState::parse(&row.get::<_, String>(10)?);
    let info = StreamInfo {
        stream: id,
        room: slug(row, 1)?,
        name: row.get(2)?,
        role: parse_role(&row.get::<_, String>(3)?),
        media_type: row.get(4)?,
        tool_call: row.get(5)?,
        parent: row.get::<_, Option<uuid::Uuid>>(6)?.map(StreamId),
        sender,
        state: state.unwrap_or(StreamState::Interrupted),
        length: row.get::<_, i64>(11)? as u64,
        opened_at: Timestamp(row.get(12)?),
        opened_seq: row.get::<_, i64>(13)? as u64,
        closed_at: row.get::<_, Option<i64>>(14)?.map(Timestamp),
        exit_code: row.get(15)?,
    };
    let cancel = row.get::<_, Option<String>>(16)?;
    Ok(Stream {
        tenant: tenant(row, 19)?,
        room: RoomId(row.get(0)?),
        info,
        key: row.get(17)?,
        cancel: cancel.and_then(|text| serde_json::from_str(&text).ok()),
        lease_until: row.get(18)?,
        pending: BytesMut::new(),
        change: Change::None,
    })
}

fn slug(row: &Row<'_>, at: usize) -> rusqlite::Result<Slug> {
    Slug::parse(&row.get::<_, String>(at)?).map_err(|_| rusqlite::Error::InvalidQuery)
}

fn tenant(row: &Row<'_>, at: usize) -> rusqlite::Result<Tenant> {
    Ok(Tenant {
        organization: OrganizationId(row.get(at)?),
        workspace: WorkspaceId(row.get(at + 1)?),
        actor: Actor::default(),
    })
}

/// Writes what the batch leaves.
pub(super) fn flush(tx: &Transaction<'_>, plan: &Plan, commits: u64) -> Result<(), Error> {
    tx.prepare_cached(
        "INSERT INTO instance (key, value) VALUES ('commits', $1)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )?
    .execute(params![commits.to_string()])?;
    for entry in &plan.events {
        insert_event(tx, entry)?;
    }
    for (id, room) in plan.rooms.iter().filter(|(_, room)| room.grown) {
        tx.prepare_cached("UPDATE rooms SET head = $1, last_at = $2 WHERE id = $3")?
            .execute(params![room.head as i64, plan.now.0, id.0])?;
    }
    for stream in plan.streams.values() {
        write_stream(tx, plan, stream)?;
    }
    for id in &plan.renewed {
        tx.prepare_cached(
            "UPDATE streams SET lease_until = $1
             WHERE id = $2 AND state = 'open' AND lease_until > 0",
        )?
        .execute(params![plan.lease_until, id.0])?;
    }
    let day = plan.day();
    for ((tenant, meter), amount) in &plan.usage {
        tx.prepare_cached(
            "INSERT INTO usage (organization_id, workspace_id, day, meter, amount, sender_id, key_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (organization_id, workspace_id, day, meter, sender_id, key_id, shard)
             DO UPDATE SET amount = usage.amount + excluded.amount",
        )?
        .execute(params![
            tenant.organization.0,
            tenant.workspace.0,
            day,
            meter,
            amount,
            tenant.actor.sender,
            tenant.actor.key
        ])?;
    }
    Ok(())
}

fn insert_event(tx: &Transaction<'_>, entry: &Entry) -> Result<(), Error> {
    let event = &entry.event;
    let mentions =
        (!event.mentions.is_empty()).then(|| generic_corp_protocol::encode(&event.mentions));
    tx.prepare_cached(
        "INSERT INTO events (room_id, seq, time, sender_kind, sender_id, sender_name, kind, body,
                             key, mentions, reply_to)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )?
    .execute(params![
        entry.room.0,
        event.seq as i64,
        event.time.0,
        sender_kind(event.sender.kind),
        event.sender.id,
        event.sender.name,
        event.kind,
        event.body.get(),
        event.key,
        mentions,
        event.reply_to.map(|seq| seq as i64),
    ])?;
    Ok(())
}

fn write_stream(tx: &Transaction<'_>, plan: &Plan, stream: &Stream) -> Result<(), Error> {
    match stream.change {
        Change::None => return Ok(()),
        Change::New => insert_stream(tx, stream)?,
        Change::Row => update_stream(tx, stream)?,
    }
    if !stream.pending.is_empty() {
        let (id, start) = (stream.info.stream, stream.chunk_start());
        tx.prepare_cached(
            "INSERT INTO stream_chunks (stream_id, start, time, data) VALUES ($1, $2, $3, $4)",
        )?
        .execute(params![id.0, start as i64, plan.now.0, &stream.pending[..]])?;
    }
    Ok(())
}

fn update_stream(tx: &Transaction<'_>, stream: &Stream) -> Result<(), Error> {
    let info = &stream.info;
    tx.prepare_cached(
        "UPDATE streams SET length = $1, lease_until = $2, state = $3, exit_code = $4, closed_at = $5,
                            cancel = $6
         WHERE id = $7 AND workspace_id = $8",
    )?
    .execute(params![
        info.length as i64,
        stream.lease_until,
        info.state.as_str(),
        info.exit_code,
        info.closed_at.map(|time| time.0),
        stream.cancel.as_ref().map(generic_corp_protocol::encode),
        info.stream.0,
        stream.tenant.workspace.0,
    ])?;
    Ok(())
}

fn insert_stream(tx: &Transaction<'_>, stream: &Stream) -> Result<(), Error> {
    let info = &stream.info;
    tx.prepare_cached(
        "INSERT INTO streams (id, workspace_id, room_id, sender_kind, sender_id, sender_name, key, name,
                              role, media_type, tool_call, parent, state, length, opened_seq, opened_at,
                              closed_at, exit_code, lease_until, cancel)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
    )?
    .execute(params![
        info.stream.0,
        stream.tenant.workspace.0,
        stream.room.0,
        sender_kind(info.sender.kind),
        info.sender.id,
        info.sender.name,
        stream.key,
        info.name,
        role_name(info.role),
        info.media_type,
        info.tool_call,
        info.parent.map(|parent| parent.0),
        info.state.as_str(),
        info.length as i64,
        info.opened_seq as i64,
        info.opened_at.0,
        info.closed_at.map(|time| time.0),
        info.exit_code,
        stream.lease_until,
        stream.cancel.as_ref().map(generic_corp_protocol::encode),
    ])?;
    Ok(())
}
