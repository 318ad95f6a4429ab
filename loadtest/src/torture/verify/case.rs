//! A history as the checks need it: sorted by client, room and stream.

use crate::torture::history::{FORMAT, Hash, Line, Outcome, Record, read};
use anyhow::{Context as _, bail};
use std::collections::BTreeMap;
use std::path::Path;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// What was run.
    pub what: String,
    /// What its schedule follows from.
    pub seed: u64,
    /// How many nodes.
    pub nodes: usize,
    /// The rooms.
    pub rooms: Vec<String>,
    /// Every attempt to publish.
    pub attempts: Vec<Attempt>,
    /// What each viewer saw of each room, in order.
    pub views: BTreeMap<(String, String), Vec<Sight>>,
    /// How long viewers were away each time, in microseconds.
    pub aways: Vec<u64>,
    /// The log of each room, as each node shows it.
    pub logs: BTreeMap<(String, usize), Log>,
    /// Streams that were opened.
    pub produced: BTreeMap<String, Produced>,
    /// What followers got of streams.
    pub followed: BTreeMap<(String, String), Followed>,
    /// Streams as each node shows them.
    pub streams: BTreeMap<(String, usize), Shown>,
    /// What the hub counted, and microseconds until it was read.
    pub usage: BTreeMap<String, u64>,
    pub usage_at: u64,
    /// Faults by number.
    pub faults: BTreeMap<u64, Fault>,
    /// Nodes that failed by themselves, with their last words.
    pub failed: Vec<(usize, String)>,
    /// When the last fault was over.
    pub calm: Option<u64>,
    /// Node, room, and how long a probe took.
    pub probes: Vec<(usize, String, Option<u64>)>,
    /// Viewers, and how long each took to see everything.
    pub reached: Vec<(String, Option<u64>)>,
}

/// An attempt to publish.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub node: usize,
    pub room: String,
    pub key: String,
    pub hash: Hash,
    pub begun: u64,
    /// Those sent together over one connection have the same publisher and number, and stand in their order.
    pub burst: Option<(String, u64)>,
    pub done: u64,
    pub outcome: Outcome,
}

/// What happens to a viewer in a room.
#[derive(Clone, Debug)]
pub enum Sight {
    /// It joined; see [`Record::Joined`].
    Joined {
        conn: u64,
        had: Option<u64>,
        after: u64,
        recovered: bool,
    },
    /// Events came.
    Saw { from: u64, hashes: Vec<Hash> },
    /// Its position was moved.
    Reset { position: u64 },
}

/// A log as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    pub head: u64,
    pub epoch: String,
    pub events: Vec<(u64, String, Hash)>,
}

/// A stream as its producer knows it.
#[derive(Clone, Debug, Default)]
pub struct Produced {
    pub key: String,
    pub room: String,
    /// The most that was acked.
    pub acked: u64,
    /// What its producer was told of its end: bytes written, length, state.
    pub closed: Vec<(u64, u64, String)>,
}

/// A stream as a follower got it.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    /// From, to, SHA-256.
    pub stretches: Vec<(u64, u64, String)>,
    /// Length and state, each time it was told.
    pub ends: Vec<(u64, String)>,
}

/// A stream as a node shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub state: String,
    pub length: u64,
    pub sha: String,
}

/// A fault.
#[derive(Clone, Debug)]
pub struct Fault {
    pub kind: String,
    pub nodes: Vec<usize>,
    pub begun: u64,
    pub healed: Option<u64>,
}

impl Case {
    /// The case of a history.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let mut case = Self::default();
        read(path, |line| case.take(line))?;
        case.calm
            .context("the history ends before the run did; nothing can be said of it")?;
        Ok(case)
    }

    /// Takes the next line.
    ///
    /// # Errors
    /// When it is of another form.
    pub fn take(&mut self, Line { at, what }: Line) -> anyhow::Result<()> {
        match what {
            Record::Run {
                format,
                what,
                seed,
                nodes,
                rooms,
                ..
            } => {
                if format != FORMAT {
                    bail!("the history has form {format}, and this program reads form {FORMAT}");
                }
                (self.what, self.seed, self.nodes, self.rooms) = (what, seed, nodes, rooms);
            }
            Record::Publish {
                who,
                node,
                room,
                key,
                hash,
                begun,
                burst,
                outcome,
            } => self.attempts.push(Attempt {
                node,
                room,
                key,
                hash,
                begun,
                burst: burst.map(|burst| (who, burst)),
                done: at,
                outcome,
            }),
            Record::Connected { away, .. } => self.aways.extend(away),
            Record::Fault { id, kind, nodes } => {
                let healed = None;
                self.faults.insert(
                    id,
                    Fault {
                        kind,
                        nodes,
                        begun: at,
                        healed,
                    },
                );
            }
            Record::Healed { id } => {
                if let Some(fault) = self.faults.get_mut(&id) {
                    fault.healed = Some(at);
                }
            }
            Record::Failed { node, words } => self.failed.push((node, words)),
            Record::Calm => self.calm = Some(at),
            Record::Probe { node, room, took } => self.probes.push((node, room, took)),
            Record::Reached { who, took } => self.reached.push((who, took)),
            Record::Usage { meter, amount } => {
                self.usage.insert(meter, amount);
                self.usage_at = at;
            }
            Record::Gone { .. } => {}
            seen => self.take_seen(seen),
        }
        Ok(())
    }

    fn take_seen(&mut self, what: Record) {
        match what {
            Record::Joined {
                who,
                conn,
                room,
                had,
                after,
                recovered,
                ..
            } => self
                .views
                .entry((who, room))
                .or_default()
                .push(Sight::Joined {
                    conn,
                    had,
                    after,
                    recovered,
                }),
            Record::Saw {
                who,
                room,
                from,
                hashes,
                ..
            } => self
                .views
                .entry((who, room))
                .or_default()
                .push(Sight::Saw { from, hashes }),
            Record::Reset {
                who,
                room,
                position,
                ..
            } => self
                .views
                .entry((who, room))
                .or_default()
                .push(Sight::Reset { position }),
            Record::Log {
                node,
                room,
                head,
                epoch,
                events,
            } => {
                let log = self.logs.entry((room, node)).or_default();
                (log.head, log.epoch) = (head, epoch);
                log.events.extend(events);
            }
            stream => self.take_stream(stream),
        }
    }

    fn take_stream(&mut self, what: Record) {
        match what {
            Record::Opened {
                room,
                key,
                stream,
                offset,
                ..
            } => {
                let produced = self.produced.entry(stream).or_default();
                (produced.key, produced.room) = (key, room);
                produced.acked = produced.acked.max(offset);
            }
            Record::Ack { stream, offset } => {
                let produced = self.produced.entry(stream).or_default();
                produced.acked = produced.acked.max(offset);
            }
            Record::Closed {
                stream,
                written,
                length,
                state,
                ..
            } => {
                let produced = self.produced.entry(stream).or_default();
                produced.closed.push((written, length, state));
            }
            Record::Follows { who, stream } => {
                self.followed.entry((who, stream)).or_default();
            }
            Record::Stretch {
                who,
                stream,
                from,
                to,
                sha,
                ..
            } => {
                let followed = self.followed.entry((who, stream)).or_default();
                followed.stretches.push((from, to, sha));
            }
            Record::StreamEnd {
                who,
                stream,
                offset,
                state,
            } => {
                let followed = self.followed.entry((who, stream)).or_default();
                followed.ends.push((offset, state));
            }
            Record::Stream {
                node,
                stream,
                state,
                length,
                sha,
                ..
            } => {
                let shown = Shown { state, length, sha };
                self.streams.insert((stream, node), shown);
            }
            _ => {}
        }
    }

    /// The log of a room as the first node shows it.
    pub fn log(&self, room: &str) -> Option<&Log> {
        self.logs.get(&(room.to_owned(), 0))
    }
}
