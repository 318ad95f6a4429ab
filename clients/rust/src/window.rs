//! The bytes a stream's writer holds: from the durable offset to the end of what was written.

use bytes::{Buf as _, Bytes, BytesMut};

/// Un-acknowledged bytes of a stream, bounded by a capacity.
///
/// `base <= sent <= end`: before `base` everything is durable, up to `sent` everything is on its way.
#[derive(Debug)]
pub(crate) struct Window {
    held: BytesMut,
    base: u64,
    sent: u64,
    end: u64,
    capacity: usize,
}

/// Why a resume is impossible: the hub's offset lies outside of what this writer holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OutOfWindow;

impl Window {
    pub(crate) fn new(base: u64, capacity: usize) -> Self {
        Self {
            held: BytesMut::new(),
            base,
            sent: base,
            end: base,
            capacity: capacity.max(1),
        }
    }

    /// Everything before this byte is durable.
    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    /// Where the next written byte goes.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Bytes that were sent and are not acknowledged.
    pub(crate) fn in_flight(&self) -> u64 {
        self.sent - self.base
    }

    /// Bytes that can be written now.
    pub(crate) fn room(&self) -> usize {
        self.capacity
            .saturating_sub((self.end - self.base) as usize)
    }

    /// Takes as much of `bytes` as there is room for, and says how much that was.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(self.room());
        self.held.extend_from_slice(&bytes[..taken]);
        self.end += taken as u64;
        taken
    }

    /// The next bytes to send, at most `max`: small writes are joined.
    ///
    /// While bytes are in flight, less than `max` is held back until their acknowledgement, so that
    /// a producer of single lines sends one append a commit and not one a line.
    pub(crate) fn send(&mut self, max: usize) -> Option<(u64, Bytes)> {
        let waiting = self.end - self.sent;
        if waiting == 0 || (self.in_flight() > 0 && waiting < max as u64) {
            return None;
        }
        let offset = self.sent;
        let unsent = &self.held[self.in_flight() as usize..];
        let bytes = Bytes::copy_from_slice(&unsent[..unsent.len().min(max)]);
        self.sent += bytes.len() as u64;
        Some((offset, bytes))
    }

    /// The hub holds everything before `offset`; says whether that was news.
    pub(crate) fn acknowledge(&mut self, offset: u64) -> bool {
        let offset = offset.min(self.end);
        if offset <= self.base {
            return false;
        }
        self.held.advance((offset - self.base) as usize);
        self.base = offset;
        self.sent = self.sent.max(offset);
        true
    }

    /// What was sent after the durable offset may be lost: it will be sent again.
    pub(crate) fn rewind(&mut self) {
        self.sent = self.base;
    }

    /// Goes on from the `offset` the hub has stored.
    pub(crate) fn resume(&mut self, offset: u64) -> Result<(), OutOfWindow> {
        if offset < self.base || offset > self.end {
            return Err(OutOfWindow);
        }
        self.acknowledge(offset);
        self.rewind();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    #[derive(Clone, Debug)]
    enum Step {
        Write(Vec<u8>),
        Send(usize),
        Store,
        Acknowledge,
        Break { kept: usize },
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300).prop_map(Step::Write),
            (1usize..200).prop_map(Step::Send),
            Just(Step::Store),
            Just(Step::Acknowledge),
            (0usize..4).prop_map(|kept| Step::Break { kept }),
        ];
        proptest::collection::vec(step, 0..200)
    }

    /// A hub that stores what comes at its end, skips what it has and refuses what lies beyond.
    fn store(stored: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
        let end = stored.len() as u64;
        if offset <= end {
            let skip = ((end - offset) as usize).min(bytes.len());
            stored.extend_from_slice(&bytes[skip..]);
        }
    }

    proptest! {
        #[test]
        fn every_byte_arrives_once_whatever_breaks(steps in steps(), capacity in 1usize..1_000) {
            let mut window = Window::new(0, capacity);
            let (mut written, mut stored) = (Vec::new(), Vec::new());
            let mut wire: VecDeque<(u64, Bytes)> = VecDeque::new();
            for step in steps {
                match step {
                    Step::Write(bytes) => {
                        let taken = window.write(&bytes);
                        written.extend_from_slice(&bytes[..taken]);
                    }
                    Step::Send(max) => wire.extend(window.send(max)),
                    Step::Store => {
                        if let Some((offset, bytes)) = wire.pop_front() {
                            store(&mut stored, offset, &bytes);
                        }
                    }
                    Step::Acknowledge => {
                        window.acknowledge(stored.len() as u64);
                    }
                    Step::Break { kept } => {
                        wire.truncate(kept);
                        for (offset, bytes) in wire.drain(..) {
                            store(&mut stored, offset, &bytes);
                        }
                        window.resume(stored.len() as u64).expect("the hub is inside of the window");
                    }
                }
                prop_assert!(window.end - window.base <= capacity as u64);
                prop_assert!(window.base <= window.sent && window.sent <= window.end);
            }
            wire.clear();
            window.resume(stored.len() as u64).expect("the hub is inside of the window");
            while let Some((offset, bytes)) = window.send(64) {
                store(&mut stored, offset, &bytes);
                window.acknowledge(stored.len() as u64);
            }
            prop_assert_eq!(stored, written);
            prop_assert_eq!(window.base(), window.end());
        }
    }

    #[test]
    fn small_writes_wait_for_the_acknowledgement() {
        let mut window = Window::new(0, 1_000);
        window.write(b"one");
        assert_eq!(window.send(100), Some((0, Bytes::from("one"))));
        window.write(b"two");
        window.write(b"three");
        assert_eq!(window.send(100), None);
        assert!(window.acknowledge(3));
        assert_eq!(window.send(100), Some((3, Bytes::from("twothree"))));
    }

    #[test]
    fn an_offset_outside_is_told() {
        let mut window = Window::new(10, 100);
        window.write(b"hello");
        assert_eq!(window.resume(9), Err(OutOfWindow));
        assert_eq!(window.resume(16), Err(OutOfWindow));
        assert_eq!(window.resume(12), Ok(()));
        assert_eq!(window.send(100), Some((12, Bytes::from("llo"))));
    }
}
