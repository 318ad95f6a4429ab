//! The figures of a run, by name. What was not looked at has none.

use super::{Results, Spent};
use crate::check::Viewer;
use std::collections::BTreeMap;

/// All but the latencies.
pub fn all(results: &Results) -> BTreeMap<String, f64> {
    let mut metrics = results.extra.clone();
    count(&mut metrics, results);
    check_rooms(&mut metrics, results);
    check_streams(&mut metrics, results);
    if let Some(spent) = &results.hub {
        look_at_hub(&mut metrics, spent, results);
    }
    metrics
}

/// What was sent, acked and delivered.
fn count(metrics: &mut BTreeMap<String, f64>, results: &Results) {
    let tally = &results.shared.tally;
    let (sent, delivered) = (tally.sent.get() as f64, tally.delivered.get() as f64);
    let mut put = |name: &str, value: f64| metrics.insert(name.to_owned(), value);
    put("seconds", results.seconds);
    put("errors", tally.errors().values().sum::<u64>() as f64);
    if sent > 0.0 {
        put("sent", sent);
        put("sent_per_second", sent / results.sending);
        put("acked", tally.acked.get() as f64);
        put("unacked", sent - tally.acked.get() as f64);
        put("delivered", delivered);
        put("delivered_per_second", delivered / results.seconds);
    }
}

fn check_rooms(metrics: &mut BTreeMap<String, f64>, results: &Results) {
    let Some(heads) = &results.heads else { return };
    let ledger = results.shared.ledger.borrow();
    let sum = |of: fn(&Viewer) -> u64| {
        results
            .clients
            .iter()
            .map(|client| of(&client.viewer.borrow()))
            .sum::<u64>() as f64
    };
    let missing: u64 = results
        .clients
        .iter()
        .map(|client| client.viewer.borrow().lost(heads))
        .sum();
    let figures = [
        ("events_checked", sum(|viewer| viewer.seen)),
        // What was acked and reached nobody is lost too, even if the store's head does not show it.
        ("lost", (missing + ledger.unseen()) as f64),
        ("duplicate", sum(|viewer| viewer.duplicate)),
        ("out_of_order", sum(|viewer| viewer.out_of_order)),
        ("gaps", sum(|viewer| viewer.gaps)),
        (
            "corrupt",
            ledger.corrupt() as f64 + sum(|viewer| viewer.foreign),
        ),
    ];
    metrics.extend(figures.map(|(name, value)| (name.to_owned(), value)));
}

fn check_streams(metrics: &mut BTreeMap<String, f64>, results: &Results) {
    let shared = &results.shared;
    let followed = shared.followed.get();
    if followed == 0 {
        return;
    }
    let (verified, mismatched) = (shared.verified.get(), shared.mismatched.get());
    let bytes: u64 = shared
        .streams
        .borrow()
        .values()
        .map(|produced| produced.length)
        .sum();
    let figures = [
        ("streams.written", shared.streams.borrow().len() as f64),
        ("streams.bytes", bytes as f64),
        ("streams.followed", followed as f64),
        ("streams.verified", verified as f64),
        ("streams.mismatched", mismatched as f64),
        (
            "streams.unfinished",
            followed.saturating_sub(verified + mismatched) as f64,
        ),
    ];
    metrics.extend(figures.map(|(name, value)| (name.to_owned(), value)));
}

fn look_at_hub(metrics: &mut BTreeMap<String, f64>, spent: &Spent, results: &Results) {
    let mut put = |name: &str, value: f64| metrics.insert(format!("hub.{name}"), value);
    put("cpu_percent", spent.cpu_us / results.seconds / 1e4);
    let delivered = results.shared.tally.delivered.get();
    if delivered > 0 {
        put("cpu_us_per_delivery", spent.cpu_us / delivered as f64);
    }
    if let Some(bytes) = spent.resident_bytes {
        put("rss_mib", bytes as f64 / 1_048_576.0);
    }
    let (before, after) = &spent.counters;
    let counted = |name: &str| after.since(before, name);
    let (frames, writes) = (
        counted("generic_corp_frames_sent_total"),
        counted("generic_corp_writes_total"),
    );
    if writes > 0.0 {
        put("frames_per_write", frames / writes);
    }
    let commits = counted("generic_corp_commit_operations_count");
    if commits > 0.0 {
        put(
            "operations_per_commit",
            counted("generic_corp_commit_operations_sum") / commits,
        );
    }
}
