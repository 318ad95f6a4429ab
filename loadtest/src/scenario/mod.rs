//! The scenarios: who connects, what is sent, what is checked.

mod fanout;
mod idle;
mod memo;
mod output;
mod publish;
mod reconnect;
mod slow;
mod stage;
mod streams;

pub use stage::{Stage, enter};

use crate::args::Options;
use crate::report::Report;
use clap::ValueEnum;
use std::time::Duration;

/// What to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// The launch criterion: 50 sockets in 5 rooms, chat, and 100 tool streams a minute
    #[value(name = "memo-50")]
    Memo50,
    /// Messages at a constant rate to everyone in a room
    Fanout,
    /// Output streams at a constant rate of appends, followed by everyone in the room
    Streams,
    /// Sockets are cut at random, come back and resume
    Reconnect,
    /// Some sockets stop reading while many messages pass, then read on
    SlowConsumer,
    /// Durable publishes, as fast as their acks come, then read back from the log
    Publish,
    /// Authenticated, joined, silent sockets: the hub's memory for each
    Idle,
}

/// A run's size: what was asked for, or the scenario's own.
#[derive(Clone, Debug)]
pub struct Plan {
    pub connections: usize,
    pub rooms: usize,
    /// A second; `None` sends as fast as acks come.
    pub rate: Option<f64>,
    pub size: usize,
    pub duration: Duration,
    pub faults: usize,
    pub in_flight: usize,
}

impl Scenario {
    /// As on the command line.
    pub fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    fn about(self) -> String {
        let help = self
            .to_possible_value()
            .and_then(|value| value.get_help().map(ToString::to_string));
        help.unwrap_or_default()
    }

    /// Connections, rooms, rate, bytes, seconds and faults when nothing else is said.
    fn usual(self) -> (usize, usize, Option<f64>, u64, u64, usize) {
        match self {
            Self::Memo50 => (50, 5, Some(50.0), 200, 60, 0),
            Self::Fanout => (50, 1, Some(20.0), 200, 30, 0),
            Self::Streams => (20, 4, Some(200.0), 256 << 10, 30, 0),
            Self::Reconnect => (50, 5, Some(100.0), 200, 30, 5),
            Self::SlowConsumer => (20, 1, Some(1700.0), 200, 60, 2),
            Self::Publish => (50, 5, None, 200, 10, 0),
            Self::Idle => (1000, 5, None, 0, 1, 0),
        }
    }

    /// The plan of a run.
    pub fn plan(self, options: &Options) -> Plan {
        let (connections, rooms, rate, size, seconds, faults) = self.usual();
        let connections = options.connections.unwrap_or(connections).max(1);
        Plan {
            connections,
            rooms: options.rooms.unwrap_or(rooms).clamp(1, connections),
            rate: options.rate.or(rate),
            size: options.size.unwrap_or(size) as usize,
            duration: options.duration.unwrap_or(Duration::from_secs(seconds)),
            faults: options.faults.unwrap_or(faults),
            in_flight: options.in_flight.max(1),
        }
    }
}

/// Prints the scenarios.
pub fn list() {
    for scenario in Scenario::value_variants() {
        let (connections, rooms, rate, size, seconds, _) = scenario.usual();
        let rate = rate.map_or(String::new(), |rate| format!(", {rate}/s"));
        let size = if size > 0 {
            format!(", {size} B")
        } else {
            String::new()
        };
        println!("{:14} {}", scenario.name(), scenario.about());
        println!(
            "{:14} {connections} sockets, {rooms} rooms{rate}{size}, {seconds} s",
            ""
        );
    }
}

/// Runs a scenario.
///
/// # Errors
/// When it cannot be run; what the hub does wrong is in the report instead.
pub async fn run(options: &Options) -> anyhow::Result<Report> {
    let mut stage = Stage::open(options).await?;
    match options.scenario {
        Scenario::Memo50 => memo::run(&mut stage).await?,
        Scenario::Fanout => fanout::run(&mut stage).await?,
        Scenario::Streams => streams::run(&mut stage).await?,
        Scenario::Reconnect => reconnect::run(&mut stage).await?,
        Scenario::SlowConsumer => slow::run(&mut stage).await?,
        Scenario::Publish => publish::run(&mut stage).await?,
        Scenario::Idle => idle::run(&mut stage).await?,
    }
    stage.finish(options).await
}
