//! The logs against what was published: gaps, losses, repeats, strangers.

use super::case::{Attempt, Case, Log};
use super::{Rule, Violation};
use crate::torture::history::{Hash, Outcome};
use std::collections::{HashMap, HashSet};

/// After this refusal it is not known whether it happened; every other one says that nothing was done.
const UNSURE: &str = "unavailable";

/// Every log has `seq` 1, 2, 3… up to its head, each key once, and is the same on every node.
pub fn check_logs(case: &Case, found: &mut Vec<Violation>) {
    for room in &case.rooms {
        let Some(first) = case.log(room) else {
            found.push(Rule::Unread.broken(format!("{room} was not read")));
            continue;
        };
        check_numbers(room, first, found);
        check_keys(room, first, found);
        for node in 1..case.nodes {
            match case.logs.get(&(room.clone(), node)) {
                None => {
                    found.push(Rule::Unread.broken(format!("{room} was not read from node {node}")))
                }
                Some(log) if log != first => {
                    found.push(Rule::Differs.broken(differs(room, node, first, log)));
                }
                Some(_) => {}
            }
        }
    }
}

fn check_numbers(room: &str, log: &Log, found: &mut Vec<Violation>) {
    let mut next = 1;
    for (seq, _, _) in &log.events {
        if *seq != next {
            found.push(Rule::LogGap.broken(format!("{room}: {seq} follows {}", next - 1)));
        }
        next = seq + 1;
    }
    if next != log.head + 1 {
        let last = next - 1;
        found.push(Rule::LogGap.broken(format!(
            "{room}: the head is {}, the last event {last}",
            log.head
        )));
    }
}

fn check_keys(room: &str, log: &Log, found: &mut Vec<Violation>) {
    let mut seen = HashMap::new();
    for (seq, key, _) in &log.events {
        if let Some(first) = seen.insert(key, seq) {
            found.push(Rule::Twice.broken(format!("{room}: {key} stands at {first} and at {seq}")));
        }
    }
}

fn differs(room: &str, node: usize, first: &Log, other: &Log) -> String {
    let pairs = first.events.iter().zip(&other.events);
    let at = pairs.take_while(|(one, other)| one == other).count() + 1;
    format!(
        "{room}: nodes 0 and {node} differ from event {at} on (heads {} and {}, epochs {} and {})",
        first.head, other.head, first.epoch, other.epoch
    )
}

/// What was acked stands where it was acked; what was refused stands nowhere; nothing else is there.
pub fn check_attempts(case: &Case, found: &mut Vec<Violation>) {
    for room in &case.rooms {
        let Some(log) = case.log(room) else { continue };
        let at: HashMap<u64, (&str, Hash)> = log
            .events
            .iter()
            .map(|(seq, key, hash)| (*seq, (key.as_str(), *hash)))
            .collect();
        let standing: HashSet<(&str, Hash)> = at.values().copied().collect();
        let attempts: Vec<&Attempt> = case
            .attempts
            .iter()
            .filter(|attempt| attempt.room == *room)
            .collect();
        check_acked(room, &attempts, &at, found);
        check_refused(room, &attempts, &standing, found);
        let tried: HashSet<(&str, Hash)> = attempts
            .iter()
            .map(|attempt| (attempt.key.as_str(), attempt.hash))
            .collect();
        for (seq, key, hash) in &log.events {
            let of_streams = key.starts_with("open:") || key.starts_with("close:");
            if !of_streams && !tried.contains(&(key.as_str(), *hash)) {
                found.push(
                    Rule::Stranger.broken(format!("{room}: nobody published {key} at {seq}")),
                );
            }
        }
    }
}

fn check_acked(
    room: &str,
    attempts: &[&Attempt],
    at: &HashMap<u64, (&str, Hash)>,
    found: &mut Vec<Violation>,
) {
    for attempt in attempts {
        let Outcome::Acked { seq, .. } = attempt.outcome else {
            continue;
        };
        let key = &attempt.key;
        match at.get(&seq) {
            Some((there, hash)) if there == key && *hash == attempt.hash => {}
            Some((there, _)) => {
                found.push(Rule::Lost.broken(format!(
                    "{room}: {key} was acked at {seq}, where {there} stands"
                )));
            }
            None => found.push(Rule::Lost.broken(format!(
                "{room}: {key} was acked at {seq}, where nothing stands"
            ))),
        }
    }
}

fn check_refused(
    room: &str,
    attempts: &[&Attempt],
    standing: &HashSet<(&str, Hash)>,
    found: &mut Vec<Violation>,
) {
    let mut refused: HashMap<(&str, Hash), bool> = HashMap::new();
    for attempt in attempts {
        let sure = matches!(&attempt.outcome, Outcome::Refused { code } if code != UNSURE);
        let all = refused
            .entry((attempt.key.as_str(), attempt.hash))
            .or_insert(true);
        *all &= sure;
    }
    for ((key, hash), refused) in refused {
        if refused && standing.contains(&(key, hash)) {
            found.push(
                Rule::Refused.broken(format!("{room}: {key} was refused and stands in the log")),
            );
        }
    }
}

/// What was sent together over one connection stands in that order in its room.
pub fn check_order(case: &Case, found: &mut Vec<Violation>) {
    let mut last: HashMap<(&str, &str, u64), (u64, &str)> = HashMap::new();
    for attempt in &case.attempts {
        let (Some((who, burst)), Outcome::Acked { seq, duplicate }) =
            (&attempt.burst, &attempt.outcome)
        else {
            continue;
        };
        let (room, key) = (&attempt.room, &attempt.key);
        let before = last.insert((who, room, *burst), (*seq, key));
        if let Some((earlier, first)) = before
            && earlier >= *seq
            && !duplicate
        {
            let what = format!("{room}: {first} at {earlier} was sent before {key} at {seq}");
            found.push(Rule::Order.broken(what));
        }
    }
}
