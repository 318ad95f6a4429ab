//! What else must hold: what was counted is what is there, and everything works after the last fault.

use super::case::Case;
use super::{Rule, Violation};
use std::time::Duration;

/// After the last fault every room takes an event, and every viewer has everything, within this time.
pub const LIVENESS: Duration = Duration::from_secs(30);

/// Before the history begins its time the agent may be connected already, for so long.
const AGENT_TIME_BEFORE_MS: u64 = 5_000;

/// The hub's counts equal what is in the logs.
pub fn check_usage(case: &Case, found: &mut Vec<Violation>) {
    let (mut messages, mut streams) = (0, 0);
    for log in case.rooms.iter().filter_map(|room| case.log(room)) {
        for (_, key, _) in &log.events {
            messages += u64::from(!key.starts_with("open:") && !key.starts_with("close:"));
            streams += u64::from(key.starts_with("open:"));
        }
    }
    let of_node = case.streams.iter().filter(|((_, node), _)| *node == 0);
    let bytes = of_node.map(|(_, shown)| shown.length).sum();
    for (meter, there) in [
        ("messages", messages),
        ("streams", streams),
        ("stream_bytes", bytes),
    ] {
        let counted = case.usage.get(meter).copied().unwrap_or(0);
        if counted != there {
            found.push(
                Rule::Usage.broken(format!("{counted} {meter} were counted, {there} are there")),
            );
        }
    }
    check_agent_time(case, found);
}

/// All connections are of one agent: what several nodes count of the same time would be more than has passed. Of what
/// a killed node had not written, seconds are lost, and another one has the agent meanwhile.
fn check_agent_time(case: &Case, found: &mut Vec<Violation>) {
    let counted = case.usage.get("agent_ms").copied().unwrap_or(0);
    let passed = case.usage_at / 1000;
    if counted > passed + AGENT_TIME_BEFORE_MS || counted < passed / 2 {
        found.push(Rule::Usage.broken(format!(
            "{counted} ms of an agent's time were counted, {passed} ms have passed"
        )));
    }
}

/// Nothing stays broken, and no node ended by itself.
pub fn check_life(case: &Case, found: &mut Vec<Violation>) {
    for (node, words) in &case.failed {
        found.push(Rule::Failed.broken(format!("node {node} ended by itself:\n{words}")));
    }
    for (node, room, took) in &case.probes {
        if late(*took) {
            let what = format!("{room} took no event through node {node} in {LIVENESS:?}");
            found.push(Rule::Life.broken(what));
        }
    }
    for (who, took) in &case.reached {
        if late(*took) {
            found.push(Rule::Life.broken(format!("{who} did not see everything in {LIVENESS:?}")));
        }
    }
    if case.probes.is_empty() || case.reached.is_empty() {
        found.push(Rule::Unread.broken("nobody looked whether everything works again".to_owned()));
    }
}

fn late(took: Option<u64>) -> bool {
    took.is_none_or(|us| u128::from(us) > LIVENESS.as_micros())
}
