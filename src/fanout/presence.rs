//! Who is in a room: a versioned map. A viewer holds the version it has seen and gets the difference, so
//! however often somebody changes, a slow viewer gets only how it stands.

use generic_corp_protocol::limit::MAX_MEMBERS_SHOWN;
use generic_corp_protocol::{ConnectionId, Member, Timestamp};
use std::collections::{BTreeMap, HashMap, VecDeque};
use uuid::Uuid;

/// Departures that are remembered; a viewer that missed more gets everyone anew.
const MAX_DEPARTURES: usize = 256;

/// The members of one room.
#[derive(Debug, Default)]
pub(super) struct Presence {
    version: u64,
    members: BTreeMap<ConnectionId, Entry>,
    /// Members of other nodes that are too many to list.
    uncounted: HashMap<Uuid, usize>,
    departures: VecDeque<(u64, ConnectionId)>,
    /// Differences can be told from this version on.
    floor: u64,
}

#[derive(Debug)]
struct Entry {
    version: u64,
    member: Member,
    /// The node it is connected to; `None` is this one.
    node: Option<Uuid>,
}

/// Members of a room on another node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Others {
    /// Each of them.
    Listed(Vec<Member>),
    /// Too many to list.
    Counted(usize),
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
        self.members.len() + self.uncounted.values().sum::<usize>()
    }

    /// Everyone, unless they are too many to show.
    pub(super) fn members(&self) -> Vec<Member> {
        if self.count() > MAX_MEMBERS_SHOWN {
            return Vec::new();
        }
        self.members
            .values()
            .map(|entry| entry.member.clone())
            .collect()
    }

    /// A member on this node.
    pub(super) fn own(&self, connection: ConnectionId) -> Option<&Member> {
        let entry = self.members.get(&connection)?;
        entry.node.is_none().then_some(&entry.member)
    }

    /// All members on this node.
    pub(super) fn all_own(&self) -> impl Iterator<Item = &Member> {
        let own = self.members.values().filter(|entry| entry.node.is_none());
        own.map(|entry| &entry.member)
    }

    /// Since when a connection is here.
    pub(super) fn since_when(&self, connection: ConnectionId) -> Option<Timestamp> {
        self.members
            .get(&connection)
            .map(|entry| entry.member.since)
    }

    pub(super) fn set(&mut self, member: Member) {
        self.put(member, None);
    }

    fn put(&mut self, member: Member, node: Option<Uuid>) {
        self.version += 1;
        let version = self.version;
        let entry = Entry {
            version,
            member,
            node,
        };
        self.members.insert(entry.member.connection, entry);
    }

    /// How another node stands; whether that is new.
    pub(super) fn set_others(&mut self, node: Uuid, others: Others) -> bool {
        let (version, before) = (self.version, self.count());
        let (listed, counted) = match others {
            Others::Listed(members) => (members, None),
            Others::Counted(count) => (Vec::new(), Some(count)),
        };
        let gone = |(id, entry): (&ConnectionId, &Entry)| {
            let stays = listed.iter().any(|member| member.connection == *id);
            (entry.node == Some(node) && !stays).then_some(*id)
        };
        let gone: Vec<ConnectionId> = self.members.iter().filter_map(gone).collect();
        for connection in gone {
            self.remove(connection);
        }
        for member in listed {
            let known = self.members.get(&member.connection);
            if known.is_none_or(|known| known.node.is_some() && known.member != member) {
                self.put(member, Some(node));
            }
        }
        let was = match counted {
            Some(count) => self.uncounted.insert(node, count),
            None => self.uncounted.remove(&node),
        };
        if was != counted {
            self.version += 1;
        }
        self.forget_lists(before);
        self.version != version
    }

    /// Above the size that is shown nobody holds a list to change: below it everybody gets one anew.
    fn forget_lists(&mut self, before: usize) {
        if before > MAX_MEMBERS_SHOWN {
            self.floor = self.version;
            self.departures.clear();
        }
    }

    pub(super) fn remove(&mut self, connection: ConnectionId) -> bool {
        let before = self.count();
        if self.members.remove(&connection).is_none() {
            return false;
        }
        self.version += 1;
        if before > MAX_MEMBERS_SHOWN {
            self.forget_lists(before);
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
        let count = self.count();
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
        let newer = |entry: &Entry| (entry.version > seen).then(|| entry.member.clone());
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
