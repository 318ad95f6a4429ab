//! What goes wrong, and when: a schedule that follows from its seed.

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use std::time::Duration;

/// Between the beginnings of two faults, in milliseconds.
const GAP: std::ops::Range<u64> = 300..2_500;
/// How long most faults last, in milliseconds.
const SHORT: std::ops::Range<u64> = 100..2_000;
/// How long some last: longer than the hub's own time-outs.
const LONG: std::ops::Range<u64> = 4_000..13_000;
/// How late slow bytes are, in milliseconds.
const LATE: std::ops::Range<u64> = 20..400;

/// A way that can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// Between clients and a node.
    Clients,
    /// Between a node and PostgreSQL.
    Postgres,
    /// Between a node and Redis.
    Redis,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A node is killed, and started again.
    KillNode(usize),
    /// A node's process is stopped for a while.
    FreezeNode(usize),
    /// PostgreSQL is killed, and started again on its data.
    KillPostgres,
    /// PostgreSQL's processes are stopped for a while.
    FreezePostgres,
    /// Redis is killed, and started again empty.
    KillRedis,
    /// Redis is stopped for a while.
    FreezeRedis,
    /// Every connection of a way is reset; new ones may come at once.
    Cut(Link, usize),
    /// A way is closed: connections are reset, new ones too.
    Shut(Link, usize),
    /// Bytes of a way come late.
    Slow(Link, usize, Duration),
    /// A way swallows everything without a word.
    Hole(Link, usize),
    /// Every node is drained and started again, one after the other.
    Rolling,
    /// PostgreSQL's disk is full.
    FullDisk,
}

/// What a fault needs for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A node's process.
    Node(usize),
    /// A way of a node.
    Way(Link, usize),
    /// PostgreSQL's processes and disk.
    Postgres,
    /// Redis' process.
    Redis,
}

/// A fault with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// After the beginning of the last one.
    pub gap: Duration,
    /// How long it lasts.
    pub hold: Duration,
    /// What it is.
    pub fault: Fault,
}

/// What there is to break.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// How many nodes.
    pub nodes: usize,
    /// Whether there is a Redis.
    pub redis: bool,
    /// Whether PostgreSQL's disk can be made small.
    pub disk: bool,
}

/// The schedule of a seed. Every kind of fault comes once before any comes again.
pub fn plan(seed: u64, faults: usize, parts: Parts) -> Vec<Step> {
    let mut chance = StdRng::seed_from_u64(seed);
    let mut deck = Vec::new();
    let mut steps = Vec::with_capacity(faults);
    while steps.len() < faults {
        if deck.is_empty() {
            deck = shuffled(&mut chance, parts);
        }
        let Some(fault) = deck.pop() else { break };
        let hold = match chance.random_bool(0.2) {
            true => LONG,
            false => SHORT,
        };
        steps.push(Step {
            gap: Duration::from_millis(chance.random_range(GAP)),
            hold: Duration::from_millis(chance.random_range(hold)),
            fault,
        });
    }
    steps
}

fn shuffled(chance: &mut StdRng, parts: Parts) -> Vec<Fault> {
    let mut node = {
        let mut chance = StdRng::seed_from_u64(chance.random());
        move || chance.random_range(0..parts.nodes)
    };
    let mut deck = vec![
        Fault::KillNode(node()),
        Fault::KillNode(node()),
        Fault::FreezeNode(node()),
        Fault::KillPostgres,
        Fault::FreezePostgres,
        Fault::Rolling,
    ];
    let mut links = vec![Link::Clients, Link::Postgres];
    if parts.redis {
        deck.extend([Fault::KillRedis, Fault::FreezeRedis]);
        links.push(Link::Redis);
    }
    if parts.disk {
        deck.push(Fault::FullDisk);
    }
    for link in links {
        let late = Duration::from_millis(chance.random_range(LATE));
        deck.extend([
            Fault::Cut(link, node()),
            Fault::Shut(link, node()),
            Fault::Slow(link, node(), late),
            Fault::Hole(link, node()),
        ]);
    }
    deck.shuffle(chance);
    deck
}

impl Fault {
    /// Its kind, for counts.
    pub fn name(self) -> String {
        let link = |what: &str, link: Link| {
            let between = match link {
                Link::Clients => "clients–node",
                Link::Postgres => "node–PostgreSQL",
                Link::Redis => "node–Redis",
            };
            format!("{what} {between}")
        };
        match self {
            Self::KillNode(_) => "SIGKILL node".to_owned(),
            Self::FreezeNode(_) => "SIGSTOP node".to_owned(),
            Self::KillPostgres => "SIGKILL PostgreSQL".to_owned(),
            Self::FreezePostgres => "SIGSTOP PostgreSQL".to_owned(),
            Self::KillRedis => "SIGKILL Redis".to_owned(),
            Self::FreezeRedis => "SIGSTOP Redis".to_owned(),
            Self::Cut(on, _) => link("reset", on),
            Self::Shut(on, _) => link("refuse", on),
            Self::Slow(on, _, _) => link("delay", on),
            Self::Hole(on, _) => link("blackhole", on),
            Self::Rolling => "rolling restart".to_owned(),
            Self::FullDisk => "full disk".to_owned(),
        }
    }

    /// The node that it concerns alone.
    pub fn node(self) -> Option<usize> {
        match self {
            Self::KillNode(node) | Self::FreezeNode(node) => Some(node),
            Self::Cut(_, node)
            | Self::Shut(_, node)
            | Self::Slow(_, node, _)
            | Self::Hole(_, node) => Some(node),
            _ => None,
        }
    }

    /// What it needs for itself.
    pub fn targets(self, nodes: usize) -> Vec<Target> {
        match self {
            Self::KillNode(node) | Self::FreezeNode(node) => vec![Target::Node(node)],
            Self::KillPostgres | Self::FreezePostgres | Self::FullDisk => vec![Target::Postgres],
            Self::KillRedis | Self::FreezeRedis => vec![Target::Redis],
            Self::Cut(link, node)
            | Self::Shut(link, node)
            | Self::Slow(link, node, _)
            | Self::Hole(link, node) => vec![Target::Way(link, node)],
            Self::Rolling => (0..nodes).map(Target::Node).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const PARTS: Parts = Parts {
        nodes: 3,
        redis: true,
        disk: true,
    };

    #[test]
    fn a_seed_makes_the_same_schedule_again() {
        let once = plan(7, 100, PARTS);
        assert_eq!(once.len(), 100);
        assert_eq!(once, plan(7, 100, PARTS));
        assert_ne!(once, plan(8, 100, PARTS));
    }

    #[test]
    fn every_kind_comes_and_only_what_is_there_is_broken() {
        let kinds = |parts| {
            let steps = plan(1, 60, parts);
            let names = steps.iter().map(|step| step.fault.name());
            names.collect::<BTreeSet<_>>()
        };
        assert_eq!(kinds(PARTS).len(), 20);
        let few = Parts {
            redis: false,
            disk: false,
            ..PARTS
        };
        let kinds = kinds(few);
        assert_eq!(kinds.len(), 13);
        assert!(
            kinds
                .iter()
                .all(|kind| !kind.contains("Redis") && kind != "full disk")
        );
    }
}
