//! What nodes cost Redis: idle, and for an event that is published on one and watched on the other.

use super::crowd::{Crowd, Outcome};
use super::info::Info;
use super::{Bench, cpu_us, since};
use crate::args::Carrying;
use crate::compare::{median, tell};
use crate::report::{number, table};
use anyhow::Context as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Messages before the first round.
const WARM_UP: Duration = Duration::from_secs(1);
const NODES: usize = 2;

pub(in crate::compare) async fn run(options: &Carrying) -> anyhow::Result<()> {
    let bench = Bench::start(options.common.hub.as_deref(), NODES, true).await?;
    let place = (&bench.tenants[..1], &bench.tenants[1]);
    let crowd = Crowd::gather((1, 1, options.connections), place, options.common.size).await?;
    crowd.closed(1, WARM_UP).await?;
    let rounds = &options.common.rounds;
    let mut idle = Vec::new();
    for _ in 0..rounds.rounds {
        idle.push(idle_round(&bench, rounds.duration).await?);
    }
    let mut rows = Vec::new();
    for in_flight in &options.in_flight {
        let mut loaded = Vec::new();
        for round in 1..=rounds.rounds {
            let one = loaded_round(&bench, &crowd, *in_flight, rounds.duration).await?;
            eprintln!(
                "{in_flight} in flight, round {round}: {:.3} commands, {:.0} B in, {:.0} B out an event",
                one[2], one[4], one[5]
            );
            loaded.push(one);
        }
        let middle = |at: usize| median(loaded.iter().map(|round| round[at]).collect());
        rows.push((*in_flight, std::array::from_fn(middle)));
    }
    crowd.check().await?;
    let idle = tell_idle(&idle);
    println!("{}", table(&HEADER, rows.iter().map(cells)));
    println!(
        "one publisher on a node, {} viewers on the other; bytes as Redis counts them, everything included.",
        options.connections
    );
    let all = std::iter::once(idle).chain(rows.iter().map(row)).collect();
    tell("redis", rounds.rounds, all, rounds.json.as_deref())
}

/// What a node costs in a second when nobody says anything.
struct Idle {
    bytes_in: f64,
    bytes_out: f64,
    calls: BTreeMap<String, f64>,
}

async fn idle_round(bench: &Bench, duration: Duration) -> anyhow::Result<Idle> {
    let (before, begun) = (info(bench).await?, Instant::now());
    tokio::time::sleep(duration).await;
    let spent = info(bench).await?.since(&before);
    let share = NODES as f64 * begun.elapsed().as_secs_f64();
    let calls = spent.calls.into_iter();
    Ok(Idle {
        bytes_in: spent.bytes_in / share,
        bytes_out: spent.bytes_out / share,
        calls: calls.map(|(name, calls)| (name, calls / share)).collect(),
    })
}

async fn info(bench: &Bench) -> anyhow::Result<Info> {
    Info::of(bench.redis.as_ref().context("there is a Redis")?.address).await
}

/// Prints it, and gives it as a row.
fn tell_idle(rounds: &[Idle]) -> Value {
    let middle = |of: &dyn Fn(&Idle) -> f64| median(rounds.iter().map(of).collect());
    let names: std::collections::BTreeSet<_> =
        rounds.iter().flat_map(|round| round.calls.keys()).collect();
    let call = |name: &str| middle(&|round| round.calls.get(name).copied().unwrap_or(0.0));
    let mut figures: Vec<_> = names
        .iter()
        .map(|name| (name.to_uppercase(), call(name)))
        .collect();
    figures.push(("bytes in".to_owned(), middle(&|round| round.bytes_in)));
    figures.push(("bytes out".to_owned(), middle(&|round| round.bytes_out)));
    let rows = figures
        .iter()
        .map(|(name, value)| vec![name.clone(), number(*value)]);
    println!("{}", table(&["idle", "a node and second"], rows));
    json!({ "idle": figures.into_iter().collect::<BTreeMap<_, _>>() })
}

/// In the order of [`NAMES`].
type Figures = [f64; 9];

async fn loaded_round(
    bench: &Bench,
    crowd: &Crowd,
    in_flight: usize,
    duration: Duration,
) -> anyhow::Result<Figures> {
    let (counted, cpu, before) = (bench.counters().await?, bench.cpu()?, info(bench).await?);
    let Outcome {
        events, per_second, ..
    } = crowd.closed(in_flight, duration).await?;
    let spent = info(bench).await?.since(&before);
    let cpu = cpu_us(&bench.cpu()?, &cpu);
    let counters = bench.counters().await?;
    let count = |name: &str| since(&counters, &counted, name);
    let events = events as f64;
    let publishes = spent.calls.get("publish").copied().unwrap_or(0.0);
    Ok([
        per_second,
        events / count("generic_corp_commit_operations_count"),
        spent.commands / events,
        count("generic_corp_bus_hints_sent_total") / publishes,
        spent.bytes_in / events,
        spent.bytes_out / events,
        count("generic_corp_bus_bytes_sent_total") / events,
        spent.cpu_us / events,
        cpu / events,
    ])
}

const HEADER: [&str; 10] = [
    "in flight",
    "events/s",
    "events/commit",
    "commands/event",
    "hints/PUBLISH",
    "bytes in/event",
    "bytes out/event",
    "of it the envelope",
    "Redis µs/event",
    "both nodes µs/event",
];

const NAMES: [&str; 9] = [
    "events_per_second",
    "events_per_commit",
    "commands_per_event",
    "hints_per_publish",
    "bytes_in_per_event",
    "bytes_out_per_event",
    "envelope_bytes_per_event",
    "redis_cpu_us_per_event",
    "nodes_cpu_us_per_event",
];

fn cells((in_flight, figures): &(usize, Figures)) -> Vec<String> {
    let mut cells = vec![in_flight.to_string()];
    cells.extend(figures.map(number));
    cells
}

fn row((in_flight, figures): &(usize, Figures)) -> Value {
    let mut row = json!({ "in_flight": in_flight });
    for (name, value) in NAMES.iter().zip(figures) {
        row[*name] = json!(value);
    }
    row
}
