//! Durable publishes on PostgreSQL, and a bare loop of commits with the same statements and sizes.

use super::bare::Bare;
use super::crowd::{Crowd, ms};
use super::{Bench, since};
use crate::args::Committing;
use crate::compare::{median, tell};
use crate::report::{number, table};
use serde_json::{Value, json};
use std::time::Duration;

/// Rooms that are published to.
const ROOMS: usize = 5;
/// Messages before the first round.
const WARM_UP: Duration = Duration::from_secs(1);

pub(in crate::compare) async fn run(options: &Committing) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for nodes in &options.nodes {
        // Alone, a node needs no Redis.
        let bench = Bench::start(options.common.hub.as_deref(), *nodes, *nodes > 1).await?;
        let rooms = bench.tenants[0].rooms(ROOMS).await?;
        let mut bare = Bare::open(&bench.postgres.url(bench.postgres.address), &rooms).await?;
        for publishers in &options.connections {
            rows.push(measure(&bench, &mut bare, *publishers, options).await?);
        }
    }
    println!("{}", table(&HEADER, rows.iter().map(Row::cells)));
    println!(
        "bare: one connection, the same statements and rows per commit, nothing around it and nobody beside it."
    );
    let rounds = &options.common.rounds;
    let all = rows.iter().map(Row::json).collect();
    tell("postgres", rounds.rounds, all, rounds.json.as_deref())
}

async fn measure(
    bench: &Bench,
    bare: &mut Bare,
    publishers: usize,
    options: &Committing,
) -> anyhow::Result<Row> {
    let (size, rounds) = (options.common.size, &options.common.rounds);
    let crowd = (ROOMS.min(publishers), publishers, 0);
    let crowd = Crowd::gather(crowd, (&bench.tenants, &bench.tenants[0]), size).await?;
    crowd.closed(1, WARM_UP).await?;
    let mut row = Row {
        nodes: bench.nodes.len(),
        publishers,
        rounds: Vec::new(),
    };
    for round in 1..=rounds.rounds {
        let counted = bench.counters().await?;
        let ours = crowd.closed(1, rounds.duration).await?;
        let counters = bench.counters().await?;
        let count = |name: &str| since(&counters, &counted, name);
        let per_commit = ours.events as f64 / count("generic_corp_commit_operations_count");
        let bare = bare
            .events(per_commit, size as usize, rounds.duration)
            .await?;
        eprintln!(
            "{} nodes, {publishers} publishers, round {round}: {:.0} events/s, bare {:.0}",
            row.nodes, ours.per_second, bare.rows_per_second
        );
        row.rounds.push([
            ours.per_second,
            ms(&ours.ack, 0.5),
            ms(&ours.ack, 0.99),
            per_commit,
            bare.rows_per_second,
            ms(&bare.commit, 0.5),
            ours.per_second / bare.rows_per_second,
        ]);
    }
    crowd.check().await?;
    Ok(row)
}

struct Row {
    nodes: usize,
    publishers: usize,
    /// Each in the order of [`NAMES`].
    rounds: Vec<[f64; 7]>,
}

const HEADER: [&str; 9] = [
    "nodes",
    "publishers",
    "events/s",
    "ack p50 ms",
    "ack p99 ms",
    "events/commit",
    "bare rows/s",
    "bare commit ms",
    "hub / bare",
];

const NAMES: [&str; 7] = [
    "events_per_second",
    "ack_p50_ms",
    "ack_p99_ms",
    "events_per_commit",
    "bare_rows_per_second",
    "bare_commit_ms",
    "ratio",
];

impl Row {
    fn figures(&self) -> [f64; 7] {
        std::array::from_fn(|at| median(self.rounds.iter().map(|round| round[at]).collect()))
    }

    fn cells(&self) -> Vec<String> {
        let mut cells = vec![self.nodes.to_string(), self.publishers.to_string()];
        cells.extend(self.figures().map(number));
        cells
    }

    fn json(&self) -> Value {
        let mut row = json!({ "nodes": self.nodes, "publishers": self.publishers });
        for (name, value) in NAMES.iter().zip(self.figures()) {
            row[*name] = value.into();
        }
        row
    }
}
