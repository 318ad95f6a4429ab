//! Who is in which room, on this node and on others: what is to be told to viewers, and to other nodes.

use super::hub::Hub;
use super::presence::Others;
use super::room_tail::RoomTail;
use super::wake::LogId;
use generic_corp_protocol::{ConnectionId, Member, RoomId};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// How long a first viewer waits to hear who is in its room on other nodes.
const PATIENCE: Duration = Duration::from_millis(300);

/// What waits to be told. Bounded by the members of this node, and the rooms it watches.
#[derive(Default)]
pub(super) struct Members {
    /// Rooms whose viewers are to hear of changes.
    untold: Mutex<HashSet<RoomId>>,
    /// Connections of this node that other nodes are to hear of.
    changed: Mutex<HashMap<RoomId, HashSet<ConnectionId>>>,
    /// Rooms whose members on other nodes are to be read.
    unread: Mutex<HashSet<RoomId>>,
    news: Notify,
    read: Notify,
}

impl Hub {
    /// A connection came into a room or changed what it does.
    pub fn set_member(&self, tail: &RoomTail, member: Member) {
        let connection = member.connection;
        tail.set_member(member);
        self.changed(tail.id(), connection);
    }

    /// A connection left a room.
    pub fn remove_member(&self, tail: &RoomTail, connection: ConnectionId) {
        if tail.remove_member(connection) {
            self.changed(tail.id(), connection);
        }
    }

    fn changed(&self, room: RoomId, connection: ConnectionId) {
        let members = self.member_changes();
        members.untold.lock().insert(room);
        if self.bus().is_shared() {
            let mut changed = members.changed.lock();
            changed.entry(room).or_default().insert(connection);
            drop(changed);
            members.news.notify_one();
        }
    }

    /// Tells viewers of the presence that changed since the last call. Called on a timer, so that a
    /// thousand arrivals are told in a few frames.
    pub fn tell_presence(&self) {
        let changed = std::mem::take(&mut *self.member_changes().untold.lock());
        for room in changed {
            self.notify(LogId::Room(room));
        }
    }

    /// Members of a room as far as this node watches it, and their number.
    pub fn members(&self, room: RoomId) -> (Vec<Member>, usize) {
        self.room_tail(room)
            .map_or((Vec::new(), 0), |tail| tail.members())
    }

    /// Members of a room on this node: the one with this connection, or all.
    pub fn own_members(&self, room: RoomId, connection: Option<ConnectionId>) -> Vec<Member> {
        self.room_tail(room)
            .map_or(Vec::new(), |tail| tail.own_members(connection))
    }

    /// Rooms that somebody on this node watches.
    pub fn rooms(&self) -> Vec<RoomId> {
        self.room_ids()
    }

    /// Waits until there is something to share with other nodes, or to read of them.
    pub async fn member_news(&self) {
        self.member_changes().news.notified().await;
    }

    /// Connections of this node that came, changed or went since the last call.
    pub fn take_changed(&self) -> HashMap<RoomId, HashSet<ConnectionId>> {
        std::mem::take(&mut *self.member_changes().changed.lock())
    }

    /// Rooms whose members on other nodes are to be read.
    pub fn take_unread(&self) -> HashSet<RoomId> {
        std::mem::take(&mut *self.member_changes().unread.lock())
    }

    /// Members of a room on another node have changed.
    pub fn others_changed(&self, room: RoomId) {
        if self.room_tail(room).is_some() {
            self.member_changes().unread.lock().insert(room);
            self.member_changes().news.notify_one();
        }
    }

    /// How other nodes stand in a room.
    pub fn set_others(&self, room: RoomId, others: Vec<(Uuid, Others)>) {
        let Some(tail) = self.room_tail(room) else {
            return;
        };
        let mut grew = false;
        for (node, others) in others {
            grew |= tail.set_others(node, others);
        }
        tail.others_are_known();
        self.member_changes().read.notify_waiters();
        if grew {
            self.member_changes().untold.lock().insert(room);
        }
    }

    /// A node is gone, with all its members.
    pub fn forget_node(&self, node: Uuid) {
        for room in self.room_ids() {
            self.set_others(room, vec![(node, Others::Listed(Vec::new()))]);
        }
    }

    /// Waits a little until the members on other nodes are known, where the bus leads to any.
    pub(super) async fn meet_others(&self, tail: &Arc<RoomTail>) {
        if tail.knows_others() || !self.bus().is_live() {
            return;
        }
        self.others_changed(tail.id());
        let known = async {
            loop {
                let read = self.member_changes().read.notified();
                let mut read = std::pin::pin!(read);
                // Listens before it looks.
                read.as_mut().enable();
                if tail.knows_others() {
                    return;
                }
                read.await;
            }
        };
        // They come as a change of presence if they come later.
        let _ = tokio::time::timeout(PATIENCE, known).await;
    }
}
