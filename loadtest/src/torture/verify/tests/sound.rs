//! A sound history, for tests to break.

use super::super::case::Case;
use crate::torture::actor::{content, hex};
use crate::torture::history::{FORMAT, Hash, Line, Outcome, Record};
use sha2::{Digest as _, Sha256};

/// The stream in it.
pub const STREAM: &str = "s-1";

/// What an event with this key says.
pub fn hash(key: &str) -> Hash {
    Hash::of("message", key, "{}")
}

/// The SHA-256 of a part of the stream.
pub fn digest(from: u64, to: u64) -> String {
    hex(&Sha256::digest(content("work", from, to)))
}

fn publish(key: &str, outcome: Outcome) -> Record {
    Record::Publish {
        who: "p".into(),
        node: 0,
        room: "r".into(),
        key: key.into(),
        hash: hash(key),
        begun: 0,
        burst: Some(7),
        outcome,
    }
}

fn acked(seq: u64) -> Outcome {
    let duplicate = false;
    Outcome::Acked { seq, duplicate }
}

fn refused(code: &str) -> Outcome {
    Outcome::Refused { code: code.into() }
}

/// What stands in the room.
fn events() -> Vec<(u64, String, Hash)> {
    let keys = ["a", "b", "open:s-1", "c", "close:s-1"];
    let entry = |(seq, key): (u64, &str)| (seq, key.to_owned(), hash(key));
    (1..).zip(keys).map(entry).collect()
}

/// A viewer's join.
pub fn joined(conn: u64, had: Option<u64>, after: u64, recovered: bool) -> Record {
    Record::Joined {
        who: "v".into(),
        conn,
        room: "r".into(),
        had,
        after,
        head: after,
        epoch: "e".into(),
        recovered,
    }
}

/// A viewer saw these events.
pub fn saw(conn: u64, from: u64, to: u64) -> Record {
    let events = events();
    let hashes = events[from as usize - 1..to as usize].iter();
    Record::Saw {
        who: "v".into(),
        conn,
        room: "r".into(),
        from,
        hashes: hashes.map(|(_, _, hash)| *hash).collect(),
    }
}

/// A sound run: three events and a stream, a viewer that was cut once, two nodes.
pub fn sound() -> Vec<Record> {
    let mut records = vec![
        Record::Run {
            format: FORMAT,
            what: "torture".into(),
            seed: 1,
            nodes: 2,
            redis: false,
            rooms: vec!["r".into()],
        },
        joined(1, None, 0, false),
        publish("a", acked(1)),
        publish("b", Outcome::Unknown { why: "cut".into() }),
        publish("d", refused("unavailable")),
        publish("d", refused("overloaded")),
        saw(1, 1, 2),
        joined(2, Some(2), 2, true),
        saw(2, 3, 5),
        publish("c", refused("unavailable")),
        publish("c", acked(4)),
        publish("x", refused("overloaded")),
    ];
    records.extend(stream());
    for node in 0..2 {
        records.push(Record::Log {
            node,
            room: "r".into(),
            head: 5,
            epoch: "e".into(),
            events: events(),
        });
        records.push(Record::Stream {
            node,
            stream: STREAM.into(),
            room: "r".into(),
            state: "completed".into(),
            length: 100,
            sha: digest(0, 100),
        });
    }
    for (meter, amount) in [("messages", 3), ("streams", 1), ("stream_bytes", 100)] {
        let meter = meter.into();
        records.push(Record::Usage { meter, amount });
    }
    records.extend(life());
    records
}

fn stream() -> Vec<Record> {
    let stretch = |conn, from, to| Record::Stretch {
        who: "v".into(),
        conn,
        stream: STREAM.into(),
        from,
        to,
        sha: digest(from, to),
    };
    vec![
        Record::Opened {
            who: "w".into(),
            node: 0,
            room: "r".into(),
            key: "work".into(),
            stream: STREAM.into(),
            offset: 0,
            state: "open".into(),
        },
        Record::Ack {
            stream: STREAM.into(),
            offset: 70,
        },
        Record::Follows {
            who: "v".into(),
            stream: STREAM.into(),
        },
        stretch(1, 0, 40),
        stretch(2, 40, 100),
        Record::StreamEnd {
            who: "v".into(),
            stream: STREAM.into(),
            offset: 100,
            state: "completed".into(),
        },
        Record::Closed {
            who: "w".into(),
            stream: STREAM.into(),
            written: 100,
            length: 100,
            state: "completed".into(),
        },
    ]
}

fn life() -> Vec<Record> {
    vec![
        Record::Calm,
        Record::Probe {
            node: 0,
            room: "r".into(),
            took: Some(5),
        },
        Record::Reached {
            who: "v".into(),
            took: Some(5),
        },
    ]
}

/// The case of these lines.
pub fn told(records: Vec<Record>) -> Case {
    let mut case = Case::default();
    for what in records {
        case.take(Line { at: 1, what }).expect("a history");
    }
    case
}
