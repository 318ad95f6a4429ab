//! The order of a room's events, as one viewer sees it.

use std::collections::HashMap;

/// What one viewer has seen of each room.
#[derive(Clone, Debug, Default)]
pub struct Viewer {
    rooms: Vec<(Box<[u8]>, Seen)>,
    /// Events that came again.
    pub duplicate: u64,
    /// Events that came after a later one, for the first time.
    pub out_of_order: u64,
    /// How often an event came whose predecessor had not come.
    pub gaps: u64,
    /// Events in all, repeats not counted.
    pub seen: u64,
    /// Events of rooms it never joined.
    pub foreign: u64,
}

#[derive(Clone, Debug)]
struct Seen {
    last: u64,
    /// Stretches that were skipped and have not come yet, both ends included.
    missing: Vec<(u64, u64)>,
}

impl Viewer {
    /// The viewer is in the room, after `seq`. Coming back changes nothing: what was missed must come.
    pub fn joined(&mut self, room: &[u8], after: u64) {
        if self.find(room).is_none() {
            let missing = Vec::new();
            self.rooms.push((
                room.into(),
                Seen {
                    last: after,
                    missing,
                },
            ));
        }
    }

    /// The last event it has of the room; `None` when it never joined.
    pub fn position(&self, room: &[u8]) -> Option<u64> {
        let found = self.rooms.iter().find(|(name, _)| **name == *room);
        found.map(|(_, seen)| seen.last)
    }

    fn find(&mut self, room: &[u8]) -> Option<&mut Seen> {
        let found = self.rooms.iter_mut().find(|(name, _)| **name == *room);
        found.map(|(_, seen)| seen)
    }

    /// An event came.
    pub fn event(&mut self, room: &[u8], seq: u64) {
        let Some(seen) = self.find(room) else {
            self.foreign += 1;
            return;
        };
        if seq == seen.last + 1 {
            seen.last = seq;
        } else if seq > seen.last {
            seen.missing.push((seen.last + 1, seq - 1));
            seen.last = seq;
            self.gaps += 1;
        } else if seen.fill(seq) {
            self.out_of_order += 1;
        } else {
            self.duplicate += 1;
            return;
        }
        self.seen += 1;
    }

    /// Events up to the rooms' heads that never came.
    pub fn lost(&self, heads: &HashMap<Vec<u8>, u64>) -> u64 {
        let lost = |(room, seen): &(Box<[u8]>, Seen)| {
            let head = heads.get(&**room).copied().unwrap_or(seen.last);
            let skipped: u64 = seen.missing.iter().map(|(from, to)| to - from + 1).sum();
            head.saturating_sub(seen.last) + skipped
        };
        self.rooms.iter().map(lost).sum()
    }
}

impl Seen {
    /// Takes `seq` out of what is missing; whether it was missing.
    fn fill(&mut self, seq: u64) -> bool {
        let within = |(from, to): &(u64, u64)| (*from..=*to).contains(&seq);
        let Some(at) = self.missing.iter().position(within) else {
            return false;
        };
        let (from, to) = self.missing.swap_remove(at);
        if from < seq {
            self.missing.push((from, seq - 1));
        }
        if seq < to {
            self.missing.push((seq + 1, to));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn heads(head: u64) -> HashMap<Vec<u8>, u64> {
        HashMap::from([(b"r".to_vec(), head)])
    }

    #[test]
    fn planted_faults_are_found() {
        let mut viewer = Viewer::default();
        viewer.joined(b"r", 10);
        for seq in [11, 12, 14, 13, 14, 16] {
            viewer.event(b"r", seq);
        }
        viewer.event(b"elsewhere", 1);
        // 13 came late, 14 came twice; 15, 17 and 18 never came.
        let found = (
            viewer.out_of_order,
            viewer.duplicate,
            viewer.lost(&heads(18)),
        );
        assert_eq!(found, (1, 1, 3));
        assert_eq!((viewer.gaps, viewer.seen, viewer.foreign), (2, 5, 1));
        assert_eq!(viewer.position(b"r"), Some(16));
    }

    #[test]
    fn a_whole_run_is_complete_over_a_cut() {
        let mut viewer = Viewer::default();
        viewer.joined(b"r", 0);
        (1..=5).for_each(|seq| viewer.event(b"r", seq));
        viewer.joined(b"r", 5);
        (6..=9).for_each(|seq| viewer.event(b"r", seq));
        assert_eq!(
            (viewer.lost(&heads(9)), viewer.gaps, viewer.duplicate),
            (0, 0, 0)
        );
    }

    #[test]
    fn what_a_resume_skips_is_lost() {
        let mut viewer = Viewer::default();
        viewer.joined(b"r", 0);
        (1..=5).for_each(|seq| viewer.event(b"r", seq));
        viewer.joined(b"r", 7);
        (8..=9).for_each(|seq| viewer.event(b"r", seq));
        assert_eq!((viewer.lost(&heads(9)), viewer.gaps), (2, 1));
    }

    proptest! {
        #[test]
        fn lost_and_repeated_are_counted_in_any_order(order in proptest::collection::vec(1u64..40, 0..80)) {
            let mut viewer = Viewer::default();
            viewer.joined(b"r", 0);
            order.iter().for_each(|seq| viewer.event(b"r", *seq));
            let different: std::collections::BTreeSet<u64> = order.iter().copied().collect();
            prop_assert_eq!(viewer.seen, different.len() as u64);
            prop_assert_eq!(viewer.duplicate, (order.len() - different.len()) as u64);
            prop_assert_eq!(viewer.lost(&heads(40)), 40 - different.len() as u64);
        }
    }
}
