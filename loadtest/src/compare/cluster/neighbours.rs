//! A hot room and many quiet ones: each alone, and together.

use super::Bench;
use super::crowd::{Crowd, Outcome, ms};
use crate::args::Neighbouring;
use crate::compare::{median, tell};
use crate::report::{number, table};
use serde_json::{Value, json};
use std::time::Duration;

/// Messages before the first round.
const WARM_UP: Duration = Duration::from_secs(1);
const NODES: usize = 2;
/// Connections that publish into the quiet rooms, spread over the nodes.
const QUIET_PUBLISHERS: usize = 10;
/// Connections that watch them; each may be in a hundred rooms.
const ROOMS_OF_A_VIEWER: usize = 100;

/// Who speaks in a round.
const ALONE: &str = "alone";
const TOGETHER: &str = "together";

pub(in crate::compare) async fn run(options: &Neighbouring) -> anyhow::Result<()> {
    let bench = Bench::start(options.common.hub.as_deref(), NODES, true).await?;
    let (size, rounds) = (options.common.size, &options.common.rounds);
    let other = &bench.tenants[1];
    let hot = Crowd::gather((1, 1, 1), (&bench.tenants[..1], other), size).await?;
    eprintln!("making {} rooms", options.rooms);
    let viewers = options.rooms.div_ceil(ROOMS_OF_A_VIEWER);
    let many = (options.rooms, QUIET_PUBLISHERS, viewers);
    let quiet = Crowd::gather(many, (&bench.tenants, other), size).await?;
    hot.closed(options.in_flight, WARM_UP).await?;
    quiet.at_rate(options.rate, WARM_UP).await?;
    let mut rows = [
        Row::new("quiet rooms", ALONE),
        Row::new("quiet rooms", TOGETHER),
        Row::new("hot room", ALONE),
        Row::new("hot room", TOGETHER),
    ];
    for round in 1..=rounds.rounds {
        let speak_hot = || hot.closed(options.in_flight, rounds.duration);
        let speak_quiet = || quiet.at_rate(options.rate, rounds.duration);
        let alone = (speak_quiet().await?, speak_hot().await?);
        let (quiet, hot) = tokio::try_join!(speak_quiet(), speak_hot())?;
        for (row, outcome) in rows.iter_mut().zip([alone.0, quiet, alone.1, hot]) {
            eprintln!(
                "{} {}, round {round}: {:.0}/s, delivery p50 {:.2} ms, p99 {:.2} ms",
                row.who,
                row.how,
                outcome.per_second,
                ms(&outcome.delivery, 0.5),
                ms(&outcome.delivery, 0.99)
            );
            row.rounds.push(outcome);
        }
    }
    hot.check().await?;
    quiet.check().await?;
    println!("{}", table(&HEADER, rows.iter().map(Row::cells)));
    println!(
        "{} quiet rooms, published to from both nodes; one hot publisher with {} in flight on the first; everybody watches on the second.",
        options.rooms, options.in_flight
    );
    let all = rows.iter().map(Row::json).collect();
    tell("neighbours", rounds.rounds, all, rounds.json.as_deref())
}

struct Row {
    who: &'static str,
    how: &'static str,
    rounds: Vec<Outcome>,
}

const HEADER: [&str; 7] = [
    "rooms",
    "speak",
    "events/s",
    "ack p50 ms",
    "ack p99 ms",
    "delivery p50 ms",
    "delivery p99 ms",
];

impl Row {
    fn new(who: &'static str, how: &'static str) -> Self {
        Self {
            who,
            how,
            rounds: Vec::new(),
        }
    }

    fn figures(&self) -> [(&'static str, f64); 5] {
        let middle = |of: &dyn Fn(&Outcome) -> f64| median(self.rounds.iter().map(of).collect());
        [
            ("events_per_second", middle(&|one| one.per_second)),
            ("ack_p50_ms", middle(&|one| ms(&one.ack, 0.5))),
            ("ack_p99_ms", middle(&|one| ms(&one.ack, 0.99))),
            ("delivery_p50_ms", middle(&|one| ms(&one.delivery, 0.5))),
            ("delivery_p99_ms", middle(&|one| ms(&one.delivery, 0.99))),
        ]
    }

    fn cells(&self) -> Vec<String> {
        let mut cells = vec![self.who.to_owned(), self.how.to_owned()];
        cells.extend(self.figures().map(|(_, value)| number(value)));
        cells
    }

    fn json(&self) -> Value {
        let mut row = json!({ "rooms": self.who, "speak": self.how });
        for (name, value) in self.figures() {
            row[name] = value.into();
        }
        row
    }
}
