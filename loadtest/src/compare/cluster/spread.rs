//! Fan-out to viewers on two nodes, over as many on one.

use super::info::Info;
use super::{Bench, cpu_us};
use crate::args::Spreading;
use crate::client::{Client, Habits, Lane, Shared};
use crate::compare::fanout::Flow;
use crate::compare::{median, tell};
use crate::report::{number, table};
use crate::scenario::enter;
use crate::tally::{Clock, Latency, Tally};
use crate::tenant::Tenant;
use crate::wire::Stamp;
use anyhow::{Context as _, bail};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

const NODES: usize = 2;
/// Connections that publish, all on the first node; none of them is in the room.
const PUBLISHERS: usize = 4;
/// Messages before the first round.
const WARM_UP: u64 = 200;
/// Without a byte for this long, everybody was told who is in the room.
const QUIET: Duration = Duration::from_secs(1);

pub(in crate::compare) async fn run(options: &Spreading) -> anyhow::Result<()> {
    let bench = Bench::start(options.common.hub.as_deref(), NODES, true).await?;
    let rounds = &options.common.rounds;
    let mut rows = Vec::new();
    for connections in &options.connections {
        eprintln!("{connections} sockets: connecting");
        let mut sides = [
            Side::start(&bench, 1, *connections, options.common.size).await?,
            Side::start(&bench, NODES, *connections, options.common.size).await?,
        ];
        for in_flight in &options.in_flight {
            let mut measured = [Vec::new(), Vec::new()];
            for round in 1..=rounds.rounds {
                for (side, measured) in sides.iter_mut().zip(&mut measured) {
                    let one = side.round(&bench, *in_flight, rounds.duration).await?;
                    eprintln!(
                        "  {in_flight} in flight, on {} nodes, round {round}: {:.0}/s, {:.3} µs",
                        side.nodes, one[0], one[1]
                    );
                    measured.push(one);
                }
            }
            rows.push(Row::of(*connections, *in_flight, &measured));
        }
        for side in sides {
            side.check().await?;
        }
    }
    println!("{}", table(&HEADER, rows.iter().map(Row::cells)));
    println!(
        "µs of processor time per delivery, that of both nodes together; publishers are on the first."
    );
    let all = rows.iter().map(Row::json).collect();
    tell("spread", rounds.rounds, all, rounds.json.as_deref())
}

/// A room whose viewers are on the first node, or on both.
struct Side {
    nodes: usize,
    tenant: Rc<Tenant>,
    shared: Rc<Shared>,
    lane: Rc<Lane>,
    room: String,
    publishers: Vec<Rc<Client>>,
    viewers: Vec<Rc<Client>>,
    size: usize,
    number: u64,
}

impl Side {
    async fn start(
        bench: &Bench,
        nodes: usize,
        connections: usize,
        size: u64,
    ) -> anyhow::Result<Self> {
        let tenant = bench.tenants[0].clone();
        let room = tenant.rooms(1).await?.remove(0);
        let shared = Shared::new(Tally::new(Clock::start(), Latency::Delivery));
        let lane = Rc::new(Lane::default());
        let habits = Habits {
            lane: Some(lane.clone()),
            ..Habits::default()
        };
        let viewer =
            |index: usize| Client::new(&bench.tenants[index % nodes], &shared, habits.clone());
        let viewers: Vec<_> = (0..connections).map(viewer).collect();
        let publisher = |_| Client::new(&tenant, &shared, Habits::default());
        let publishers: Vec<_> = (0..PUBLISHERS).map(publisher).collect();
        let inside = viewers.iter().map(|one| (one.clone(), vec![room.clone()]));
        let outside = publishers.iter().map(|one| (one.clone(), Vec::new()));
        enter(inside.chain(outside).collect(), &ProgressBar::hidden()).await?;
        let mut last = 0;
        while last != shared.tally.bytes.get() {
            last = shared.tally.bytes.get();
            tokio::time::sleep(QUIET).await;
        }
        let mut side = Self {
            nodes,
            tenant,
            shared,
            lane,
            room,
            publishers,
            viewers,
            size: size as usize,
            number: 0,
        };
        let lane = side.lane.clone();
        let mut flow = Flow::begin(&lane, connections);
        while flow.sent < WARM_UP {
            side.publish(&mut flow);
            flow.at_most(0).await?;
        }
        Ok(side)
    }

    /// Without an ack, so that every frame the nodes send is a delivery.
    fn publish(&mut self, flow: &mut Flow<'_>) {
        let publisher = &self.publishers[self.number as usize % PUBLISHERS];
        let stamp = Stamp {
            sent_at: 0,
            number: self.number,
        };
        publisher.publish_unacked(&self.room, stamp, self.size);
        self.number += 1;
        flow.sent += 1;
    }

    /// Keeps `in_flight` messages on their way until everybody has them.
    async fn round(
        &mut self,
        bench: &Bench,
        in_flight: u64,
        duration: Duration,
    ) -> anyhow::Result<Figures> {
        let redis = bench.redis.as_ref().context("there is a Redis")?.address;
        let (told, before, begun) = (Info::of(redis).await?, bench.cpu()?, Instant::now());
        let lane = self.lane.clone();
        let mut flow = Flow::begin(&lane, self.viewers.len());
        while begun.elapsed() < duration {
            flow.at_most(in_flight - 1).await?;
            while flow.on_their_way() < in_flight {
                self.publish(&mut flow);
            }
        }
        flow.at_most(0).await?;
        let seconds = begun.elapsed().as_secs_f64();
        let cpu = cpu_us(&bench.cpu()?, &before);
        let redis = Info::of(redis).await?.since(&told).cpu_us;
        let deliveries = flow.deliveries();
        Ok([deliveries / seconds, cpu / deliveries, redis / deliveries])
    }

    /// That every viewer has every message, once and in order.
    async fn check(&self) -> anyhow::Result<()> {
        let head = self.tenant.room(&self.room).await?.head;
        let heads = HashMap::from([(self.room.as_bytes().to_vec(), head)]);
        let faults = |client: &Rc<Client>| {
            let viewer = client.viewer.borrow();
            viewer.lost(&heads) + viewer.duplicate + viewer.out_of_order + viewer.gaps
        };
        let faults: u64 = self.viewers.iter().map(faults).sum();
        let (errors, sent) = (self.shared.tally.errors(), self.number);
        if faults > 0 || head != sent || !errors.is_empty() {
            bail!(
                "{sent} sent, {head} stored, {faults} lost, repeated or moved, errors: {errors:?}"
            );
        }
        Ok(())
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        self.viewers
            .iter()
            .chain(&self.publishers)
            .for_each(|client| client.cut());
    }
}

/// Deliveries a second, processor time of the nodes and of Redis per delivery.
type Figures = [f64; 3];

struct Row {
    connections: usize,
    in_flight: u64,
    one: Figures,
    two: Figures,
    /// Of each round on two nodes with its neighbour on one.
    rate: f64,
    cpu: f64,
}

const HEADER: [&str; 9] = [
    "sockets",
    "in flight",
    "on one: deliveries/s",
    "µs/delivery",
    "on two: deliveries/s",
    "µs/delivery",
    "Redis µs/delivery",
    "deliveries/s, two over one",
    "µs, two over one",
];

impl Row {
    fn of(connections: usize, in_flight: u64, [one, two]: &[Vec<Figures>; 2]) -> Self {
        let middle = |rounds: &[Figures]| {
            std::array::from_fn(|at| median(rounds.iter().map(|round| round[at]).collect()))
        };
        let over = |at: usize| {
            let pairs = one.iter().zip(two);
            median(pairs.map(|(one, two)| two[at] / one[at]).collect())
        };
        Self {
            connections,
            in_flight,
            one: middle(one),
            two: middle(two),
            rate: over(0),
            cpu: over(1),
        }
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.connections.to_string(),
            self.in_flight.to_string(),
            number(self.one[0].round()),
            number(self.one[1]),
            number(self.two[0].round()),
            number(self.two[1]),
            number(self.two[2]),
            format!("{:.2}", self.rate),
            format!("{:.2}", self.cpu),
        ]
    }

    fn json(&self) -> Value {
        json!({
            "connections": self.connections, "in_flight": self.in_flight,
            "one_deliveries_per_second": self.one[0], "one_cpu_us_per_delivery": self.one[1],
            "two_deliveries_per_second": self.two[0], "two_cpu_us_per_delivery": self.two[1],
            "redis_cpu_us_per_delivery": self.two[2],
            "deliveries_two_over_one": self.rate, "cpu_two_over_one": self.cpu,
        })
    }
}
