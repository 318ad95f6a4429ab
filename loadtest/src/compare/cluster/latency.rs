//! From a publish to viewers of another node, over viewers of the same, and without Redis.

use super::Bench;
use super::crowd::{Crowd, Outcome, ms};
use crate::args::Crossing;
use crate::compare::{median, tell};
use crate::report::{number, table};
use serde_json::{Value, json};
use std::time::Duration;

/// Messages before the first round.
const WARM_UP: Duration = Duration::from_secs(1);
/// Nodes in each cluster.
const NODES: usize = 2;

/// Where viewers are.
struct Place {
    name: &'static str,
    crowd: Crowd,
}

pub(in crate::compare) async fn run(options: &Crossing) -> anyhow::Result<()> {
    let hub = options.common.hub.as_deref();
    let with = Bench::start(hub, NODES, true).await?;
    let without = Bench::start(hub, NODES, false).await?;
    let mut places = Vec::new();
    for (name, bench, node) in [
        ("the same node", &with, 0),
        ("the other node", &with, 1),
        ("the other, without Redis", &without, 1),
    ] {
        let (from, to) = (&bench.tenants[..1], &bench.tenants[node]);
        let crowd = (1, 1, options.connections);
        let crowd = Crowd::gather(crowd, (from, to), options.common.size).await?;
        crowd.at_rate(options.rate[0], WARM_UP).await?;
        places.push(Place { name, crowd });
    }
    let mut rows = Vec::new();
    for rate in &options.rate {
        rows.extend(measure(&places, *rate, options).await?);
    }
    for place in &places {
        place.crowd.check().await?;
    }
    println!("{}", table(&HEADER, rows.iter().map(Row::cells)));
    println!(
        "from the time a message was due until each of {} viewers has it; the publisher is on the first node.",
        options.connections
    );
    let rounds = &options.common.rounds;
    let all = rows.iter().map(Row::json).collect();
    tell("latency", rounds.rounds, all, rounds.json.as_deref())
}

/// Every place in turn, as many rounds as asked for.
async fn measure(places: &[Place], rate: f64, options: &Crossing) -> anyhow::Result<Vec<Row>> {
    let rounds = &options.common.rounds;
    let mut outcomes: Vec<Vec<Outcome>> = places.iter().map(|_| Vec::new()).collect();
    for round in 1..=rounds.rounds {
        for (place, outcomes) in places.iter().zip(&mut outcomes) {
            let outcome = place.crowd.at_rate(rate, rounds.duration).await?;
            eprintln!(
                "{rate:.0}/s, viewers on {}, round {round}: p50 {:.2} ms, p99 {:.2} ms",
                place.name,
                ms(&outcome.delivery, 0.5),
                ms(&outcome.delivery, 0.99)
            );
            outcomes.push(outcome);
        }
    }
    let middle =
        |rounds: &[Outcome], of: &dyn Fn(&Outcome) -> f64| median(rounds.iter().map(of).collect());
    // Each round over its neighbour on the same node.
    let over = |rounds: &[Outcome], quantile: f64| {
        let pairs = rounds.iter().zip(&outcomes[0]);
        let ratio = |(one, same): (&Outcome, &Outcome)| {
            ms(&one.delivery, quantile) / ms(&same.delivery, quantile)
        };
        median(pairs.map(ratio).collect())
    };
    let row = |(place, rounds): (&Place, &Vec<Outcome>)| Row {
        rate,
        name: place.name,
        figures: [
            middle(rounds, &|one| ms(&one.ack, 0.5)),
            middle(rounds, &|one| ms(&one.ack, 0.99)),
            middle(rounds, &|one| ms(&one.delivery, 0.5)),
            middle(rounds, &|one| ms(&one.delivery, 0.99)),
            over(rounds, 0.5),
            over(rounds, 0.99),
        ],
    };
    Ok(places.iter().zip(&outcomes).map(row).collect())
}

struct Row {
    rate: f64,
    name: &'static str,
    figures: [f64; 6],
}

const HEADER: [&str; 8] = [
    "viewers on",
    "messages/s",
    "ack p50 ms",
    "ack p99 ms",
    "delivery p50 ms",
    "delivery p99 ms",
    "p50 over the same node",
    "p99 over the same node",
];

impl Row {
    fn cells(&self) -> Vec<String> {
        let mut cells = vec![self.name.to_owned(), number(self.rate)];
        cells.extend(self.figures.iter().map(|figure| number(*figure)));
        cells
    }

    fn json(&self) -> Value {
        let [ack_p50, ack_p99, p50, p99, over_p50, over_p99] = self.figures;
        json!({
            "viewers_on": self.name, "messages_per_second": self.rate,
            "ack_p50_ms": ack_p50, "ack_p99_ms": ack_p99,
            "delivery_p50_ms": p50, "delivery_p99_ms": p99,
            "p50_over_same_node": over_p50, "p99_over_same_node": over_p99,
        })
    }
}
