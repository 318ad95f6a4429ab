//! Figures of a history: counts, and how long it took until things worked again.

use super::case::{Attempt, Case, Fault};
use crate::torture::history::Outcome;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// Times in microseconds, sorted.
#[derive(Clone, Debug, Default)]
pub struct Times(Vec<u64>);

impl Times {
    /// Of these.
    pub fn new(mut times: Vec<u64>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The time that this share of them does not exceed, in milliseconds.
    pub fn ms(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let index = (share * self.0.len() as f64).ceil() as usize;
        let time = self.0.get(index.saturating_sub(1).min(last));
        time.copied().unwrap_or(0) as f64 / 1e3
    }
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Events in the logs.
    pub events: u64,
    /// Attempts by how they ended.
    pub attempts: BTreeMap<String, u64>,
    /// Faults by kind.
    pub faults: BTreeMap<String, u64>,
    /// Streams by how they ended.
    pub streams: BTreeMap<String, u64>,
    /// Bytes of streams.
    pub stream_bytes: u64,
    /// Of publishes that were acked at the first attempt that reached a node.
    pub ack: Times,
    /// See [`recoveries`].
    pub recovery: Times,
    /// From the end of a viewer's connection until it was in its rooms again.
    pub reconnect: Times,
    /// From the last fault until every room took an event through every node.
    pub probes: Times,
}

impl Figures {
    /// Of this case.
    pub fn of(case: &Case) -> Self {
        let mut figures = Self {
            reconnect: Times::new(case.aways.clone()),
            recovery: Times::new(recoveries(case)),
            probes: Times::new(
                case.probes
                    .iter()
                    .filter_map(|(_, _, took)| *took)
                    .collect(),
            ),
            ..Self::default()
        };
        for room in &case.rooms {
            figures.events += case.log(room).map_or(0, |log| log.events.len() as u64);
        }
        let mut acks = Vec::new();
        for attempt in &case.attempts {
            if let Outcome::Acked {
                duplicate: false, ..
            } = attempt.outcome
            {
                acks.push(attempt.done - attempt.begun);
            }
            *figures.attempts.entry(name(&attempt.outcome)).or_default() += 1;
        }
        figures.ack = Times::new(acks);
        for fault in case.faults.values() {
            *figures.faults.entry(fault.kind.clone()).or_default() += 1;
        }
        for ((_, node), shown) in &case.streams {
            if *node == 0 {
                *figures.streams.entry(shown.state.clone()).or_default() += 1;
                figures.stream_bytes += shown.length;
            }
        }
        figures
    }
}

fn name(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Acked {
            duplicate: false, ..
        } => "acked".to_owned(),
        Outcome::Acked {
            duplicate: true, ..
        } => "acked again".to_owned(),
        Outcome::Refused { code } => format!("refused: {code}"),
        Outcome::Unknown { why } => format!("unknown: {why}"),
    }
}

/// How long each fault had an effect after it was over, as publishers saw it. Left out are faults after which
/// another one held a node of theirs up.
fn recoveries(case: &Case) -> Vec<u64> {
    let mut acked: HashMap<usize, Vec<&Attempt>> = HashMap::new();
    for attempt in &case.attempts {
        if matches!(attempt.outcome, Outcome::Acked { .. }) {
            acked.entry(attempt.node).or_default().push(attempt);
        }
    }
    let first_after = |node: &usize, healed: u64| {
        let attempts = acked.get(node)?;
        // They are sorted by the time when they were done.
        let from = attempts.partition_point(|attempt| attempt.done < healed);
        let mut after = attempts[from..].iter();
        let first = after.find(|attempt| attempt.begun >= healed)?;
        Some(first.done - healed)
    };
    let of_fault = |(id, fault): (&u64, &Fault)| {
        let healed = fault.healed?;
        let times = fault.nodes.iter().map(|node| first_after(node, healed));
        let took = times.collect::<Option<Vec<u64>>>()?.into_iter().max()?;
        let mut others = case.faults.iter().filter(|(other, _)| *other != id);
        let disturbed = others.any(|(_, other)| disturbs(other, fault, healed..healed + took));
        (!disturbed).then_some(took)
    };
    case.faults.iter().filter_map(of_fault).collect()
}

/// Whether another fault was there at that time and concerned a node of this one.
fn disturbs(other: &Fault, fault: &Fault, time: Range<u64>) -> bool {
    let there = other.begun < time.end && other.healed.is_none_or(|healed| healed > time.start);
    there && other.nodes.iter().any(|node| fault.nodes.contains(node))
}
