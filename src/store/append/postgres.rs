//! Reads what a batch needs from PostgreSQL and writes what it leaves: a statement for all rows of a kind,
//! since each costs a round trip.
//!
//! Locks are taken in one order, streams by id and then rooms by id, so that nodes wait for each other and
//! never in a circle. Keys are looked up behind the rooms' locks, in statements of their own, which under
//! READ COMMITTED see what the earlier holder committed.

mod rows;

use super::super::Error;
use super::super::compact::{DELETE_CHUNKS, INSERT_CHUNK, Joined, SELECT_CHUNKS};
use super::super::log::{parse_role, parse_sender_kind};
use super::super::op::{Actor, Op, Tenant};
use super::plan::{Change, Key, Known, Plan, Room, Stream, Wanted};
use super::{Results, results};
use bytes::BytesMut;
use generic_corp_protocol::{
    OrganizationId, RoomId, Sender, Slug, StreamId, StreamInfo, StreamState, Timestamp, WorkspaceId,
};
use sqlx::postgres::{PgPool, PgPoolOptions, PgRow};
use sqlx::{PgConnection, Row};
use std::time::Duration;
use uuid::Uuid;

/// Tries of a batch that met another in a circle of locks, or lost its connection.
const TRIES: u32 = 3;
/// Writers that count usage without waiting for each other.
const USAGE_SHARDS: i64 = 64;
/// No batch takes longer; its connection is then given up.
const LIMIT: Duration = Duration::from_secs(15);

/// A writer of the logs on a connection of its own, driven from a thread that may wait.
pub(super) struct Writer {
    runtime: tokio::runtime::Runtime,
    pool: PgPool,
    /// Where it counts usage.
    shard: i64,
}

impl Writer {
    pub(super) fn open(pool: &PgPool) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Fault(format!("the writer cannot start: {error}")))?;
        let options = (*pool.connect_options()).clone();
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(5))
            .connect_lazy_with(options);
        let shard = rand::random_range(0..USAGE_SHARDS);
        Ok(Self {
            runtime,
            pool,
            shard,
        })
    }

    /// Commits a batch. When the connection is lost, also during the commit itself, it is not known whether
    /// the batch was stored; the same batch is then committed again, and its keys and offsets make what was
    /// stored the first answer.
    pub(super) fn commit(&mut self, ops: &[Op], lease_ms: i64) -> Result<Results, Error> {
        let mut tries = 1;
        loop {
            let outcome = self.within_limit(self.commit_once(ops, lease_ms));
            match outcome {
                Err(Error::Again(_) | Error::Unavailable(_)) if tries < TRIES => tries += 1,
                Err(Error::Again(why)) => return Err(Error::Unavailable(why)),
                outcome => return outcome,
            }
        }
    }

    async fn commit_once(&self, ops: &[Op], lease_ms: i64) -> Result<Results, Error> {
        let mut work = self.pool.begin().await?;
        let mut plan = Plan::new(lease_ms);
        load(&mut work, &mut plan, Wanted::of(ops)).await?;
        let results = results(&mut plan, ops)?;
        rows::flush(&mut work, &plan, self.shard).await?;
        work.commit().await?;
        Ok(results)
    }

    pub(super) fn compact(&mut self, stream: StreamId, from: u64) -> Result<Option<u64>, Error> {
        self.within_limit(self.compact_once(stream, from))
    }

    fn within_limit<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        // Made inside, where there is a clock.
        self.runtime
            .block_on(async { tokio::time::timeout(LIMIT, work).await })
            .unwrap_or_else(|_| {
                let seconds = LIMIT.as_secs();
                Err(Error::Unavailable(format!("no answer in {seconds} s")))
            })
    }

    async fn compact_once(&self, stream: StreamId, from: u64) -> Result<Option<u64>, Error> {
        let mut work = self.pool.begin().await?;
        // Two nodes that wrote one stream do not compact it at once.
        sqlx::query("SELECT 1 FROM streams WHERE id = $1 FOR UPDATE")
            .bind(stream.0)
            .execute(&mut *work)
            .await?;
        let rows = sqlx::query(SELECT_CHUNKS)
            .bind(stream.0)
            .bind(from as i64)
            .fetch_all(&mut *work)
            .await?;
        let mut joined = Joined::default();
        for row in &rows {
            let marks: Option<&[u8]> = row.try_get("marks")?;
            let (start, time) = (row.try_get("start")?, row.try_get("time")?);
            if !joined.push(start, time, row.try_get("data")?, marks.unwrap_or_default()) {
                break;
            }
        }
        if joined.is_worth_writing() {
            sqlx::query(DELETE_CHUNKS)
                .bind(stream.0)
                .bind(joined.start)
                .bind(joined.end())
                .execute(&mut *work)
                .await?;
            sqlx::query(INSERT_CHUNK)
                .bind(stream.0)
                .bind(joined.start)
                .bind(joined.time)
                .bind(&joined.data[..])
                .bind(&joined.marks[..])
                .execute(&mut *work)
                .await?;
        }
        work.commit().await?;
        Ok(joined.next())
    }
}

/// Reads what the batch needs into its plan, and locks it.
async fn load(connection: &mut PgConnection, plan: &mut Plan, wanted: Wanted) -> Result<(), Error> {
    let streams: Vec<StreamId> = wanted.streams.into_iter().collect();
    load_streams(connection, plan, &streams, &wanted.opens).await?;
    let mut rooms = wanted.rooms;
    rooms.extend(plan.streams.values().map(|stream| stream.room));
    load_rooms(connection, plan, rooms.into_iter().map(|id| id.0).collect()).await?;
    load_events(connection, plan, wanted.events).await?;
    // A key that another node used while this one waited for the room.
    let missed: Vec<Key> = wanted
        .opens
        .into_iter()
        .filter(|key| !plan.opened.contains_key(key))
        .collect();
    load_streams(connection, plan, &[], &missed).await
}

/// Keys as columns, for `UNNEST`.
fn columns(keys: &[Key]) -> (Vec<Uuid>, Vec<Uuid>, Vec<&str>) {
    let mut columns = (Vec::new(), Vec::new(), Vec::new());
    for (room, sender, key) in keys {
        columns.0.push(room.0);
        columns.1.push(*sender);
        columns.2.push(key.as_str());
    }
    columns
}

async fn load_streams(
    connection: &mut PgConnection,
    plan: &mut Plan,
    ids: &[StreamId],
    keys: &[Key],
) -> Result<(), Error> {
    if ids.is_empty() && keys.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let (rooms, senders, names) = columns(keys);
    let rows = sqlx::query(
        "SELECT s.*, r.name AS room_name, w.organization_id
         FROM streams s JOIN rooms r ON r.id = s.room_id JOIN workspaces w ON w.id = s.workspace_id
         WHERE s.id = ANY(ARRAY(
             SELECT UNNEST($1::uuid[])
             UNION ALL
             SELECT o.id FROM streams o
             JOIN UNNEST($2::uuid[], $3::uuid[], $4::text[]) AS wanted (room_id, sender_id, key)
                 USING (room_id, sender_id, key)))
           AND w.deleted_at IS NULL
         ORDER BY s.id FOR UPDATE OF s",
    )
    .bind(ids)
    .bind(rooms)
    .bind(senders)
    .bind(names)
    .fetch_all(connection)
    .await?;
    for row in rows {
        let stream = stream(&row)?;
        let key = (stream.room, stream.info.sender.id, stream.key.clone());
        plan.opened.insert(key, stream.info.stream);
        plan.streams.insert(stream.info.stream, stream);
    }
    Ok(())
}

fn stream(row: &PgRow) -> Result<Stream, Error> {
    let sender = Sender {
        kind: parse_sender_kind(row.try_get("sender_kind")?),
        id: row.try_get("sender_id")?,
        name: row.try_get("sender_name")?,
    };
    let info = StreamInfo {
        stream: StreamId(row.try_get("id")?),
        room: slug(row, "room_name")?,
        name: row.try_get("name")?,
        role: parse_role(row.try_get("role")?),
        media_type: row.try_get("media_type")?,
        tool_call: row.try_get("tool_call")?,
        parent: row.try_get::<Option<Uuid>, _>("parent")?.map(StreamId),
        sender,
        state: StreamState::parse(row.try_get("state")?).unwrap_or(StreamState::Interrupted),
        length: row.try_get::<i64, _>("length")? as u64,
        opened_at: Timestamp(row.try_get("opened_at")?),
        opened_seq: row.try_get::<i64, _>("opened_seq")? as u64,
        closed_at: row.try_get::<Option<i64>, _>("closed_at")?.map(Timestamp),
        exit_code: row
            .try_get::<Option<i64>, _>("exit_code")?
            .map(|code| code as i32),
    };
    let cancel: Option<&str> = row.try_get("cancel")?;
    Ok(Stream {
        tenant: tenant(row)?,
        room: RoomId(row.try_get("room_id")?),
        info,
        key: row.try_get("key")?,
        cancel: cancel.and_then(|text| serde_json::from_str(text).ok()),
        lease_until: row.try_get("lease_until")?,
        pending: BytesMut::new(),
        change: Change::None,
    })
}

fn slug(row: &PgRow, column: &str) -> Result<Slug, Error> {
    Slug::parse(row.try_get(column)?).map_err(|_| Error::Fault(format!("{column} holds no name")))
}

fn tenant(row: &PgRow) -> Result<Tenant, Error> {
    Ok(Tenant {
        organization: OrganizationId(row.try_get("organization_id")?),
        workspace: WorkspaceId(row.try_get("workspace_id")?),
        actor: Actor::default(),
    })
}

async fn load_rooms(
    connection: &mut PgConnection,
    plan: &mut Plan,
    ids: Vec<Uuid>,
) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query(
        "SELECT r.id, r.name, r.head, r.epoch, r.workspace_id, w.organization_id
         FROM rooms r JOIN workspaces w ON w.id = r.workspace_id
         WHERE r.id = ANY($1) AND w.deleted_at IS NULL ORDER BY r.id FOR UPDATE OF r",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    for row in rows {
        let room = Room {
            tenant: tenant(&row)?,
            name: slug(&row, "name")?,
            head: row.try_get::<i64, _>("head")? as u64,
            epoch: row.try_get::<&str, _>("epoch")?.into(),
            grown: false,
        };
        plan.rooms.insert(RoomId(row.try_get("id")?), room);
    }
    Ok(())
}

async fn load_events(
    connection: &mut PgConnection,
    plan: &mut Plan,
    keys: Vec<Key>,
) -> Result<(), Error> {
    if keys.is_empty() {
        return Ok(());
    }
    let (rooms, senders, names) = columns(&keys);
    let rows = sqlx::query(
        "SELECT room_id, sender_id, key, seq, time, kind, body FROM events
         WHERE (room_id, sender_id, key) IN (SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[]))",
    )
    .bind(rooms)
    .bind(senders)
    .bind(names)
    .fetch_all(connection)
    .await?;
    for row in rows {
        let key = (
            RoomId(row.try_get("room_id")?),
            row.try_get("sender_id")?,
            row.try_get("key")?,
        );
        let known = Known::Stored {
            seq: row.try_get::<i64, _>("seq")? as u64,
            time: Timestamp(row.try_get("time")?),
            kind: row.try_get("kind")?,
            body: row.try_get("body")?,
        };
        plan.known.insert(key, known);
    }
    Ok(())
}
