//! Removes what is past its time: events and streams that a plan keeps no longer, and all of what was deleted.
//! Little by little, so that nobody waits for it; each step is a transaction after which everything is sound, so
//! any node may do any step, and go on where another one stopped.

use super::append::STORED;
use super::op::Actor;
use super::row::{number, uuid};
use super::search::forget;
use super::sql::{Row, Work, sql};
use super::usage::{Amount, add};
use super::{Error, Store};
use generic_corp_protocol::{OrganizationId, RoomId, StreamId, Timestamp, WorkspaceId};

/// Events of one step.
const EVENTS: u32 = 1000;
/// Streams, or rooms, of one step.
const FEW: u32 = 64;
/// Chunks of one step; each has about 64 KiB.
const CHUNKS: u32 = 64;

/// Whether a step has left something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// There is more.
    More,
    /// It is done.
    Nothing,
}

impl From<bool> for Rest {
    fn from(more: bool) -> Self {
        match more {
            true => Self::More,
            false => Self::Nothing,
        }
    }
}

/// A room, as the step that has locked it knows it.
struct Held {
    organization: OrganizationId,
    workspace: WorkspaceId,
    trimmed: i64,
}

impl Store {
    /// Some rooms of the organizations on this plan whose oldest event is older than `before`.
    pub async fn rooms_to_trim(&self, plan: &str, before: Timestamp) -> Result<Vec<RoomId>, Error> {
        let rows = sql("SELECT r.id FROM organizations o
             JOIN workspaces w ON w.organization_id = o.id AND w.deleted_at IS NULL
             JOIN rooms r ON r.workspace_id = w.id
             JOIN events e ON e.room_id = r.id AND e.seq = r.trimmed + 1
             WHERE o.plan = $1 AND e.time < $2 LIMIT $3")
        .bind(plan)
        .bind(before.0)
        .bind(FEW)
        .fetch_all(self.read())
        .await?;
        rows.iter()
            .map(|row| Ok(RoomId(uuid(row, "id")?)))
            .collect()
    }

    /// Removes a room's oldest events that are older than `before`, at most 1,000; when they are gone, gives up
    /// the streams that were opened by removed events and closed before then.
    pub async fn trim_room(&self, room: RoomId, before: Timestamp) -> Result<Rest, Error> {
        let mut transaction = self.begin().await?;
        let Some(held) = hold(&mut transaction, room).await? else {
            return Ok(Rest::Nothing);
        };
        let old = oldest(&mut transaction, room, held.trimmed, before).await?;
        let Some((until, bytes)) = old else {
            let more = give_up(&mut transaction, &held, room, held.trimmed, before).await?;
            transaction.commit().await?;
            return Ok(more);
        };
        sql("DELETE FROM events WHERE room_id = $1 AND seq > $2 AND seq <= $3")
            .bind(room.0)
            .bind(held.trimmed)
            .bind(until)
            .execute(&mut transaction)
            .await?;
        sql("UPDATE rooms SET trimmed = $1 WHERE id = $2")
            .bind(until)
            .bind(room.0)
            .execute(&mut transaction)
            .await?;
        forget(&mut transaction, room, until).await?;
        take_off(&mut transaction, &held, bytes).await?;
        transaction.commit().await?;
        Ok(Rest::More)
    }

    /// Removes some bytes of a stream that was given up, and the stream when they were the last.
    pub async fn remove_stream(&self) -> Result<Rest, Error> {
        let row = sql("SELECT id FROM streams WHERE state = 'removed' LIMIT 1")
            .fetch_optional(self.read())
            .await?;
        let Some(row) = row else {
            return Ok(Rest::Nothing);
        };
        let stream = StreamId(uuid(&row, "id")?);
        let mut transaction = self.begin().await?;
        let removed = sql("DELETE FROM stream_chunks WHERE stream_id = $1 AND start IN
             (SELECT start FROM stream_chunks WHERE stream_id = $1 ORDER BY start LIMIT $2)")
        .bind(stream.0)
        .bind(CHUNKS)
        .execute(&mut transaction)
        .await?;
        if removed < u64::from(CHUNKS) {
            sql("DELETE FROM streams WHERE id = $1 AND state = 'removed'")
                .bind(stream.0)
                .execute(&mut transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(Rest::More)
    }

    /// Removes something of a workspace or organization that was deleted before this time: events, then streams,
    /// then the room; at last the workspace itself, and the organization.
    pub async fn remove_deleted(&self, before: Timestamp) -> Result<Rest, Error> {
        let row = sql(
            "SELECT w.id, (SELECT r.id FROM rooms r WHERE r.workspace_id = w.id LIMIT 1) AS room
             FROM workspaces w WHERE w.deleted_at < $1 LIMIT 1",
        )
        .bind(before.0)
        .fetch_optional(self.read())
        .await?;
        let Some(row) = row else {
            return self.remove_organizations(before).await;
        };
        let workspace = WorkspaceId(uuid(&row, "id")?);
        match row.get::<Option<uuid::Uuid>>("room")? {
            Some(room) => self.remove_room(RoomId(room)).await?,
            None => self.remove_workspace(workspace).await?,
        }
        Ok(Rest::More)
    }

    async fn remove_room(&self, room: RoomId) -> Result<(), Error> {
        let forever = Timestamp(i64::MAX);
        if self.trim_room(room, forever).await? == Rest::More
            || self.remove_stream().await? == Rest::More
        {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        if let Some(held) = hold(&mut transaction, room).await? {
            // Also those that were being written when the workspace was deleted.
            sql("UPDATE streams SET state = 'interrupted', closed_at = $1
                 WHERE room_id = $2 AND state = 'open'")
            .bind(Timestamp::now().0)
            .bind(room.0)
            .execute(&mut transaction)
            .await?;
            let more = give_up(&mut transaction, &held, room, i64::MAX, forever).await?;
            if more == Rest::Nothing {
                sql("DELETE FROM rooms WHERE id = $1")
                    .bind(room.0)
                    .execute(&mut transaction)
                    .await?;
            }
        }
        transaction.commit().await
    }

    async fn remove_workspace(&self, workspace: WorkspaceId) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        for statement in [
            "DELETE FROM agent_time WHERE agent_id IN
             (SELECT id FROM agents WHERE workspace_id = $1)",
            "DELETE FROM workspaces WHERE id = $1",
        ] {
            sql(statement)
                .bind(workspace.0)
                .execute(&mut transaction)
                .await?;
        }
        transaction.commit().await
    }

    async fn remove_organizations(&self, before: Timestamp) -> Result<Rest, Error> {
        let mut transaction = self.begin().await?;
        sql(
            "DELETE FROM organizations WHERE deleted_at < $1 AND NOT EXISTS
             (SELECT 1 FROM workspaces w WHERE w.organization_id = organizations.id)",
        )
        .bind(before.0)
        .execute(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(Rest::Nothing)
    }
}

/// Locks a room, as whoever appends to it does.
async fn hold(transaction: &mut Work, room: RoomId) -> Result<Option<Held>, Error> {
    let row = sql(
        "UPDATE rooms SET trimmed = trimmed WHERE id = $1 RETURNING trimmed,
             workspace_id, (SELECT w.organization_id FROM workspaces w WHERE w.id = workspace_id)
             AS organization_id",
    )
    .bind(room.0)
    .fetch_optional(transaction)
    .await?;
    let held = |row: Row| {
        Ok(Held {
            organization: OrganizationId(uuid(&row, "organization_id")?),
            workspace: WorkspaceId(uuid(&row, "workspace_id")?),
            trimmed: number(&row, "trimmed")?,
        })
    };
    row.map(held).transpose()
}

/// The last of a room's oldest events that are older than `before`, and the bytes of all of them.
async fn oldest(
    transaction: &mut Work,
    room: RoomId,
    trimmed: i64,
    before: Timestamp,
) -> Result<Option<(i64, i64)>, Error> {
    let rows = sql(
        "SELECT seq, time, CAST(octet_length(body) AS BIGINT) AS bytes FROM events
         WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
    )
    .bind(room.0)
    .bind(trimmed)
    .bind(EVENTS)
    .fetch_all(transaction)
    .await?;
    let mut old = None;
    for row in &rows {
        if number(row, "time")? >= before.0 {
            break;
        }
        let bytes = old.map_or(0, |(_, bytes)| bytes);
        old = Some((number(row, "seq")?, bytes + number(row, "bytes")?));
    }
    Ok(old)
}

/// Gives up closed streams: nobody finds them any more, and their bytes are removed later.
async fn give_up(
    transaction: &mut Work,
    held: &Held,
    room: RoomId,
    opened_until: i64,
    closed_before: Timestamp,
) -> Result<Rest, Error> {
    let rows = sql(
        "UPDATE streams SET state = 'removed' WHERE id IN (SELECT id FROM streams
             WHERE room_id = $1 AND opened_seq <= $2 AND closed_at < $3
               AND state NOT IN ('open', 'removed') ORDER BY opened_seq LIMIT $4)
         RETURNING length",
    )
    .bind(room.0)
    .bind(opened_until)
    .bind(closed_before.0)
    .bind(FEW)
    .fetch_all(&mut *transaction)
    .await?;
    let mut bytes = 0;
    for row in &rows {
        bytes += number(row, "length")?;
    }
    take_off(transaction, held, bytes).await?;
    Ok(Rest::from(!rows.is_empty()))
}

/// Takes bytes off what the workspace stores.
async fn take_off(transaction: &mut Work, held: &Held, bytes: i64) -> Result<(), Error> {
    if bytes == 0 {
        return Ok(());
    }
    let amount = Amount {
        organization: held.organization,
        workspace: held.workspace,
        actor: Actor::default(),
        day: Timestamp::now().day(),
        meter: STORED,
        amount: -bytes,
    };
    add(transaction, &[amount], 0).await
}
