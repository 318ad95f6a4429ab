//! Reads streams: what they are, and their bytes from any offset.

use super::log::{BATCH, parse_role, sender, slug, unsigned};
use super::op::CancelWish;
use super::sql::{Row, sql};
use super::{Error, Store};
use bytes::{Bytes, BytesMut};
use generic_corp_protocol::frame::{CancelNotice, StreamClosed};
use generic_corp_protocol::{
    OrganizationId, RoomId, StreamId, StreamInfo, StreamState, Timestamp, WorkspaceId,
};

const COLUMNS: &str =
    "SELECT s.id, r.name AS room, s.name, s.role, s.media_type, s.tool_call, s.parent,
        s.sender_kind, s.sender_id, s.sender_name, s.state, s.length, s.opened_at, s.opened_seq,
        s.closed_at, s.exit_code
 FROM streams s JOIN rooms r ON r.id = s.room_id";

impl Store {
    /// One stream of a workspace.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn stream(
        &self,
        workspace: WorkspaceId,
        id: StreamId,
    ) -> Result<Option<StreamInfo>, Error> {
        let mut query = sql(COLUMNS);
        query
            .push(" WHERE s.state <> 'removed' AND s.id = ")
            .push_bind(id.0);
        query.push(" AND s.workspace_id = ").push_bind(workspace.0);
        let row = query.fetch_optional(self.read()).await?;
        row.as_ref().map(info).transpose()
    }

    /// Streams of a room, the newest first, opened before the event `before`; the flag says whether there
    /// are more.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn streams(
        &self,
        workspace: WorkspaceId,
        room: RoomId,
        state: Option<StreamState>,
        before: Option<u64>,
        limit: u32,
    ) -> Result<(Vec<StreamInfo>, bool), Error> {
        let mut query = sql(COLUMNS);
        query
            .push(" WHERE s.state <> 'removed' AND s.room_id = ")
            .push_bind(room.0);
        query.push(" AND s.workspace_id = ").push_bind(workspace.0);
        if let Some(state) = state {
            query.push(" AND s.state = ").push_bind(state.as_str());
        }
        if let Some(before) = before {
            query.push(" AND s.opened_seq < ").push_bind(before as i64);
        }
        query
            .push(" ORDER BY s.opened_seq DESC LIMIT ")
            .push_bind(i64::from(limit) + 1);
        let rows = query.fetch_all(self.read()).await?;
        let more = rows.len() > limit as usize;
        let streams = rows
            .iter()
            .take(limit as usize)
            .map(info)
            .collect::<Result<_, _>>()?;
        Ok((streams, more))
    }

    /// Where these streams stand, whoever they belong to: length, and how they ended. For a node that has
    /// them in memory.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn lengths(
        &self,
        streams: &[StreamId],
    ) -> Result<Vec<(StreamId, u64, Option<StreamClosed>)>, Error> {
        let mut lengths = Vec::with_capacity(streams.len());
        for streams in streams.chunks(BATCH) {
            let mut query = sql("SELECT id, length, state, exit_code FROM streams WHERE id IN ");
            query.push_list(streams.iter().map(|id| id.0));
            for row in query.fetch_all(self.read()).await? {
                let (stream, offset) = (StreamId(row.get("id")?), unsigned(&row, "length")?);
                let state = StreamState::parse(&row.get::<String>("state")?);
                let exit_code = row.get::<Option<i64>>("exit_code")?.map(|code| code as i32);
                let end = state
                    .and_then(StreamState::outcome)
                    .map(|outcome| StreamClosed {
                        stream,
                        offset,
                        outcome,
                        exit_code,
                    });
                lengths.push((stream, offset, end));
            }
        }
        Ok(lengths)
    }

    /// Those of these streams that somebody wants to stop.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn wishes(&self, streams: &[StreamId]) -> Result<Vec<CancelNotice>, Error> {
        let mut notices = Vec::new();
        for streams in streams.chunks(BATCH) {
            let mut query =
                sql("SELECT id, cancel FROM streams WHERE cancel IS NOT NULL AND id IN ");
            query.push_list(streams.iter().map(|id| id.0));
            for row in query.fetch_all(self.read()).await? {
                let wish: String = row.get("cancel")?;
                let Ok(CancelWish { by, reason }) = serde_json::from_str(&wish) else {
                    continue;
                };
                let stream = StreamId(row.get("id")?);
                notices.push(CancelNotice { stream, by, reason });
            }
        }
        Ok(notices)
    }

    /// Bytes of a stream from `offset` on, at most `max_bytes`, without holes; empty at its end.
    ///
    /// # Errors
    /// When the store does not answer, or the stored bytes have a hole.
    pub async fn bytes(
        &self,
        workspace: WorkspaceId,
        id: StreamId,
        offset: u64,
        max_bytes: usize,
    ) -> Result<Bytes, Error> {
        let rows = sql(
            "SELECT c.start, c.data FROM stream_chunks c JOIN streams s ON s.id = c.stream_id
             WHERE c.stream_id = $1 AND s.workspace_id = $2 AND s.state <> 'removed' AND c.start < $4 AND c.start >= COALESCE(
                 (SELECT MAX(start) FROM stream_chunks WHERE stream_id = $1 AND start <= $3), 0)
             ORDER BY c.start",
        )
        .bind(id.0)
        .bind(workspace.0)
        .bind(offset as i64)
        .bind(offset as i64 + max_bytes as i64)
        .fetch_all(self.read())
        .await?;
        let mut bytes = BytesMut::new();
        for row in &rows {
            let start = unsigned(row, "start")?;
            let data: &[u8] = row.get("data")?;
            let wanted = offset + bytes.len() as u64;
            if start > wanted {
                return Err(Error::Fault(format!(
                    "stream {id} has a hole before {start}"
                )));
            }
            let fresh = data.get((wanted - start) as usize..).unwrap_or_default();
            bytes.extend_from_slice(&fresh[..fresh.len().min(max_bytes - bytes.len())]);
            if bytes.len() == max_bytes {
                break;
            }
        }
        Ok(bytes.freeze())
    }

    /// Streams whose producers have been away for longer than their lease, with their tenants.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn expired_streams(
        &self,
        now: Timestamp,
    ) -> Result<Vec<(OrganizationId, WorkspaceId, StreamId)>, Error> {
        let rows = sql("SELECT w.organization_id, s.workspace_id, s.id
             FROM streams s JOIN workspaces w ON w.id = s.workspace_id
             WHERE s.state = 'open' AND s.lease_until < $1 AND w.deleted_at IS NULL LIMIT 256")
        .bind(now.0)
        .fetch_all(self.read())
        .await?;
        rows.iter()
            .map(|row| {
                Ok((
                    OrganizationId(row.get("organization_id")?),
                    WorkspaceId(row.get("workspace_id")?),
                    StreamId(row.get("id")?),
                ))
            })
            .collect()
    }
}

fn info(row: &Row) -> Result<StreamInfo, Error> {
    let state: String = row.get("state")?;
    Ok(StreamInfo {
        stream: StreamId(row.get("id")?),
        room: slug(row, "room")?,
        name: row.get("name")?,
        role: parse_role(row.get("role")?),
        media_type: row.get("media_type")?,
        tool_call: row.get("tool_call")?,
        parent: row.get::<Option<uuid::Uuid>>("parent")?.map(StreamId),
        sender: sender(row)?,
        state: StreamState::parse(&state).unwrap_or(StreamState::Interrupted),
        length: unsigned(row, "length")?,
        opened_at: Timestamp(row.get("opened_at")?),
        opened_seq: unsigned(row, "opened_seq")?,
        closed_at: row.get::<Option<i64>>("closed_at")?.map(Timestamp),
        exit_code: row.get::<Option<i64>>("exit_code")?.map(|code| code as i32),
    })
}
