//! What a batch does to streams: opened, appended to, closed; each with its event in the room.

use super::super::Error;
use super::super::op::{Actor, CancelWish, Done, Ending, Refusal, StreamDraft, Tenant};
use super::event::{closed_event, opened_event, opened_info};
use super::plan::{Change, Outcome, Plan, STORED, Stream};
use bytes::{Bytes, BytesMut};
use generic_corp_protocol::{RoomId, StreamId, StreamState};
use uuid::Uuid;

impl Plan {
    pub(super) fn open(&mut self, tenant: Tenant, room: RoomId, draft: &StreamDraft) -> Outcome {
        if !self.has_room(tenant, room) {
            return Ok(Err(Refusal::NotFound));
        }
        let key = (room, draft.sender.id, draft.key.clone());
        if let Some(id) = self.opened.get(&key).copied() {
            return Ok(self.open_again(tenant, id, draft));
        }
        if draft
            .parent
            .is_some_and(|parent| self.stream(tenant, parent).is_none())
        {
            return Ok(Err(Refusal::NotFound));
        }
        let entry = self.add_event(room, &opened_event(draft)?)?;
        let info = opened_info(draft, &entry);
        let stream = Stream {
            tenant,
            room,
            info: info.clone(),
            key: draft.key.clone(),
            cancel: None,
            lease_until: self.lease_until,
            pending: BytesMut::new(),
            change: Change::New,
        };
        self.streams.insert(draft.id, stream);
        self.opened.insert(key, draft.id);
        self.count(tenant, "streams", 1);
        Ok(Ok(Done::Opened {
            info,
            entry: Some(entry),
            cancel: None,
        }))
    }

    fn open_again(
        &mut self,
        tenant: Tenant,
        id: StreamId,
        draft: &StreamDraft,
    ) -> Result<Done, Refusal> {
        let lease_until = self.lease_until;
        let stream = self.stream(tenant, id).ok_or(Refusal::NotFound)?;
        if stream.info.name != draft.name || stream.info.media_type != draft.media_type {
            return Err(Refusal::KeyReused);
        }
        stream.renew(lease_until);
        Ok(Done::Opened {
            info: stream.info.clone(),
            entry: None,
            cancel: stream.cancel.clone(),
        })
    }

    pub(super) fn append(
        &mut self,
        tenant: Tenant,
        id: StreamId,
        sender: Uuid,
        offset: u64,
        data: &Bytes,
    ) -> Result<Done, Refusal> {
        let lease_until = self.lease_until;
        let stream = self.stream(tenant, id).ok_or(Refusal::NotFound)?;
        let length = stream.info.length;
        if stream.info.sender.id != sender {
            return Err(Refusal::NotYours);
        }
        if offset > length {
            return Err(Refusal::Offset { length });
        }
        let fresh = data.get((length - offset) as usize..).unwrap_or_default();
        if !fresh.is_empty() && stream.info.state != StreamState::Open {
            let state = stream.info.state;
            return Err(Refusal::StreamClosed { state, length });
        }
        stream.pending.extend_from_slice(fresh);
        stream.info.length += fresh.len() as u64;
        stream.renew(lease_until);
        let (now, cancel) = (stream.info.length, stream.cancel.clone());
        if !fresh.is_empty() {
            let whole = Tenant {
                actor: Actor::default(),
                ..tenant
            };
            self.count(whole, STORED, fresh.len() as i64);
            self.count(tenant, "stream_bytes", fresh.len() as i64);
        }
        Ok(Done::Appended {
            length: now,
            fresh_from: length,
            cancel,
        })
    }

    pub(super) fn close(&mut self, tenant: Tenant, id: StreamId, ending: &Ending) -> Outcome {
        let now = self.now;
        let Some(stream) = self.stream(tenant, id) else {
            return Ok(Err(Refusal::NotFound));
        };
        let length = stream.info.length;
        if ending
            .sender
            .is_some_and(|sender| sender != stream.info.sender.id)
        {
            return Ok(Err(Refusal::NotYours));
        }
        let state = stream.info.state;
        if state != StreamState::Open {
            let same = state == StreamState::from(ending.outcome)
                && stream.info.exit_code == ending.exit_code;
            let info = stream.info.clone();
            return Ok(if same {
                Ok(Done::Closed { info, entry: None })
            } else {
                Err(Refusal::StreamClosed { state, length })
            });
        }
        if ending.offset.is_some_and(|offset| offset != length) {
            return Ok(Err(Refusal::Offset { length }));
        }
        stream.info.state = ending.outcome.into();
        stream.info.exit_code = ending.exit_code;
        stream.info.closed_at = Some(now);
        stream.cancel = None;
        stream.changed();
        let (info, room) = (stream.info.clone(), stream.room);
        let draft = closed_event(&info, ending.metadata.as_deref(), now)?;
        let entry = Some(self.add_event(room, &draft)?);
        Ok(Ok(Done::Closed { info, entry }))
    }

    /// Ends a stream whose lease has run out, unless this batch or another node has renewed it.
    pub(super) fn expire(&mut self, tenant: Tenant, id: StreamId) -> Outcome {
        let now = self.now.0;
        let over = self.stream(tenant, id).is_some_and(|stream| {
            stream.info.state == StreamState::Open && stream.lease_until < now
        });
        if !over {
            return Ok(Ok(Done::Nothing));
        }
        self.close(tenant, id, &Ending::interrupted())
    }

    /// Ends every stream that was read and is open: their producers' bytes may be gone.
    pub(super) fn interrupt_all(&mut self) -> Result<(), Error> {
        let all: Vec<_> = self
            .streams
            .iter()
            .map(|(id, stream)| (stream.tenant, *id))
            .collect();
        for (tenant, id) in all {
            // Whether it was refused does not matter: then it is not open.
            let _ = self.close(tenant, id, &Ending::interrupted())?;
        }
        Ok(())
    }

    pub(super) fn cancel(
        &mut self,
        tenant: Tenant,
        id: StreamId,
        wish: CancelWish,
    ) -> Result<Done, Refusal> {
        let stream = self.stream(tenant, id).ok_or(Refusal::NotFound)?;
        if stream.info.state != StreamState::Open {
            let (state, length) = (stream.info.state, stream.info.length);
            return Err(Refusal::StreamClosed { state, length });
        }
        stream.cancel = Some(wish.clone());
        stream.changed();
        Ok(Done::Cancelled { wish })
    }
}

impl Stream {
    /// Where the chunk of this batch begins.
    pub(super) fn chunk_start(&self) -> u64 {
        self.info.length - self.pending.len() as u64
    }

    fn renew(&mut self, lease_until: i64) {
        if self.info.state == StreamState::Open {
            self.lease_until = lease_until;
            self.changed();
        }
    }

    fn changed(&mut self) {
        if self.change == Change::None {
            self.change = Change::Row;
        }
    }
}
