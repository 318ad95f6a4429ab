//! Presence conflated: however many changes come while nobody looks, each connection counts once.

use generic_corp_protocol::frame::PresenceChange;
use generic_corp_protocol::{ConnectionId, Member, Slug};
use std::collections::BTreeMap;

/// Changes that were not handed out yet.
#[derive(Debug, Default)]
pub(crate) struct PresenceDiff {
    full: bool,
    /// `None`: it went.
    changes: BTreeMap<ConnectionId, Option<Member>>,
    count: u32,
    counted: bool,
}

impl PresenceDiff {
    /// Everyone, to replace what was known.
    pub(crate) fn replace(&mut self, members: Vec<Member>, count: u32) {
        self.full = true;
        (self.count, self.counted) = (count, true);
        self.changes = members
            .into_iter()
            .map(|member| (member.connection, Some(member)))
            .collect();
    }

    pub(crate) fn apply(&mut self, change: PresenceChange) {
        if change.full {
            return self.replace(change.changed, change.member_count);
        }
        (self.count, self.counted) = (change.member_count, true);
        for member in change.changed {
            self.changes.insert(member.connection, Some(member));
        }
        for connection in change.left {
            if self.full {
                self.changes.remove(&connection);
            } else {
                self.changes.insert(connection, None);
            }
        }
    }

    /// What changed since the last take.
    pub(crate) fn take(&mut self, room: &Slug) -> Option<PresenceChange> {
        if !self.counted {
            return None;
        }
        let Self {
            full,
            changes,
            count,
            ..
        } = std::mem::take(self);
        let mut change = PresenceChange {
            room: room.clone(),
            full,
            changed: Vec::new(),
            left: Vec::new(),
            member_count: count,
        };
        for (connection, member) in changes {
            match member {
                Some(member) => change.changed.push(member),
                None => change.left.push(connection),
            }
        }
        Some(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use generic_corp_protocol::{Sender, SenderKind, Timestamp};

    fn member(connection: ConnectionId, state: &str) -> Member {
        Member {
            connection,
            sender: Sender {
                kind: SenderKind::Agent,
                id: uuid::Uuid::nil(),
                name: "bot".into(),
            },
            state: state.into(),
            text: None,
            client: None,
            since: Timestamp(0),
        }
    }

    fn change(changed: Vec<Member>, left: Vec<ConnectionId>) -> PresenceChange {
        PresenceChange {
            room: Slug::parse("lobby").expect("a name"),
            full: false,
            changed,
            left,
            member_count: 2,
        }
    }

    #[test]
    fn changes_conflate() {
        let room = Slug::parse("lobby").expect("a name");
        let (a, b) = (ConnectionId::new(), ConnectionId::new());
        let mut diff = PresenceDiff::default();
        assert_eq!(diff.take(&room), None);
        diff.apply(change(vec![member(a, "idle"), member(b, "idle")], vec![]));
        diff.apply(change(vec![member(a, "running")], vec![b]));
        let taken = diff.take(&room).expect("changes");
        assert_eq!(taken, change(vec![member(a, "running")], vec![b]));
        assert_eq!(diff.take(&room), None);

        diff.replace(vec![member(a, "idle"), member(b, "idle")], 2);
        diff.apply(change(vec![], vec![a]));
        let taken = diff.take(&room).expect("everyone");
        assert!(taken.full && taken.left.is_empty());
        assert_eq!(taken.changed, [member(b, "idle")]);
    }
}
