//! Streams: every acked byte is there and right, each stream has one beginning and one end in the log, and
//! followers got every byte once.

use super::case::{Case, Followed, Produced, Shown};
use super::{Rule, Violation};
use crate::torture::actor::{content, hex};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;

/// See the module.
pub fn check(case: &Case, found: &mut Vec<Violation>) {
    let standing = count_keys(case);
    for (stream, produced) in &case.produced {
        let mut broken = |rule: Rule, what: String| {
            found.push(rule.broken(format!("stream {stream}: {what}")));
        };
        for what in ["open", "close"] {
            let key = format!("{what}:{stream}");
            let place = (produced.room.as_str(), key.as_str());
            let count = standing.get(&place).copied().unwrap_or(0);
            if count != 1 {
                broken(Rule::StreamEnds, format!("{count} events {what} it"));
            }
        }
        let Some(first) = case.streams.get(&(stream.clone(), 0)) else {
            broken(Rule::Unread, "it was not read".to_owned());
            continue;
        };
        for node in 1..case.nodes {
            if case.streams.get(&(stream.clone(), node)) != Some(first) {
                broken(
                    Rule::Differs,
                    format!("nodes 0 and {node} show it differently"),
                );
            }
        }
        check_bytes(produced, first, &mut broken);
    }
    for ((who, stream), followed) in &case.followed {
        let mut broken = |rule: Rule, what: String| {
            found.push(rule.broken(format!("stream {stream} at {who}: {what}")));
        };
        let produced = case.produced.get(stream);
        let shown = case.streams.get(&(stream.clone(), 0));
        match (produced, shown) {
            (Some(produced), Some(shown)) => {
                check_followed(followed, &produced.key, shown, &mut broken);
            }
            _ => broken(Rule::Stranger, "nobody opened it".to_owned()),
        }
    }
}

/// How often each key of a stream's event stands in each room.
fn count_keys(case: &Case) -> HashMap<(&str, &str), usize> {
    let mut counts = HashMap::new();
    for room in &case.rooms {
        let events = case.log(room).into_iter().flat_map(|log| &log.events);
        for (_, key, _) in events {
            if key.starts_with("open:") || key.starts_with("close:") {
                *counts.entry((room.as_str(), key.as_str())).or_default() += 1;
            }
        }
    }
    counts
}

fn check_bytes(produced: &Produced, shown: &Shown, broken: &mut impl FnMut(Rule, String)) {
    let Shown { state, length, sha } = shown;
    if *length < produced.acked {
        broken(
            Rule::StreamBytes,
            format!("{} bytes were acked, {length} are there", produced.acked),
        );
    }
    if *sha != digest(&produced.key, 0, *length) {
        broken(
            Rule::StreamBytes,
            format!("its {length} bytes are not those that were written"),
        );
    }
    for (written, told, ended) in &produced.closed {
        if told != length || ended != state {
            let was = format!("its producer was told {ended} at {told}, it is {state} at {length}");
            broken(Rule::StreamEnds, was);
        }
        if ended == "completed" && written != length {
            broken(
                Rule::StreamBytes,
                format!("{written} bytes were written, {length} are there"),
            );
        }
    }
    if state == "open" {
        broken(Rule::StreamEnds, "it has no end".to_owned());
    }
}

fn check_followed(
    followed: &Followed,
    key: &str,
    shown: &Shown,
    broken: &mut impl FnMut(Rule, String),
) {
    let mut position = 0;
    for (from, to, sha) in &followed.stretches {
        if *from > position {
            broken(
                Rule::ViewGap,
                format!("byte {from} came after {position} bytes"),
            );
        }
        if *from < position {
            broken(
                Rule::ViewTwice,
                format!("byte {from} came again after {position} bytes"),
            );
        }
        if *to > shown.length || *sha != digest(key, *from, *to) {
            broken(
                Rule::ViewDiffers,
                format!("bytes {from} to {to} are not those of the stream"),
            );
        }
        position = *to;
    }
    match &followed.ends[..] {
        [(length, state)] if *length == shown.length && *state == shown.state => {}
        ends => broken(
            Rule::StreamEnds,
            format!("it was told these ends: {ends:?}"),
        ),
    }
    if position != shown.length {
        broken(
            Rule::ViewGap,
            format!("it has {position} of {} bytes", shown.length),
        );
    }
}

fn digest(key: &str, from: u64, to: u64) -> String {
    hex(&Sha256::digest(content(key, from, to)))
}
