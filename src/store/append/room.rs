//! Appending events: the next `seq` of a room, once for each key.

use super::super::Error;
use super::super::log::sender_kind;
use super::super::op::{Done, Draft, Entry, Refusal, Tenant};
use super::batch::Batch;
use generic_corp_protocol::{Event, RoomId, Timestamp};
use rusqlite::{OptionalExtension, params};
use std::sync::Arc;

impl Batch<'_> {
    pub(super) fn publish(
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
    pub(super) fn insert_event(&mut self, room_id: RoomId, draft: &Draft) -> Result<Entry, Error> {
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
                sender_kind(draft.sender.kind),
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
}
