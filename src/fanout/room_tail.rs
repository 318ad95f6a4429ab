//! The hot tail of a room: its newest events, each encoded once, shared by all viewers of the node.

use super::cursor::{Chunk, Read, RoomCursor};
use super::encode::text_frame;
use super::presence::{Change, Others, Presence};
use super::ring::{Delivered, Ring};
use super::wake::Wakes;
use bytes::{Bytes, BytesMut};
use generic_corp_protocol::frame::{PresenceChange, Reset};
use generic_corp_protocol::{
    ConnectionId, Member, RoomId, ServerFrame, Slug, Timestamp, WorkspaceId,
};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use uuid::Uuid;

/// Ephemeral messages that are kept for viewers which are about to read; older ones are dropped.
const MAX_EPHEMERAL: usize = 64;

/// See the module.
#[derive(Debug)]
pub struct RoomTail {
    id: RoomId,
    workspace: WorkspaceId,
    name: Slug,
    max_bytes: usize,
    pub(super) wakes: Wakes,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// `None` until the log's head was read from the store.
    epoch: Option<Arc<str>>,
    ring: Ring,
    ephemeral: VecDeque<Bytes>,
    ephemeral_head: u64,
    presence: Presence,
    presence_frame: Option<(u64, u64, Bytes)>,
    /// Whether the members on other nodes were read.
    others_known: bool,
}

impl RoomTail {
    pub(super) fn new(id: RoomId, workspace: WorkspaceId, name: Slug, max_bytes: usize) -> Self {
        let (wakes, state) = (Wakes::default(), Mutex::default());
        Self {
            id,
            workspace,
            name,
            max_bytes,
            wakes,
            state,
        }
    }

    /// The room.
    pub fn id(&self) -> RoomId {
        self.id
    }

    /// The workspace it belongs to.
    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// The room's name.
    pub fn name(&self) -> &Slug {
        &self.name
    }

    pub(super) fn loaded(&self) -> bool {
        self.state.lock().epoch.is_some()
    }

    /// Sets where the log stands in the store; events that came meanwhile count if they are newer. Returns
    /// whether that is new.
    pub(super) fn load(&self, head: u64, epoch: &str) -> bool {
        let state = &mut *self.state.lock();
        let known = state.epoch.as_deref() == Some(epoch);
        if !known {
            let first = state.epoch.replace(epoch.into()).is_none();
            if !first {
                // Another log: what is in memory was of the one before.
                state.ring.clear();
                state.ring.restart(head);
            }
        }
        if head > state.ring.head() {
            state.ring.restart(head);
            return true;
        }
        !known
    }

    /// Takes an event from the bus. A repeat is dropped. After a gap the tail begins anew, so that viewers
    /// read what is missing from the store; with `patient` it waits a little for what others have told.
    pub(super) fn deliver(
        &self,
        seq: u64,
        epoch: &Arc<str>,
        patient: bool,
        frame: impl FnOnce() -> Bytes,
    ) -> Delivered {
        let state = &mut *self.state.lock();
        if state.epoch.as_ref().is_some_and(|known| known != epoch) {
            state.ring.clear();
            state.epoch = Some(epoch.clone());
        }
        let patient = patient && state.epoch.is_some();
        state.ring.deliver(seq, patient, self.max_bytes, frame)
    }

    /// Whether an event waits for one before it.
    pub(super) fn waits(&self) -> bool {
        self.state.lock().ring.waits()
    }

    /// Takes a message that skips the log.
    pub(super) fn deliver_ephemeral(&self, frame: Bytes) {
        let state = &mut *self.state.lock();
        if state.ephemeral.len() == MAX_EPHEMERAL {
            state.ephemeral.pop_front();
        }
        state.ephemeral.push_back(frame);
        state.ephemeral_head += 1;
    }

    /// Where the log stands: head and epoch.
    pub fn head(&self) -> (u64, Arc<str>) {
        let state = self.state.lock();
        (
            state.ring.head(),
            state.epoch.clone().unwrap_or_else(|| "".into()),
        )
    }

    /// A cursor after `seq`, which sees ephemeral messages and presence changes from now on; with the
    /// members as they are and their number.
    pub fn cursor(self: &Arc<Self>, seq: u64) -> (RoomCursor, Vec<Member>, usize) {
        let state = self.state.lock();
        let cursor = RoomCursor {
            tail: self.clone(),
            epoch: state.epoch.clone().unwrap_or_else(|| "".into()),
            seq,
            ephemeral: state.ephemeral_head,
            presence: state.presence.version(),
        };
        (cursor, state.presence.members(), state.presence.count())
    }

    /// Members now, unless they are too many to show, and their number.
    pub fn members(&self) -> (Vec<Member>, usize) {
        let state = self.state.lock();
        (state.presence.members(), state.presence.count())
    }

    /// Since when a connection is in the room.
    pub fn since(&self, connection: ConnectionId) -> Option<Timestamp> {
        self.state.lock().presence.since_when(connection)
    }

    pub(super) fn set_member(&self, member: Member) {
        self.state.lock().presence.set(member);
    }

    /// Members on this node: the one with this connection, or all.
    pub(super) fn own_members(&self, connection: Option<ConnectionId>) -> Vec<Member> {
        let state = self.state.lock();
        match connection {
            Some(connection) => state
                .presence
                .own(connection)
                .cloned()
                .into_iter()
                .collect(),
            None => state.presence.all_own().cloned().collect(),
        }
    }

    /// How another node stands; whether that is new.
    pub(super) fn set_others(&self, node: Uuid, others: Others) -> bool {
        self.state.lock().presence.set_others(node, others)
    }

    /// Whether the members on other nodes were read.
    pub(super) fn knows_others(&self) -> bool {
        self.state.lock().others_known
    }

    pub(super) fn others_are_known(&self) {
        self.state.lock().others_known = true;
    }

    pub(super) fn remove_member(&self, connection: ConnectionId) -> bool {
        self.state.lock().presence.remove(connection)
    }

    pub(super) fn read(&self, cursor: &mut RoomCursor) -> Read {
        let state = &mut *self.state.lock();
        match self.read_some(state, cursor) {
            // Asked here, under the lock: a second look by every viewer would cost as much as the first.
            Read::Chunk(chunk) if state.has_all(cursor) => Read::All(chunk),
            read => read,
        }
    }

    fn read_some(&self, state: &mut State, cursor: &mut RoomCursor) -> Read {
        // Nearly always the very same text.
        let same = |epoch: &&Arc<str>| Arc::ptr_eq(epoch, &cursor.epoch) || **epoch == cursor.epoch;
        if let Some(epoch) = state.epoch.as_ref()
            && !same(&epoch)
        {
            let epoch = epoch.clone();
            return self.reset(state, cursor, epoch);
        }
        if cursor.seq < state.ring.head() {
            return state.ring.read(cursor);
        }
        if let Some(chunk) = state.ephemeral(cursor) {
            return Read::Chunk(chunk);
        }
        match self.presence(state, cursor) {
            Some(chunk) => Read::Chunk(chunk),
            None => Read::Nothing,
        }
    }

    /// The log was lost or restored: says so, and goes on from its head.
    fn reset(&self, state: &State, cursor: &mut RoomCursor, epoch: Arc<str>) -> Read {
        cursor.epoch = epoch.clone();
        cursor.seq = state.ring.head();
        Read::Chunk(self.reset_frame(cursor.seq, &epoch))
    }

    /// What a viewer is told whose events are no longer in the store.
    pub(super) fn skip(&self, cursor: &mut RoomCursor) -> Chunk {
        let (head, epoch) = self.head();
        cursor.seq = head;
        cursor.epoch = epoch.clone();
        self.reset_frame(head, &epoch)
    }

    fn reset_frame(&self, head: u64, epoch: &Arc<str>) -> Chunk {
        let reset = ServerFrame::Reset(Reset {
            room: Some(self.name.clone()),
            stream: None,
            reason: "events after your position are not in the log; read the history".into(),
            position: head,
            epoch: Some(epoch.to_string()),
        });
        Chunk {
            bytes: text_frame(&reset),
            frames: 1,
        }
    }

    fn presence(&self, state: &mut State, cursor: &mut RoomCursor) -> Option<Chunk> {
        let version = state.presence.version();
        let seen = std::mem::replace(&mut cursor.presence, version);
        if let Some((from, to, bytes)) = &state.presence_frame
            && (*from, *to) == (seen, version)
        {
            return Some(Chunk {
                bytes: bytes.clone(),
                frames: 1,
            });
        }
        let Change {
            full,
            changed,
            left,
            count,
        } = state.presence.since(seen)?;
        let room = self.name.clone();
        let member_count = count as u32;
        let change = PresenceChange {
            room,
            full,
            changed,
            left,
            member_count,
        };
        let bytes = text_frame(&ServerFrame::Presence(change));
        state.presence_frame = Some((seen, version, bytes.clone()));
        Some(Chunk { bytes, frames: 1 })
    }
}

impl State {
    fn has_all(&self, cursor: &RoomCursor) -> bool {
        cursor.seq >= self.ring.head()
            && cursor.ephemeral == self.ephemeral_head
            && cursor.presence == self.presence.version()
    }

    fn ephemeral(&mut self, cursor: &mut RoomCursor) -> Option<Chunk> {
        let behind = self.ephemeral_head - cursor.ephemeral;
        if behind == 0 {
            return None;
        }
        let kept = (behind as usize).min(self.ephemeral.len());
        cursor.ephemeral = self.ephemeral_head;
        let mut bytes = BytesMut::new();
        for frame in self.ephemeral.range(self.ephemeral.len() - kept..) {
            bytes.extend_from_slice(frame);
        }
        Some(Chunk {
            bytes: bytes.freeze(),
            frames: kept as u64,
        })
    }
}

#[cfg(test)]
#[path = "room_tail_tests.rs"]
mod tests;
