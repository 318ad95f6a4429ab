//! The hub's processor time per delivery, and a plain broadcaster's with the same frames per write.
//!
//! Both are driven alike: a number of messages is kept on their way until everybody has them. The hub's time
//! is that of its whole process. What a publish costs whoever watches (read, checked, committed, acked), which
//! the broadcaster does not do, is measured by itself, with one socket in the room.

mod ours;
mod plain;

use super::{median, tell};
use crate::args::Fanout;
use crate::client::Lane;
use crate::report::{number, table};
use anyhow::{Context as _, bail};
use ours::Ours;
use plain::Plain;
use serde_json::{Value, json};
use std::time::Duration;

/// How long the last deliveries of a round may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// One round of either side.
#[derive(Clone, Copy, Default)]
struct Round {
    /// Processor time per delivery.
    cpu_us: f64,
    /// Of which the hub's log writer.
    log_us: f64,
    per_second: f64,
    frames_per_write: f64,
    messages_per_commit: f64,
}

/// The medians of a row.
struct Row {
    connections: usize,
    in_flight: u64,
    ours: Round,
    plain: Round,
    /// Of each round of ours with its neighbour: median, least, most.
    ratio: (f64, f64, f64),
    /// Processor time of a publish, a delivery's share.
    publish_us: f64,
    /// The median ratio without it.
    without_publish: f64,
}

pub(super) async fn run(options: &Fanout) -> anyhow::Result<()> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = options.plain_threads.unwrap_or(workers).max(1);
    let mut rows = Vec::new();
    let publish_us = publishes(options).await?;
    for connections in &options.connections {
        eprintln!("{connections} sockets: connecting");
        let mut ours = Ours::start(options, *connections).await?;
        let mut plain = Plain::start(*connections, threads, ours.frame_bytes()).await?;
        for (in_flight, publish_us) in options.in_flight.iter().zip(&publish_us) {
            let share = publish_us / *connections as f64;
            rows.push(row(&mut ours, &mut plain, *in_flight, share, options).await?);
        }
        let faults = (ours.faults().await?, plain.faults());
        if faults != (0, 0) {
            bail!(
                "{} faults with the hub, {} with the broadcaster",
                faults.0,
                faults.1
            );
        }
        eprintln!("{connections} sockets: everybody has every message, once and in order");
        ours.stop().await?;
    }
    println!("{}", table(&HEADER, rows.iter().map(Row::cells)));
    println!("{NOTE}");
    let all = rows.iter().map(Row::json).collect();
    tell(
        "fanout",
        options.rounds.rounds,
        all,
        options.rounds.json.as_deref(),
    )
}

/// Processor time of a publish for each number of messages on their way: that of a room with one socket,
/// whose own delivery is a small part of it.
async fn publishes(options: &Fanout) -> anyhow::Result<Vec<f64>> {
    eprintln!("one socket, for the cost of a publish");
    let mut ours = Ours::start(options, 1).await?;
    let mut medians = Vec::new();
    for in_flight in &options.in_flight {
        let mut times = Vec::new();
        for _ in 0..options.rounds.rounds {
            times.push(
                ours.round(*in_flight, options.rounds.duration)
                    .await?
                    .cpu_us,
            );
        }
        medians.push(median(times));
    }
    ours.stop().await?;
    Ok(medians)
}

async fn row(
    ours: &mut Ours,
    plain: &mut Plain,
    in_flight: u64,
    publish_us: f64,
    options: &Fanout,
) -> anyhow::Result<Row> {
    let (mut hub, mut bare) = (Vec::new(), Vec::new());
    let (mut ratios, mut without_publish) = (Vec::new(), Vec::new());
    for round in 1..=options.rounds.rounds {
        let one = ours.round(in_flight, options.rounds.duration).await?;
        let other = plain
            .round(in_flight, one.frames_per_write, options.rounds.duration)
            .await?;
        ratios.push(one.cpu_us / other.cpu_us);
        without_publish.push((one.cpu_us - publish_us) / other.cpu_us);
        eprintln!(
            "  {in_flight} in flight, round {round}: {:.3} µs, plain {:.3} µs",
            one.cpu_us, other.cpu_us
        );
        hub.push(one);
        bare.push(other);
    }
    let least = ratios.iter().copied().fold(f64::MAX, f64::min);
    let most = ratios.iter().copied().fold(f64::MIN, f64::max);
    Ok(Row {
        connections: ours.connections(),
        in_flight,
        ours: middle(&hub),
        plain: middle(&bare),
        ratio: (median(ratios), least, most),
        publish_us,
        without_publish: median(without_publish),
    })
}

const HEADER: [&str; 12] = [
    "sockets",
    "in flight",
    "messages/commit",
    "frames/write",
    "hub µs/delivery",
    "of it the log",
    "the publish",
    "plain µs/delivery",
    "ratio (least–most)",
    "without the publish",
    "hub deliveries/s",
    "plain deliveries/s",
];

const NOTE: &str = "µs of processor time of the whole process; the publish is what one message costs a room \
    with one socket, shared by the deliveries. frames/write are what the hub counted; the \
    broadcaster was made to write the same.";

impl Row {
    fn cells(&self) -> Vec<String> {
        let Self {
            ours,
            plain,
            publish_us,
            ratio: (ratio, least, most),
            ..
        } = self;
        vec![
            self.connections.to_string(),
            self.in_flight.to_string(),
            number(ours.messages_per_commit),
            number(ours.frames_per_write),
            number(ours.cpu_us),
            number(ours.log_us),
            number(*publish_us),
            number(plain.cpu_us),
            format!("{ratio:.2} ({least:.2}–{most:.2})"),
            format!("{:.2}", self.without_publish),
            number(ours.per_second.round()),
            number(plain.per_second.round()),
        ]
    }

    fn json(&self) -> Value {
        let Self {
            ours,
            plain,
            publish_us,
            ratio: (ratio, least, most),
            ..
        } = self;
        json!({
            "connections": self.connections, "in_flight": self.in_flight,
            "messages_per_commit": ours.messages_per_commit, "frames_per_write": ours.frames_per_write,
            "hub_cpu_us_per_delivery": ours.cpu_us, "of_it_log_us": ours.log_us,
            "plain_cpu_us_per_delivery": plain.cpu_us,
            "ratio": ratio, "ratio_least": least, "ratio_most": most,
            "of_it_publish_us": publish_us, "ratio_without_publish": self.without_publish,
            "hub_deliveries_per_second": ours.per_second, "plain_deliveries_per_second": plain.per_second,
        })
    }
}

fn middle(rounds: &[Round]) -> Round {
    let of = |value: fn(&Round) -> f64| median(rounds.iter().map(value).collect());
    Round {
        cpu_us: of(|round| round.cpu_us),
        log_us: of(|round| round.log_us),
        per_second: of(|round| round.per_second),
        frames_per_write: of(|round| round.frames_per_write),
        messages_per_commit: of(|round| round.messages_per_commit),
    }
}

/// Messages of a round, of which everybody gets each.
pub(super) struct Flow<'a> {
    lane: &'a Lane,
    first: u64,
    each: u64,
    pub(super) sent: u64,
}

impl<'a> Flow<'a> {
    pub(super) fn begin(lane: &'a Lane, connections: usize) -> Self {
        Self {
            lane,
            first: lane.delivered.get(),
            each: connections as u64,
            sent: 0,
        }
    }

    /// Waits until at most `count` messages are on their way: not everybody has them.
    pub(super) async fn at_most(&self, count: u64) -> anyhow::Result<()> {
        let whole = self.sent.saturating_sub(count);
        let reached = self.lane.reached(self.first + whole * self.each);
        tokio::time::timeout(PATIENCE, reached)
            .await
            .context("deliveries do not come")
    }

    /// Messages that not everybody has yet.
    pub(super) fn on_their_way(&self) -> u64 {
        self.sent - (self.lane.delivered.get() - self.first) / self.each
    }

    pub(super) fn deliveries(&self) -> f64 {
        (self.sent * self.each) as f64
    }
}
