//! Who is in a room: a versioned map. A viewer holds the version it has seen and gets the difference, so
//! however often somebody changes, a slow viewer gets only how it stands.

use generic_corp_protocol::limit::MAX_MEMBERS_SHOWN;
use generic_corp_protocol::{ConnectionId, Member, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// Departures that are remembered; a viewer that missed more gets everyone anew.
const MAX_DEPARTURES: usize = 256;

/// The members of one room.
#[derive(Debug, Default)]
pub(super) struct Presence {
    version: u64,
    members: BTreeMap<ConnectionId, (u64, Member)>,
    departures: VecDeque<(u64, ConnectionId)>,
    /// Differences can be told from this version on.
    floor: u64,
}

/// What changed since a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whether `changed` is everyone.
    pub full: bool,
    /// Who came or changed.
    pub changed: Vec<Member>,
    /// Who went.
    pub left: Vec<ConnectionId>,
    /// How many there are.
    pub count: usize,
}

impl Presence {
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn count(&self) -> usize {
        self.members.len()
    }

    /// Everyone, unless they are too many to show.
    pub(super) fn members(&self) -> Vec<Member> {
        if self.members.len() > MAX_MEMBERS_SHOWN {
            return Vec::new();
        }
        self.members
            .values()
            .map(|(_, member)| member.clone())
            .collect()
    }

    /// Since when a connection is here.
    pub(super) fn since_when(&self, connection: ConnectionId) -> Option<Timestamp> {
        self.members
            .get(&connection)
            .map(|(_, member)| member.since)
    }

    pub(super) fn set(&mut self, member: Member) {
        self.version += 1;
        self.members
            .insert(member.connection, (self.version, member));
    }

    pub(super) fn remove(&mut self, connection: ConnectionId) -> bool {
        if self.members.remove(&connection).is_none() {
            return false;
        }
        self.version += 1;
        // Coming back below the size that is shown, nobody holds a list to change.
        if self.members.len() >= MAX_MEMBERS_SHOWN {
            self.floor = self.version;
            self.departures.clear();
            return true;
        }
        if self.departures.len() == MAX_DEPARTURES
            && let Some((version, _)) = self.departures.pop_front()
        {
            self.floor = version;
        }
        self.departures.push_back((self.version, connection));
        true
    }

    /// What changed after version `seen`; `None` when nothing did.
    pub(super) fn since(&self, seen: u64) -> Option<Change> {
        if seen >= self.version {
            return None;
        }
        let count = self.members.len();
        if count > MAX_MEMBERS_SHOWN {
            return Some(Change {
                full: false,
                changed: Vec::new(),
                left: Vec::new(),
                count,
            });
        }
        if seen < self.floor {
            return Some(Change {
                full: true,
                changed: self.members(),
                left: Vec::new(),
                count,
            });
        }
        let newer = |(version, member): &(u64, Member)| (*version > seen).then(|| member.clone());
        let changed = self.members.values().filter_map(newer).collect();
        let went = self
            .departures
            .iter()
            .filter(|(version, _)| *version > seen);
        Some(Change {
            full: false,
            changed,
            left: went.map(|(_, id)| *id).collect(),
            count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use generic_corp_protocol::{Sender, SenderKind};
    use proptest::prelude::*;

    fn member(connection: ConnectionId, state: &str) -> Member {
        let sender = Sender {
            kind: SenderKind::Agent,
            id: connection.0,
            name: "bot".into(),
        };
        let since = Timestamp(0);
        Member {
            connection,
            sender,
            state: state.into(),
            text: None,
            client: None,
            since,
        }
    }

    /// A viewer that keeps a list by applying changes.
    #[derive(Default)]
    struct List(BTreeMap<ConnectionId, Member>);

    impl List {
        fn apply(&mut self, change: Change) {
            if change.full {
                self.0.clear();
            }
            for id in change.left {
                self.0.remove(&id);
            }
            for member in change.changed {
                self.0.insert(member.connection, member);
            }
        }
    }

    proptest! {
        #[test]
        fn a_viewer_that_looks_now_and_then_ends_with_the_truth(
            steps in proptest::collection::vec((0usize..260, 0u8..4), 0..900),
        ) {
            let ids: Vec<ConnectionId> = (0..260).map(|_| ConnectionId::new()).collect();
            let (mut presence, mut list, mut seen) = (Presence::default(), List::default(), 0);
            for (who, what) in steps {
                match what {
                    0 | 1 => presence.set(member(ids[who], "running")),
                    2 => drop(presence.remove(ids[who])),
                    _ => {
                        if let Some(change) = presence.since(seen) {
                            list.apply(change);
                        }
                        seen = presence.version();
                    }
                }
            }
            if let Some(change) = presence.since(seen) {
                list.apply(change);
            }
            if presence.count() <= MAX_MEMBERS_SHOWN {
                let shown: Vec<Member> = list.0.into_values().collect();
                prop_assert_eq!(shown, presence.members());
            }
        }
    }
}
