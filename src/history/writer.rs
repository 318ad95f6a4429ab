//! The writer's thread: takes what waits, commits it together, announces it, answers.

use super::{Answer, Error};
use crate::bus::{Bus, Hint};
use crate::store::op::{Done, Op};
use crate::store::{Appender, Failure, Results};
use bytes::{Bytes, BytesMut};
use generic_corp_protocol::frame::{CancelNotice, StreamClosed};
use generic_corp_protocol::{StreamId, StreamInfo};
use metrics::{counter, histogram};
use std::collections::{HashMap, VecDeque};
use std::time::Instant;
use tokio::sync::mpsc;

/// Most operations of one commit.
const MAX_BATCH: usize = 512;
/// Payload bytes after which a batch takes no more operations.
const MAX_BATCH_BYTES: usize = 2 << 20;
/// A growing stream is compacted after this many appended chunks.
const CHUNKS_BEFORE_COMPACTION: u32 = 256;
/// Most streams that wait for compaction; beyond it the oldest is left as it is.
const MAX_COMPACTIONS: usize = 1024;

/// One operation with its answer.
pub(super) struct Entry {
    pub(super) op: Op,
    pub(super) answer: Answer,
}

/// Without its writer a hub would take requests that nobody answers: it ends instead, to be started again.
struct Watchdog;

impl Drop for Watchdog {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the writer of the log has failed; the hub ends");
            std::process::abort();
        }
    }
}

/// Runs until every handle is dropped and the queue is empty.
pub(super) fn run(mut appender: Appender, mut entries: mpsc::Receiver<Entry>, bus: &Bus) {
    let _watchdog = Watchdog;
    let mut chores = Chores::default();
    let mut alarm = Alarm::default();
    loop {
        let first = match entries.try_recv() {
            Ok(entry) => entry,
            Err(mpsc::error::TryRecvError::Empty) if chores.step(&mut appender) => continue,
            Err(_) => match entries.blocking_recv() {
                Some(entry) => entry,
                None => return,
            },
        };
        let turn = appender.turn();
        let (ops, answers) = gather(first, &mut entries);
        let begun = Instant::now();
        let outcome = appender.commit(&ops);
        drop(turn);
        histogram!("generic_corp_commit_seconds").record(begun.elapsed());
        histogram!("generic_corp_commit_operations").record(ops.len() as f64);
        alarm.note(&outcome, ops.len());
        settle(outcome, ops, answers, bus, &mut chores);
    }
}

fn gather(first: Entry, entries: &mut mpsc::Receiver<Entry>) -> (Vec<Op>, Vec<Answer>) {
    let mut weight = first.op.weight();
    let (mut ops, mut answers) = (vec![first.op], vec![first.answer]);
    while ops.len() < MAX_BATCH && weight < MAX_BATCH_BYTES {
        let Ok(entry) = entries.try_recv() else { break };
        weight += entry.op.weight();
        ops.push(entry.op);
        answers.push(entry.answer);
    }
    (ops, answers)
}

fn settle(
    outcome: Result<Results, crate::store::Error>,
    ops: Vec<Op>,
    answers: Vec<Answer>,
    bus: &Bus,
    chores: &mut Chores,
) {
    match outcome {
        Ok(results) => {
            announce(&ops, &results, bus, chores);
            for (answer, result) in answers.into_iter().zip(results) {
                if let Err(Failure::Store(error)) = &result {
                    tracing::error!(%error, "an append was not committed");
                    counter!("generic_corp_commit_failures_total").increment(1);
                }
                answer(result.map_err(Error::from));
            }
        }
        Err(error) => {
            for answer in answers {
                answer(Err(Error::from(&error)));
            }
        }
    }
}

/// Tells operators of a store that takes nothing: when it begins and when it is over, not with every batch.
#[derive(Default)]
struct Alarm {
    raised: bool,
}

impl Alarm {
    fn note(&mut self, outcome: &Result<Results, crate::store::Error>, operations: usize) {
        use crate::store::Error::{Full, Unavailable};
        let Err(error) = outcome else {
            if std::mem::take(&mut self.raised) {
                tracing::info!("appends are committed again");
            }
            return;
        };
        counter!("generic_corp_commit_failures_total").increment(1);
        let lasts = matches!(error, Full | Unavailable(_));
        if !(lasts && std::mem::replace(&mut self.raised, true)) {
            tracing::error!(%error, operations, "a batch of appends was not committed");
        }
    }
}

/// Tells the bus what is new, in the order of the log; neighbouring bytes of a stream go as one.
fn announce(ops: &[Op], results: &Results, bus: &Bus, chores: &mut Chores) {
    let mut bytes = Grown::default();
    let mut hints = Vec::with_capacity(ops.len());
    for (op, result) in ops.iter().zip(results) {
        let Ok(done) = result else { continue };
        match (op, done) {
            (
                Op::Append {
                    stream,
                    offset,
                    data,
                    ..
                },
                Done::Appended {
                    length, fresh_from, ..
                },
            ) if length > fresh_from => {
                let fresh = data.slice((fresh_from - offset) as usize..);
                bytes.push(*stream, *fresh_from, fresh, &mut hints);
                chores.grown(*stream);
            }
            (
                _,
                Done::Published {
                    entry: Some(entry), ..
                }
                | Done::Opened {
                    entry: Some(entry), ..
                },
            ) => {
                hints.push(event_hint(entry));
            }
            (
                Op::Close { stream, .. } | Op::Expire { stream, .. },
                Done::Closed { info, entry },
            ) => {
                bytes.flush(&mut hints);
                if let Some(entry) = entry {
                    hints.push(Hint::Closed { end: end(info) });
                    hints.push(event_hint(entry));
                    chores.closed(*stream);
                }
            }
            (Op::Cancel { stream, .. }, Done::Cancelled { wish }) => {
                let (by, reason) = (wish.by.clone(), wish.reason.clone());
                hints.push(Hint::Cancel {
                    notice: CancelNotice {
                        stream: *stream,
                        by,
                        reason,
                    },
                });
            }
            _ => {}
        }
    }
    bytes.flush(&mut hints);
    bus.publish(hints);
}

fn event_hint(entry: &crate::store::op::Entry) -> Hint {
    Hint::Event {
        room: entry.room,
        epoch: entry.epoch.clone(),
        event: entry.event.clone(),
    }
}

fn end(info: &StreamInfo) -> StreamClosed {
    StreamClosed {
        stream: info.stream,
        offset: info.length,
        outcome: info
            .state
            .outcome()
            .unwrap_or(generic_corp_protocol::StreamOutcome::Interrupted),
        exit_code: info.exit_code,
    }
}

/// Bytes of one stream that follow each other.
#[derive(Default)]
struct Grown {
    stream: Option<StreamId>,
    offset: u64,
    first: Bytes,
    joined: BytesMut,
}

impl Grown {
    fn push(&mut self, stream: StreamId, offset: u64, data: Bytes, hints: &mut Vec<Hint>) {
        if self.stream == Some(stream) {
            if self.joined.is_empty() {
                self.joined.extend_from_slice(&self.first);
            }
            self.joined.extend_from_slice(&data);
            return;
        }
        self.flush(hints);
        (self.stream, self.offset, self.first) = (Some(stream), offset, data);
    }

    fn flush(&mut self, hints: &mut Vec<Hint>) {
        let Some(stream) = self.stream.take() else {
            return;
        };
        let first = std::mem::take(&mut self.first);
        let data = if self.joined.is_empty() {
            first
        } else {
            self.joined.split().freeze()
        };
        hints.push(Hint::Bytes {
            stream,
            offset: self.offset,
            data,
        });
    }
}

/// What is done when nothing waits: compaction, one chunk at a time.
#[derive(Default)]
struct Chores {
    streams: HashMap<StreamId, Growth>,
    waiting: VecDeque<StreamId>,
}

/// How far a stream is compacted.
#[derive(Default)]
struct Growth {
    chunks: u32,
    compacted_to: u64,
    closed: bool,
    waiting: bool,
}

impl Chores {
    fn grown(&mut self, stream: StreamId) {
        let growth = self.streams.entry(stream).or_default();
        growth.chunks += 1;
        if growth.chunks >= CHUNKS_BEFORE_COMPACTION {
            self.wait(stream);
        }
    }

    fn closed(&mut self, stream: StreamId) {
        self.streams.entry(stream).or_default().closed = true;
        self.wait(stream);
    }

    fn wait(&mut self, stream: StreamId) {
        let Some(growth) = self.streams.get_mut(&stream) else {
            return;
        };
        growth.chunks = 0;
        if std::mem::replace(&mut growth.waiting, true) {
            return;
        }
        if self.waiting.len() == MAX_COMPACTIONS
            && let Some(oldest) = self.waiting.pop_front()
        {
            self.streams.remove(&oldest);
        }
        self.waiting.push_back(stream);
    }

    /// Does a piece; whether there is more to do.
    fn step(&mut self, appender: &mut Appender) -> bool {
        let Some(stream) = self.waiting.pop_front() else {
            return false;
        };
        let Some(growth) = self.streams.get_mut(&stream) else {
            return true;
        };
        let _turn = appender.turn();
        match appender.compact(stream, growth.compacted_to) {
            Ok(Some(next)) => {
                growth.compacted_to = next;
                self.waiting.push_back(stream);
                return true;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%stream, %error, "a stream was not compacted"),
        }
        growth.waiting = false;
        if growth.closed {
            self.streams.remove(&stream);
        }
        true
    }
}
