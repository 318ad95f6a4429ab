//! Streams: opened, appended to, closed; each with its event in the room.

use super::super::Error;
use super::super::log::{parse_role, parse_sender_kind, role_name, sender_kind};
use super::super::op::{CancelWish, Done, Ending, Refusal, StreamDraft, Tenant};
use super::batch::{Batch, Stream};
use super::event::{closed_event, opened_event, opened_info};
use bytes::{Bytes, BytesMut};
use generic_corp_protocol::{
    RoomId, Sender, Slug, StreamId, StreamInfo, StreamOutcome, StreamState, Timestamp,
};
use rusqlite::{OptionalExtension, Transaction, params};

impl Batch<'_> {
    pub(super) fn open(
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

    pub(super) fn insert_stream(
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
                sender_kind(draft.sender.kind),
                draft.sender.id,
                draft.sender.name,
                draft.key,
                draft.name,
                role_name(draft.role),
                draft.media_type,
                draft.tool_call,
                draft.parent.map(|parent| parent.0),
                info.opened_seq as i64,
                info.opened_at.0,
                self.lease_until,
            ])?;
        Ok(())
    }

    pub(super) fn append(
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

    pub(super) fn close(
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

    pub(super) fn finish_stream(
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

    pub(super) fn expire(
        &mut self,
        tenant: Tenant,
        id: StreamId,
    ) -> Result<Result<Done, Refusal>, Error> {
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
        self.close(tenant, id, &interrupted())
    }

    pub(super) fn cancel(
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

    pub(super) fn renew(&mut self, streams: &[StreamId]) -> Result<Result<Done, Refusal>, Error> {
        let mut update = self.tx.prepare_cached(
            "UPDATE streams SET lease_until = $1 WHERE id = $2 AND state = 'open'",
        )?;
        for stream in streams {
            update.execute(params![self.lease_until, stream.0])?;
        }
        Ok(Ok(Done::Nothing))
    }
}

/// The end of a stream whose producer is gone.
pub(super) fn interrupted() -> Ending {
    Ending {
        sender: None,
        offset: None,
        outcome: StreamOutcome::Interrupted,
        exit_code: None,
        metadata: None,
    }
}

pub(super) fn read_stream(
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
                kind: parse_sender_kind(&row.get::<_, String>(7)?),
                id: row.get(8)?,
                name: row.get(9)?,
            };
            let info = StreamInfo {
                stream: id,
                room: Slug::parse(&row.get::<_, String>(1)?).map_err(|_| rusqlite::Error::InvalidQuery)?,
                name: row.get(2)?,
                role: parse_role(&row.get::<_, String>(3)?),
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
