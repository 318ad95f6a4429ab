//! Durable publishes: what the hub commits and acks, and a bare loop of SQLite commits of the same size.

use super::{median, tell};
use crate::args::{Durability, Publishing};
use crate::client::{Client, Habits, Shared};
use crate::closed;
use crate::commits::Bare;
use crate::hub::Hub;
use crate::report::{number, table};
use crate::scenario::enter;
use crate::tally::{Clock, Latency, Tally};
use crate::tenant::Tenant;
use anyhow::{Context as _, bail};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Rooms that are published to.
const ROOMS: usize = 5;
/// How long the last acks of a round may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// One round of the hub and of the bare loop.
struct Round {
    events_per_second: f64,
    ack_p50_ms: f64,
    ack_p99_ms: f64,
    per_commit: f64,
    bare_per_second: f64,
    bare_commit_ms: f64,
}

struct Row {
    durability: Durability,
    in_flight: usize,
    rounds: Vec<Round>,
}

pub(super) async fn run(options: &Publishing) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for durability in [Durability::Full, Durability::Normal] {
        let side = Side::start(options, durability).await?;
        for in_flight in &options.in_flight {
            rows.push(side.row(options, *in_flight).await?);
        }
        side.stop().await?;
    }
    println!("{}", table(&HEADER, rows.iter().map(Row::cells)));
    println!("bare: one connection, the same rows, index and rows per commit, nothing around it.");
    let all = rows
        .iter()
        .map(|row| row.json(options.connections))
        .collect();
    tell(
        "publish",
        options.rounds.rounds,
        all,
        options.rounds.json.as_deref(),
    )
}

/// A hub with its publishers, and a bare database.
struct Side {
    durability: Durability,
    hub: Hub,
    tenant: Rc<Tenant>,
    shared: Rc<Shared>,
    rooms: Vec<String>,
    load: closed::Load,
    bare_folder: tempfile::TempDir,
}

impl Side {
    async fn start(options: &Publishing, durability: Durability) -> anyhow::Result<Self> {
        let hub = Hub::start(options.hub.as_deref(), durability).await?;
        let tenant = Rc::new(Tenant::on(&hub).await?);
        let rooms = tenant.rooms(ROOMS).await?;
        let shared = Shared::new(Tally::new(Clock::start(), Latency::Ack));
        let make = |index: usize| {
            (
                Client::new(&tenant, &shared, Habits::default()),
                rooms[index % ROOMS].clone(),
            )
        };
        let publishers: Vec<_> = (0..options.connections).map(make).collect();
        let entering = publishers
            .iter()
            .map(|(client, _)| (client.clone(), Vec::new()));
        enter(entering.collect(), &ProgressBar::hidden()).await?;
        let load = closed::Load {
            publishers,
            in_flight: 1,
            size: options.size as usize,
            number: Rc::default(),
        };
        let bare_folder = tempfile::Builder::new().prefix("loadtest-").tempdir()?;
        Ok(Self {
            durability,
            hub,
            tenant,
            shared,
            rooms,
            load,
            bare_folder,
        })
    }

    async fn row(&self, options: &Publishing, in_flight: usize) -> anyhow::Result<Row> {
        let mut rounds = Vec::new();
        for number in 1..=options.rounds.rounds {
            let round = self.round(in_flight, options.rounds.duration).await?;
            eprintln!(
                "{}, {in_flight} in flight, round {number}: {:.0} events/s, bare {:.0}",
                self.durability.name(),
                round.events_per_second,
                round.bare_per_second
            );
            rounds.push(round);
        }
        Ok(Row {
            durability: self.durability,
            in_flight,
            rounds,
        })
    }

    async fn round(&self, in_flight: usize, duration: Duration) -> anyhow::Result<Round> {
        let tally = &self.shared.tally;
        let counted = self.hub.counters().await?;
        let (clock, first) = (tally.clock, tally.acked.get());
        let begin = clock.us();
        let load = closed::Load {
            publishers: self.load.publishers.clone(),
            in_flight,
            size: self.load.size,
            number: self.load.number.clone(),
        };
        closed::run(clock, begin + duration.as_micros() as u64, &load).await;
        let waited = Instant::now();
        while tally.acked.get() < tally.sent.get() {
            if waited.elapsed() > PATIENCE {
                bail!("acks do not come; errors: {:?}", tally.errors());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let seconds = (clock.us() - begin) as f64 / 1e6;
        let events = (tally.acked.get() - first) as f64;
        let counters = self.hub.counters().await?;
        let per_commit = counters.since(&counted, "generic_corp_commit_operations_sum")
            / counters.since(&counted, "generic_corp_commit_operations_count");
        let acks = tally.take(Latency::Ack);
        let bare = self.bare(per_commit, duration)?;
        Ok(Round {
            events_per_second: events / seconds,
            ack_p50_ms: acks.value_at_quantile(0.5) as f64 / 1e3,
            ack_p99_ms: acks.value_at_quantile(0.99) as f64 / 1e3,
            per_commit,
            bare_per_second: bare.rows_per_second,
            bare_commit_ms: bare.commit.value_at_quantile(0.5) as f64 / 1e3,
        })
    }

    /// In a new file each time, as the hub's grows.
    fn bare(&self, per_commit: f64, duration: Duration) -> anyhow::Result<crate::commits::Round> {
        let folder = tempfile::tempdir_in(self.bare_folder.path())?;
        Bare::open(folder.path(), self.durability)?.events(per_commit, self.load.size, duration)
    }

    /// That the log holds what was acked, and no more.
    async fn stop(self) -> anyhow::Result<()> {
        let mut stored = 0;
        for room in &self.rooms {
            stored += self.tenant.room(room).await?.head;
        }
        let tally = &self.shared.tally;
        let corrupt = self.shared.ledger.borrow().corrupt();
        if stored != tally.acked.get() || corrupt > 0 || !tally.errors().is_empty() {
            bail!(
                "{} acked, {stored} stored, {corrupt} corrupt, errors: {:?}",
                tally.acked.get(),
                tally.errors()
            );
        }
        eprintln!(
            "{}: {stored} events acked and as many stored",
            self.durability.name()
        );
        self.hub.stop().await.context("stopping the hub")?;
        Ok(())
    }
}

const HEADER: [&str; 9] = [
    "durability",
    "in flight",
    "events/s",
    "ack p50 ms",
    "ack p99 ms",
    "events/commit",
    "bare rows/s",
    "bare commit ms",
    "hub / bare",
];

impl Row {
    fn middle(&self, value: fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().map(value).collect())
    }

    fn figures(&self) -> [(&'static str, f64); 7] {
        [
            (
                "events_per_second",
                self.middle(|round| round.events_per_second),
            ),
            ("ack_p50_ms", self.middle(|round| round.ack_p50_ms)),
            ("ack_p99_ms", self.middle(|round| round.ack_p99_ms)),
            ("events_per_commit", self.middle(|round| round.per_commit)),
            (
                "bare_rows_per_second",
                self.middle(|round| round.bare_per_second),
            ),
            ("bare_commit_ms", self.middle(|round| round.bare_commit_ms)),
            (
                "ratio",
                self.middle(|round| round.events_per_second / round.bare_per_second),
            ),
        ]
    }

    fn cells(&self) -> Vec<String> {
        let head = [
            self.durability.name().to_owned(),
            self.in_flight.to_string(),
        ];
        head.into_iter()
            .chain(self.figures().map(|(_, value)| number(value)))
            .collect()
    }

    fn json(&self, publishers: usize) -> Value {
        let mut row = json!({
            "durability": self.durability.name(), "in_flight": self.in_flight, "publishers": publishers,
        });
        for (name, value) in self.figures() {
            row[name] = value.into();
        }
        row
    }
}
