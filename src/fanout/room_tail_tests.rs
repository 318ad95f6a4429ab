//! Cursors against a model log: whatever is delivered, lost, repeated or swapped, a viewer that reads
//! from the tail, and from the store when the tail is cold, sees 1, 2, 3… exactly once.

use super::super::stretch::Stretch;
use super::*;
use proptest::prelude::*;

fn tail(max_bytes: usize) -> Arc<RoomTail> {
    let name = Slug::parse("room").expect("a name");
    Arc::new(RoomTail::new(
        RoomId::new(),
        WorkspaceId::new(),
        name,
        max_bytes,
    ))
}

/// Each event is a frame of 8 bytes: its seq.
fn frame(seq: u64) -> Bytes {
    Bytes::copy_from_slice(&seq.to_be_bytes())
}

fn seqs(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes
        .chunks(8)
        .map(|chunk| u64::from_be_bytes(chunk.try_into().expect("eight bytes")))
}

/// Reads all there is; `store` is how far the model log is committed.
fn drain(cursor: &mut RoomCursor, store: u64, seen: &mut Vec<u64>, stretch: &Stretch) {
    loop {
        match stretch.read(cursor) {
            Read::Nothing => return,
            Read::Chunk(chunk) | Read::All(chunk) => seen.extend(seqs(&chunk.bytes)),
            Read::Cold => {
                // As the store does: some events after the position, in order.
                let to = store.min(cursor.seq + 3);
                seen.extend(cursor.seq + 1..=to);
                cursor.seq = to;
            }
            Read::Last(_) => unreachable!("a room has no end"),
        }
    }
}

proptest! {
    #[test]
    fn every_viewer_sees_the_log(
        hints in proptest::collection::vec((0u64..6, 0u8..6), 1..200),
        max_bytes in 8usize..200,
        joins in proptest::collection::vec(0usize..200, 0..4),
        patient: bool,
    ) {
        let tail = tail(max_bytes);
        let epoch: Arc<str> = "e".into();
        tail.load(0, "e");
        let mut viewers = vec![(tail.cursor(0).0, Vec::new(), 0)];
        let (mut committed, stretch) = (0u64, Stretch::default());
        for (step, (back, what)) in hints.into_iter().enumerate() {
            if joins.contains(&step) {
                viewers.push((tail.cursor(committed).0, Vec::new(), committed));
            }
            match what {
                // A commit whose hint is lost.
                0 => committed += 1,
                // A repeat, or an old one out of order.
                1 => {
                    let seq = committed.saturating_sub(back).max(1);
                    if committed > 0 {
                        tail.deliver(seq, &epoch, patient, || frame(seq));
                    }
                }
                // Together, as a worker goes through its viewers.
                2 => {
                    stretch.begin();
                    for (cursor, seen, _) in &mut viewers {
                        drain(cursor, committed, seen, &stretch);
                    }
                    stretch.end();
                }
                _ => {
                    committed += 1;
                    tail.deliver(committed, &epoch, patient, || frame(committed));
                }
            }
        }
        committed += 1;
        tail.deliver(committed, &epoch, patient, || frame(committed));
        // What waited in vain is found by comparing heads.
        tail.load(committed, "e");
        for (mut cursor, mut seen, from) in viewers {
            drain(&mut cursor, committed, &mut seen, &stretch);
            prop_assert_eq!(seen, (from + 1..=committed).collect::<Vec<_>>());
        }
    }
}

#[test]
fn viewers_at_one_place_are_served_by_one_read() {
    let (tail, stretch) = (tail(1024), Stretch::default());
    let epoch: Arc<str> = "e".into();
    tail.load(4, "e");
    let (mut first, mut second) = (tail.cursor(4).0, tail.cursor(4).0);
    let mut behind = tail.cursor(3).0;
    tail.deliver(5, &epoch, false, || frame(5));
    let read = |cursor: &mut RoomCursor| match stretch.read(cursor) {
        Read::All(chunk) => seqs(&chunk.bytes).collect(),
        Read::Nothing => Vec::new(),
        _ => vec![0],
    };
    stretch.begin();
    assert_eq!(read(&mut first), [5]);
    // What came since wakes the worker again; nobody in this stretch sees it.
    tail.deliver(6, &epoch, false, || frame(6));
    assert_eq!((read(&mut second), read(&mut behind)), (vec![5], vec![0]));
    stretch.end();
    assert_eq!((read(&mut first), read(&mut second)), (vec![6], vec![6]));
}

#[test]
fn what_comes_too_early_waits_for_what_is_before_it() {
    let tail = tail(1024);
    let epoch: Arc<str> = "e".into();
    tail.load(4, "e");
    let (mut cursor, ..) = tail.cursor(4);
    let deliver = |seq| tail.deliver(seq, &epoch, true, || frame(seq));
    assert_eq!(
        (deliver(6), deliver(7)),
        (Delivered::Waits, Delivered::Waits)
    );
    assert!(tail.waits() && matches!(tail.read(&mut cursor), Read::Nothing));
    assert_eq!(
        (deliver(5), deliver(6)),
        (Delivered::Grew, Delivered::Repeated)
    );
    assert!(!tail.waits());
    let (Read::Chunk(chunk) | Read::All(chunk)) = tail.read(&mut cursor) else {
        panic!("all is in memory")
    };
    assert_eq!(seqs(&chunk.bytes).collect::<Vec<_>>(), [5, 6, 7]);
    // What the store has is not waited for.
    assert_eq!(deliver(10), Delivered::Waits);
    assert!(tail.load(9, "e"));
    assert_eq!((tail.head().0, tail.waits()), (10, false));
    // Nor what is too far ahead.
    assert_eq!(deliver(100), Delivered::Grew);
    assert_eq!(tail.head().0, 100);
}

#[test]
fn a_head_that_is_loaded_late_does_not_hide_what_came_meanwhile() {
    let tail = tail(1024);
    let epoch: Arc<str> = "e".into();
    assert_eq!(tail.deliver(6, &epoch, false, || frame(6)), Delivered::Grew);
    tail.load(5, "e");
    assert_eq!(tail.head().0, 6);
    let (mut cursor, ..) = tail.cursor(5);
    let mut seen = Vec::new();
    drain(&mut cursor, 6, &mut seen, &Stretch::default());
    assert_eq!(seen, [6]);
}

#[test]
fn another_epoch_is_told_never_served() {
    let tail = tail(1024);
    tail.load(9, "old");
    let (mut cursor, ..) = tail.cursor(9);
    tail.deliver(1, &"new".into(), false, || frame(1));
    let (Read::Chunk(chunk) | Read::All(chunk)) = tail.read(&mut cursor) else {
        panic!("a reset")
    };
    assert!(String::from_utf8_lossy(&chunk.bytes).contains("\"reset\""));
    assert_eq!((cursor.seq, &*cursor.epoch), (1, "new"));
    assert!(matches!(tail.read(&mut cursor), Read::Nothing));
}

#[test]
fn ephemeral_messages_reach_who_keeps_up_and_are_bounded() {
    let tail = tail(1024);
    tail.load(0, "e");
    let (mut cursor, ..) = tail.cursor(0);
    for number in 0..100u64 {
        tail.deliver_ephemeral(frame(number));
    }
    let (Read::Chunk(chunk) | Read::All(chunk)) = tail.read(&mut cursor) else {
        panic!("messages")
    };
    assert_eq!(
        seqs(&chunk.bytes).collect::<Vec<_>>(),
        (36..100).collect::<Vec<_>>()
    );
    assert!(matches!(tail.read(&mut cursor), Read::Nothing));
}
