//! One batch inside its transaction: what it has read, and what it writes once at its end.

use super::super::Error;
use super::super::op::{CancelWish, Done, Op, Refusal, Tenant};
use super::stream::read_stream;
use bytes::BytesMut;
use generic_corp_protocol::{RoomId, Slug, StreamId, StreamInfo, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};
use std::collections::HashMap;
use std::sync::Arc;

/// What a batch holds back until its end, so that each row is written once.
pub(super) struct Batch<'a> {
    pub(super) tx: &'a Transaction<'a>,
    pub(super) now: Timestamp,
    pub(super) lease_until: i64,
    pub(super) rooms: HashMap<RoomId, Option<Room>>,
    pub(super) streams: HashMap<StreamId, Option<Stream>>,
    pub(super) usage: HashMap<(Tenant, &'static str), i64>,
}

pub(super) struct Room {
    pub(super) name: Slug,
    pub(super) head: u64,
    pub(super) epoch: Arc<str>,
    pub(super) grown: bool,
    pub(super) tenant: Tenant,
}

pub(super) struct Stream {
    pub(super) info: StreamInfo,
    pub(super) room: RoomId,
    pub(super) tenant: Tenant,
    pub(super) cancel: Option<CancelWish>,
    /// Bytes of this batch, to be written as one row from `info.length - pending.len()` on.
    pub(super) pending: BytesMut,
    pub(super) touched: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn new(tx: &'a Transaction<'a>, lease_ms: i64) -> Self {
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

    pub(super) fn apply(&mut self, op: &Op) -> Result<Result<Done, Refusal>, Error> {
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

    pub(super) fn room(&mut self, tenant: Tenant, id: RoomId) -> Result<Option<&mut Room>, Error> {
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

    pub(super) fn stream(
        &mut self,
        tenant: Tenant,
        id: StreamId,
    ) -> Result<Option<&mut Stream>, Error> {
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

    pub(super) fn count(&mut self, tenant: Tenant, meter: &'static str, amount: i64) {
        *self.usage.entry((tenant, meter)).or_default() += amount;
    }

    pub(super) fn finish(self, commits: u64) -> Result<(), Error> {
        self.tx
            .prepare_cached(
                "INSERT INTO instance (key, value) VALUES ('commits', $1)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )?
            .execute(params![commits.to_string()])?;
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

    pub(super) fn write_bytes(&self, id: StreamId, stream: &Stream) -> Result<(), Error> {
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
