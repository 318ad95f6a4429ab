//! The content of a room's events: the same for every viewer, and what its publisher was told.

/// A `seq` beyond this is not believed: the run's rooms are its own and begin at 1.
const MAX_SEQ: u64 = 1 << 28;

/// What is known of each event, by room and `seq`.
#[derive(Debug, Default)]
pub struct Ledger {
    rooms: Vec<(Box<[u8]>, Vec<Entry>)>,
    corrupt: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// A checksum of the frame, once somebody saw it, with the number in it.
    seen: Option<(u32, Option<u64>)>,
    /// The number of the message whose publisher was told this `seq`.
    acked: Option<u64>,
}

impl Ledger {
    fn entry(&mut self, room: &[u8], seq: u64) -> Option<&mut Entry> {
        if seq > MAX_SEQ {
            return None;
        }
        let known = self.rooms.iter().position(|(name, _)| **name == *room);
        let at = known.unwrap_or_else(|| {
            self.rooms.push((room.into(), Vec::new()));
            self.rooms.len() - 1
        });
        let events = &mut self.rooms[at].1;
        let index = seq as usize;
        if events.len() <= index {
            events.resize(index + 1, Entry::default());
        }
        Some(&mut events[index])
    }

    /// A viewer saw `frame`, which holds the message `number`.
    pub fn seen(&mut self, room: &[u8], seq: u64, number: Option<u64>, frame: &[u8]) {
        let what = (crc32fast::hash(frame), number);
        let entry = self.entry(room, seq);
        if entry.is_none_or(|entry| *entry.seen.get_or_insert(what) != what) {
            self.corrupt += 1;
        }
    }

    /// The publisher of the message `number` was told that it stands at `seq`.
    pub fn acked(&mut self, room: &[u8], seq: u64, number: u64) {
        let entry = self.entry(room, seq);
        // Otherwise two publishers were told the same place.
        if entry.is_none_or(|entry| *entry.acked.get_or_insert(number) != number) {
            self.corrupt += 1;
        }
    }

    /// Events of which two viewers saw different bytes, or which are not the one that was acked there.
    pub fn corrupt(&self) -> u64 {
        let wrong = |entry: &&Entry| match (entry.seen, entry.acked) {
            (Some((_, number)), Some(acked)) => number != Some(acked),
            _ => false,
        };
        self.corrupt + self.entries().filter(wrong).count() as u64
    }

    /// Events that were acked and that nobody saw.
    pub fn unseen(&self) -> u64 {
        let unseen = |entry: &&Entry| entry.acked.is_some() && entry.seen.is_none();
        self.entries().filter(unseen).count() as u64
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.rooms.iter().flat_map(|(_, events)| events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_agree_on_is_sound() {
        let mut ledger = Ledger::default();
        ledger.acked(b"r", 1, 7);
        ledger.seen(b"r", 1, Some(7), b"hello");
        ledger.seen(b"r", 1, Some(7), b"hello");
        ledger.seen(b"r", 2, None, b"of the hub");
        assert_eq!((ledger.corrupt(), ledger.unseen()), (0, 0));
    }

    #[test]
    fn planted_faults_are_found() {
        let mut ledger = Ledger::default();
        // One viewer got a flipped bit.
        ledger.seen(b"r", 1, Some(7), b"hello");
        ledger.seen(b"r", 1, Some(7), b"hellp");
        assert_eq!(ledger.corrupt(), 1);
        // Another message stands where this one was acked.
        ledger.seen(b"r", 2, Some(8), b"x");
        ledger.acked(b"r", 2, 9);
        assert_eq!(ledger.corrupt(), 2);
        // Two were told the same place.
        ledger.acked(b"r", 2, 10);
        assert_eq!(ledger.corrupt(), 3);
        // Acked, but in no viewer's log.
        ledger.acked(b"r", 3, 11);
        assert_eq!(ledger.unseen(), 1);
    }
}
