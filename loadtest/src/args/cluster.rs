//! The options of comparisons that start a cluster.

use super::Rounds;
use crate::unit::{rate, size};
use clap::Args;
use std::path::PathBuf;

/// What every one of them needs.
#[derive(Args, Clone)]
pub struct Common {
    /// The program of the nodes; the neighbour of this one when left out.
    #[arg(long, env = "GENERIC_CORP_BIN")]
    pub hub: Option<PathBuf>,
    /// Bytes of a message's body.
    #[arg(long, value_parser = size, default_value = "200")]
    pub size: u64,
    #[command(flatten)]
    pub rounds: Rounds,
}

/// See [`super::Comparison::Latency`].
#[derive(Args, Clone)]
pub struct Crossing {
    /// Viewers of the room.
    #[arg(short, long, default_value_t = 10)]
    pub connections: usize,
    /// Messages, a row each, for instance `100/s`.
    #[arg(short, long, value_parser = rate, value_delimiter = ',', default_value = "100/s,1000/s")]
    pub rate: Vec<f64>,
    #[command(flatten)]
    pub common: Common,
}

/// See [`super::Comparison::Postgres`].
#[derive(Args, Clone)]
pub struct Committing {
    /// Publishers, a row each; each waits for its ack.
    #[arg(short, long, value_delimiter = ',', default_value = "1,16,128")]
    pub connections: Vec<usize>,
    /// Nodes that the publishers are spread over, a row each.
    #[arg(long, value_delimiter = ',', default_value = "1,2")]
    pub nodes: Vec<usize>,
    #[command(flatten)]
    pub common: Common,
}

/// See [`super::Comparison::Spread`].
#[derive(Args, Clone)]
pub struct Spreading {
    /// Sockets in the one room, a row each.
    #[arg(short, long, value_delimiter = ',', default_value = "50,500,2000")]
    pub connections: Vec<usize>,
    /// Messages on their way at a time, a row each.
    #[arg(long, value_delimiter = ',', default_value = "1,64")]
    pub in_flight: Vec<u64>,
    #[command(flatten)]
    pub common: Common,
}

/// See [`super::Comparison::Redis`].
#[derive(Args, Clone)]
pub struct Carrying {
    /// Viewers of the room, on the other node.
    #[arg(short, long, default_value_t = 10)]
    pub connections: usize,
    /// Publishes that wait for their ack, a row each.
    #[arg(long, value_delimiter = ',', default_value = "1,64")]
    pub in_flight: Vec<usize>,
    #[command(flatten)]
    pub common: Common,
}

/// See [`super::Comparison::Neighbours`].
#[derive(Args, Clone)]
pub struct Neighbouring {
    /// Quiet rooms.
    #[arg(long, default_value_t = 1000)]
    pub rooms: usize,
    /// Messages in all quiet rooms together.
    #[arg(short, long, value_parser = rate, default_value = "100/s")]
    pub rate: f64,
    /// Publishes of the hot publisher that wait for their ack.
    #[arg(long, default_value_t = 64)]
    pub in_flight: usize,
    #[command(flatten)]
    pub common: Common,
}
