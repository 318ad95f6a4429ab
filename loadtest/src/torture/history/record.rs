//! What a history consists of: one JSON line each.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The form of history that this program writes and reads.
pub const FORMAT: u32 = 1;

/// A line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    /// When it was written, in microseconds since the run began.
    pub at: u64,
    /// What it says.
    #[serde(flatten)]
    pub what: Record,
}

/// What an event says: its kind, key and body in one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub u64);

impl Hash {
    /// Of these parts of an event.
    pub fn of(kind: &str, key: &str, body: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [kind, "\0", key, "\0", body] {
            hash.update(part);
        }
        let digest = hash.finalize();
        let first = digest.first_chunk().copied().unwrap_or_default();
        Self(u64::from_be_bytes(first))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

/// How a request ended, for who sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is committed, at this `seq`.
    Acked {
        /// The event's position.
        seq: u64,
        /// Whether it had been committed before.
        duplicate: bool,
    },
    /// It was refused.
    Refused {
        /// Why.
        code: String,
    },
    /// No answer came: it may be committed or not.
    Unknown {
        /// Why none came.
        why: String,
    },
}

/// What a line says. `who` is a client, `node` counts from 0, `conn` is one connection of a client.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The run begins.
    Run {
        /// See [`FORMAT`].
        format: u32,
        /// What was run.
        what: String,
        /// Makes the same schedule again.
        seed: u64,
        /// How many nodes.
        nodes: usize,
        /// Whether there is a Redis.
        redis: bool,
        /// The rooms.
        rooms: Vec<String>,
    },
    /// An attempt to publish, from `begun` to this line's time.
    Publish {
        /// The publisher.
        who: String,
        /// Through which node.
        node: usize,
        /// Where.
        room: String,
        /// Its idempotency key.
        key: String,
        /// What it says.
        hash: Hash,
        /// When it was sent.
        begun: u64,
        /// The number of the first of those that were sent together, in this order, over one connection.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        burst: Option<u64>,
        /// How it ended.
        outcome: Outcome,
    },
    /// A viewer is connected.
    Connected {
        /// The viewer.
        who: String,
        /// The connection.
        conn: u64,
        /// To which node.
        node: usize,
        /// Microseconds since its last connection ended, if there was one.
        away: Option<u64>,
        /// Attempts until it was let in.
        attempts: u32,
    },
    /// A viewer is in a room.
    Joined {
        /// The viewer.
        who: String,
        /// The connection.
        conn: u64,
        /// The room.
        room: String,
        /// The `seq` that it had, when it resumed.
        had: Option<u64>,
        /// Where the hub says that it goes on.
        after: u64,
        /// The newest event.
        head: u64,
        /// The log's epoch.
        epoch: String,
        /// Whether the hub says that nothing is missing.
        recovered: bool,
    },
    /// Events came to a viewer, one behind the other.
    Saw {
        /// The viewer.
        who: String,
        /// The connection.
        conn: u64,
        /// The room.
        room: String,
        /// The `seq` of the first.
        from: u64,
        /// What each says.
        hashes: Vec<Hash>,
    },
    /// A viewer was told that its position is not in the log any more.
    Reset {
        /// The viewer.
        who: String,
        /// The connection.
        conn: u64,
        /// The room.
        room: String,
        /// Where it goes on.
        position: u64,
    },
    /// A viewer's connection ended.
    Gone {
        /// The viewer.
        who: String,
        /// The connection.
        conn: u64,
        /// Why.
        why: String,
    },
    /// A producer opened a stream, or found it again.
    Opened {
        /// The producer.
        who: String,
        /// Through which node.
        node: usize,
        /// The room.
        room: String,
        /// The stream's key, which says its content too.
        key: String,
        /// The stream.
        stream: String,
        /// How many bytes it has.
        offset: u64,
        /// `open`, or how it ended.
        state: String,
    },
    /// Bytes of a stream are durable up to here.
    Ack {
        /// The stream.
        stream: String,
        /// Up to which byte.
        offset: u64,
    },
    /// A producer was told that its stream has ended.
    Closed {
        /// The producer.
        who: String,
        /// The stream.
        stream: String,
        /// How many bytes it wrote.
        written: u64,
        /// The length that it was told.
        length: u64,
        /// How it ended.
        state: String,
    },
    /// A follower has heard of a stream, and will read it from its first byte.
    Follows {
        /// The follower.
        who: String,
        /// The stream.
        stream: String,
    },
    /// A follower got these bytes of a stream, one behind the other.
    Stretch {
        /// The follower.
        who: String,
        /// The connection.
        conn: u64,
        /// The stream.
        stream: String,
        /// The first byte.
        from: u64,
        /// Behind the last byte.
        to: u64,
        /// The SHA-256 of them.
        sha: String,
    },
    /// A follower was told that a stream has ended.
    StreamEnd {
        /// The follower.
        who: String,
        /// The stream.
        stream: String,
        /// How long it is.
        offset: u64,
        /// How it ended.
        state: String,
    },
    /// A fault begins.
    Fault {
        /// Its number.
        id: u64,
        /// What it is.
        kind: String,
        /// The nodes that it concerns.
        nodes: Vec<usize>,
    },
    /// A fault is over.
    Healed {
        /// Its number.
        id: u64,
    },
    /// A node ended though nobody ended it.
    Failed {
        /// The node.
        node: usize,
        /// Its last words.
        words: String,
    },
    /// Everything works again; nothing is planted any more.
    Calm,
    /// An event was published in a room after the last fault.
    Probe {
        /// Through which node.
        node: usize,
        /// The room.
        room: String,
        /// Microseconds until it was acked, if it was.
        took: Option<u64>,
    },
    /// A viewer had everything after the last fault.
    Reached {
        /// The viewer.
        who: String,
        /// Microseconds since the heads were read, if it did.
        took: Option<u64>,
    },
    /// A part of a room's log, as a node shows it at the end.
    Log {
        /// The node.
        node: usize,
        /// The room.
        room: String,
        /// The newest event.
        head: u64,
        /// The log's epoch.
        epoch: String,
        /// The `seq` of each, with key and content.
        events: Vec<(u64, String, Hash)>,
    },
    /// A stream, as a node shows it at the end.
    Stream {
        /// The node.
        node: usize,
        /// The stream.
        stream: String,
        /// The room.
        room: String,
        /// `open`, or how it ended.
        state: String,
        /// Its length.
        length: u64,
        /// The SHA-256 of its bytes.
        sha: String,
    },
    /// What the hub has counted.
    Usage {
        /// What.
        meter: String,
        /// How much.
        amount: u64,
    },
}
