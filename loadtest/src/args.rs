//! The command line.

mod cluster;

pub use cluster::{Carrying, Committing, Crossing, Neighbouring, Spreading};

use crate::scenario::Scenario;
use crate::threshold::Threshold;
use crate::unit::{duration, rate, size};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Load tests for a generic-corp hub.
#[derive(Parser)]
#[command(name = "loadtest", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Runs a scenario and reports.
    Run(Options),
    /// Lists the scenarios and what they do when nothing else is said.
    List,
    /// Measures a private hub beside the physical limit, in turn and in one run.
    #[command(subcommand)]
    Compare(Comparison),
    /// Breaks a private cluster again and again, and proves from what its clients saw that nothing was lost.
    Torture(Torture),
    /// Restarts every node of a private cluster in turn under the load of `memo-50`, and checks the same.
    Rolling(Rolling),
    /// The plain broadcaster: writes the same frames to the same number of sockets.
    #[command(hide = true)]
    Broadcaster(Broadcaster),
}

/// A run.
#[derive(Args, Clone)]
pub struct Options {
    /// Which scenario; see `loadtest list`.
    #[arg(value_enum)]
    pub scenario: Scenario,
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub private: Private,
    /// Sockets.
    #[arg(short, long)]
    pub connections: Option<usize>,
    /// How long to send.
    #[arg(short, long, value_parser = duration)]
    pub duration: Option<Duration>,
    /// Messages (with `streams`: appends) in all, for instance `100/min` or `500/s`.
    #[arg(short, long, value_parser = rate)]
    pub rate: Option<f64>,
    /// Publishes of one socket that may wait for their ack, where no rate sets the pace.
    #[arg(long, default_value_t = 1)]
    pub in_flight: usize,
    /// Rooms the sockets are spread over.
    #[arg(long)]
    pub rooms: Option<usize>,
    /// Bytes of a message's body; with `streams`, of a stream.
    #[arg(long, value_parser = size)]
    pub size: Option<u64>,
    /// With `reconnect`, sockets cut a second; with `slow-consumer`, sockets that stop reading.
    #[arg(long)]
    pub faults: Option<usize>,
    /// Fails the run (exit 99) unless it holds, for instance `delivery.p99<250ms` or `lost==0`.
    #[arg(long = "threshold")]
    pub thresholds: Vec<Threshold>,
    /// Writes the figures as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// Writes a report as one HTML file.
    #[arg(long)]
    pub html: Option<PathBuf>,
    /// No progress bar.
    #[arg(long)]
    pub no_progress: bool,
}

/// Which hub.
#[derive(Args, Clone)]
pub struct Target {
    /// A hub that runs. Needs --bootstrap, or --workspace and a key in the environment.
    #[arg(
        long,
        env = "GENERIC_CORP_URL",
        default_value = "http://127.0.0.1:8080"
    )]
    pub url: String,
    /// Starts a private hub with a database of its own and stops it at the end.
    #[arg(long)]
    pub spawn: bool,
    /// Signs in with GENERIC_CORP_EMAIL and GENERIC_CORP_PASSWORD and makes a workspace of its own.
    #[arg(long, conflicts_with = "spawn")]
    pub bootstrap: bool,
    /// The workspace, by name or id.
    #[arg(long, env = "GENERIC_CORP_WORKSPACE", default_value = "main")]
    pub workspace: String,
    /// The environment variable with the API key; it needs the scope `admin`, to make rooms.
    #[arg(long, default_value = "GENERIC_CORP_API_KEY")]
    pub token_env: String,
    /// Load may go to a hub that is not on this machine.
    #[arg(long)]
    pub allow_remote: bool,
}

/// A hub that the load test starts itself.
#[derive(Args, Clone)]
pub struct Private {
    /// The program of a private hub; the neighbour of this one when left out.
    #[arg(long, env = "GENERIC_CORP_BIN")]
    pub hub: Option<PathBuf>,
    /// What an ack of a private hub survives.
    #[arg(long, value_enum, default_value_t = Durability::Full)]
    pub durability: Durability,
}

/// What an ack survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Durability {
    /// Power loss.
    Full,
    /// A crash of the hub, not of the machine.
    Normal,
}

impl Durability {
    /// As the hub's settings and SQLite call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Normal => "normal",
        }
    }
}

/// What to compare.
#[derive(Subcommand)]
pub enum Comparison {
    /// The hub's CPU per delivery and a plain broadcaster's, with the same frames per write.
    Fanout(Fanout),
    /// Durable publishes and a bare loop of SQLite commits with the same batch sizes.
    Publish(Publishing),
    /// A long stream: bytes stored per byte, and whether its last appends cost what its first did.
    Stream(Streaming),
    /// Two nodes: from a publish to viewers of the other node, over those of the same.
    Latency(Crossing),
    /// PostgreSQL: durable publishes, and a bare loop of the same statements with the same batch sizes.
    Postgres(Committing),
    /// Two nodes: fan-out with the viewers spread over both, over all on one.
    Spread(Spreading),
    /// Two nodes: the commands and bytes that they cost Redis, idle and for an event.
    Redis(Carrying),
    /// Two nodes: a hot room and a thousand quiet ones, each alone and together.
    Neighbours(Neighbouring),
}

/// See [`Comparison::Fanout`].
#[derive(Args, Clone)]
pub struct Fanout {
    #[command(flatten)]
    pub private: Private,
    /// Sockets in the one room, a row each.
    #[arg(short, long, value_delimiter = ',', default_value = "50,500,5000")]
    pub connections: Vec<usize>,
    /// Messages on their way at a time, a row each: with 1 nothing waits, with 64 messages do.
    #[arg(long, value_delimiter = ',', default_value = "1,64")]
    pub in_flight: Vec<u64>,
    /// Threads of the broadcaster; as many as the hub has workers, one a core, when left out.
    #[arg(long)]
    pub plain_threads: Option<usize>,
    /// Bytes of a message's body.
    #[arg(long, value_parser = size, default_value = "200")]
    pub size: u64,
    #[command(flatten)]
    pub rounds: Rounds,
}

/// See [`Comparison::Publish`].
#[derive(Args, Clone)]
pub struct Publishing {
    /// The program of the hub; the neighbour of this one when left out.
    #[arg(long, env = "GENERIC_CORP_BIN")]
    pub hub: Option<PathBuf>,
    /// Publishers.
    #[arg(short, long, default_value_t = 50)]
    pub connections: usize,
    /// Publishes of each that wait for their ack, a row each.
    #[arg(long, value_delimiter = ',', default_value = "1,16")]
    pub in_flight: Vec<usize>,
    /// Bytes of a message's body.
    #[arg(long, value_parser = size, default_value = "200")]
    pub size: u64,
    #[command(flatten)]
    pub rounds: Rounds,
}

/// See [`Comparison::Stream`].
#[derive(Args, Clone)]
pub struct Streaming {
    #[command(flatten)]
    pub private: Private,
    /// Bytes of the stream.
    #[arg(long, value_parser = size, default_value = "100MiB")]
    pub size: u64,
    /// Bytes of an append.
    #[arg(long, value_parser = size, default_value = "4KiB")]
    pub append: u64,
    /// Streams, one after the other; the medians count.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Writes the figures as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

/// How often and how long.
#[derive(Args, Clone)]
pub struct Rounds {
    /// Rounds; the medians count.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// How long a round sends.
    #[arg(short, long, default_value = "3s", value_parser = duration)]
    pub duration: Duration,
    /// Writes the figures as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

/// See [`Command::Torture`].
#[derive(Args, Clone)]
pub struct Torture {
    #[command(subcommand)]
    pub check: Option<Check>,
    #[command(flatten)]
    pub cluster: Cluster,
    /// Faults.
    #[arg(long, default_value_t = 30)]
    pub faults: usize,
    /// Begins no fault after this time.
    #[arg(short, long, value_parser = duration)]
    pub duration: Option<Duration>,
}

/// See [`Command::Rolling`].
#[derive(Args, Clone)]
pub struct Rolling {
    #[command(flatten)]
    pub cluster: Cluster,
    /// How often every node is restarted.
    #[arg(long, default_value_t = 1)]
    pub rounds: usize,
}

/// A cluster that the load test starts itself, and its history.
#[derive(Args, Clone)]
pub struct Cluster {
    /// Nodes.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=9))]
    pub nodes: u8,
    /// Makes the same schedule again; any when left out.
    #[arg(long)]
    pub seed: Option<u64>,
    /// The program of the nodes; the neighbour of this one when left out.
    #[arg(long, env = "GENERIC_CORP_BIN")]
    pub hub: Option<PathBuf>,
    /// Nodes hear of each other through PostgreSQL alone.
    #[arg(long)]
    pub without_redis: bool,
    /// Where the history is written; a file in the temporary folder when left out.
    #[arg(long)]
    pub history: Option<PathBuf>,
    /// No progress bar.
    #[arg(long)]
    pub no_progress: bool,
}

/// What else than a run.
#[derive(Subcommand, Clone)]
pub enum Check {
    /// Checks the history of an earlier run again.
    Check {
        /// The history.
        file: PathBuf,
    },
}

/// See [`crate::broadcaster`].
#[derive(Args, Clone)]
pub struct Broadcaster {
    /// Sockets of each loop.
    #[arg(long, value_delimiter = ',')]
    pub connections: Vec<usize>,
    /// Bytes of a frame.
    #[arg(long)]
    pub frame_bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
