//! The bytes of a stream: what was written, and what a follower got.

use sha2::{Digest as _, Sha256};
use std::collections::VecDeque;

/// What a producer wrote so far.
#[derive(Default)]
pub struct Produced {
    hash: Sha256,
    /// How long it is.
    pub length: u64,
    /// Where each append ends, with its intended time in microseconds.
    appends: Vec<(u64, u64)>,
    /// Appends that wait for their ack.
    waiting: VecDeque<(u64, u64)>,
}

impl Produced {
    /// Bytes are appended that were due at `intended`.
    pub fn append(&mut self, bytes: &[u8], intended: u64) {
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        self.appends.push((self.length, intended));
        self.waiting.push_back((self.length, intended));
    }

    /// Everything before `offset` is durable; the intended times of what was acked by it.
    pub fn acked(&mut self, offset: u64) -> impl Iterator<Item = u64> + '_ {
        let count = self
            .waiting
            .iter()
            .take_while(|(end, _)| *end <= offset)
            .count();
        self.waiting.drain(..count).map(|(_, intended)| intended)
    }

    /// Appends that were never acked.
    pub fn unacked(&self) -> usize {
        self.waiting.len()
    }

    /// The intended times of the appends that end in `from + 1 ..= to`.
    pub fn arrived(&self, from: u64, to: u64) -> impl Iterator<Item = u64> + '_ {
        let first = self.appends.partition_point(|(end, _)| *end <= from);
        let within = self.appends[first..]
            .iter()
            .take_while(move |(end, _)| *end <= to);
        within.map(|(_, intended)| *intended)
    }
}

/// What a follower made of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All bytes came, once and in order, and their hash is the producer's.
    Verified,
    /// The bytes are not those that were written.
    Mismatch,
}

/// What a follower got so far.
#[derive(Default)]
pub struct Follower {
    hash: Sha256,
    /// The next byte it needs.
    pub position: u64,
    /// How often bytes were skipped.
    pub gaps: u64,
    /// How often bytes came again.
    pub duplicate: u64,
}

impl Follower {
    /// Bytes came that begin at `offset`.
    pub fn data(&mut self, offset: u64, bytes: &[u8]) {
        if offset > self.position {
            self.gaps += 1;
        }
        if offset < self.position {
            self.duplicate += 1;
        }
        self.hash.update(bytes);
        self.position = offset + bytes.len() as u64;
    }

    /// The hub says that the stream ends at `offset`.
    pub fn closed(&self, offset: u64, produced: &Produced) -> Verdict {
        let whole = self.position == offset && produced.length == offset;
        let same = self.hash.clone().finalize() == produced.hash.clone().finalize();
        if whole && same && self.gaps == 0 && self.duplicate == 0 {
            Verdict::Verified
        } else {
            Verdict::Mismatch
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn produced() -> Produced {
        let mut produced = Produced::default();
        produced.append(b"one ", 10);
        produced.append(b"two ", 20);
        produced.append(b"three", 30);
        produced
    }

    fn verdict(pieces: &[(u64, &[u8])], end: u64) -> Verdict {
        let mut follower = Follower::default();
        pieces
            .iter()
            .for_each(|(offset, bytes)| follower.data(*offset, bytes));
        follower.closed(end, &produced())
    }

    #[test]
    fn the_same_bytes_in_other_pieces_are_verified() {
        assert_eq!(
            verdict(&[(0, b"one two th"), (10, b"ree")], 13),
            Verdict::Verified
        );
    }

    #[test]
    fn planted_faults_are_found() {
        let faults: [&[(u64, &[u8])]; 5] = [
            &[(0, b"one two thRee")],
            &[(0, b"one two ")],
            &[(0, b"one "), (8, b"three")],
            &[(0, b"one two "), (4, b"two "), (8, b"three")],
            &[(4, b"two "), (0, b"one "), (8, b"three")],
        ];
        for pieces in faults {
            assert_eq!(verdict(pieces, 13), Verdict::Mismatch, "{pieces:?}");
        }
        assert_eq!(verdict(&[(0, b"one two three")], 12), Verdict::Mismatch);
    }

    #[test]
    fn acks_and_arrivals_name_their_intended_times() {
        let mut produced = produced();
        assert_eq!(produced.acked(5).collect::<Vec<_>>(), [10]);
        assert_eq!(produced.acked(13).collect::<Vec<_>>(), [20, 30]);
        assert_eq!(produced.unacked(), 0);
        assert_eq!(produced.arrived(0, 4).collect::<Vec<_>>(), [10]);
        assert_eq!(produced.arrived(4, 12).collect::<Vec<_>>(), [20]);
    }
}
