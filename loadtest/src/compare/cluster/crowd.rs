//! Publishers and viewers of some rooms, with books of their own.

use crate::client::{Client, Habits, Shared};
use crate::closed;
use crate::pace;
use crate::scenario::enter;
use crate::tally::{Clock, Latency, Tally};
use crate::tenant::Tenant;
use crate::wire::Stamp;
use anyhow::bail;
use hdrhistogram::Histogram;
use indicatif::ProgressBar;
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::Instant;

/// Without any progress for this long, what is missing is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether everything has come.
const LOOK: Duration = Duration::from_millis(2);

/// See the module.
pub struct Crowd {
    /// Its counts.
    pub shared: Rc<Shared>,
    tenant: Rc<Tenant>,
    rooms: Vec<String>,
    publishers: Vec<(Rc<Client>, String)>,
    viewers: Vec<Rc<Client>>,
    size: usize,
    number: Rc<Cell<u64>>,
}

/// What a crowd did for a while.
pub struct Outcome {
    /// Messages that were published and acked, a second until the last one was everywhere.
    pub per_second: f64,
    /// How many.
    pub events: u64,
    /// From the publish to its ack.
    pub ack: Histogram<u64>,
    /// From the publish to each viewer.
    pub delivery: Histogram<u64>,
}

/// The most rooms that a connection may join.
const ROOMS_OF_A_VIEWER: usize = 100;

impl Crowd {
    /// `rooms` rooms, each published to through one of `publishers` in turn (one a room at least), and
    /// watched by `viewers` connections: each room by all of them, or where there are many rooms by one.
    pub async fn gather(
        (rooms, publishers, viewers): (usize, usize, usize),
        (from, to): (&[Rc<Tenant>], &Rc<Tenant>),
        size: u64,
    ) -> anyhow::Result<Self> {
        let shared = Shared::new(Tally::new(Clock::start(), Latency::Delivery));
        let tenant = from[0].clone();
        let rooms = tenant.rooms(rooms).await?;
        let make = |tenant: &Rc<Tenant>| Client::new(tenant, &shared, Habits::default());
        let outside: Vec<_> = (0..publishers)
            .map(|index| make(&from[index % from.len()]))
            .collect();
        let watched = |room: &[String]| (make(to), room.to_vec());
        let inside: Vec<_> = match rooms.len() {
            1 => (0..viewers).map(|_| watched(&rooms)).collect(),
            _ => rooms
                .chunks(ROOMS_OF_A_VIEWER)
                .take(viewers)
                .map(watched)
                .collect(),
        };
        let entering = outside.iter().map(|client| (client.clone(), Vec::new()));
        let entering = entering.chain(inside.iter().cloned());
        enter(entering.collect(), &ProgressBar::hidden()).await?;
        let pairs = publishers.max(rooms.len());
        let pair = |index: usize| {
            let publisher: &Rc<Client> = &outside[index % publishers];
            (publisher.clone(), rooms[index % rooms.len()].clone())
        };
        Ok(Self {
            tenant,
            publishers: (0..pairs).map(pair).collect(),
            viewers: inside.into_iter().map(|(viewer, _)| viewer).collect(),
            rooms,
            shared,
            size: size as usize,
            number: Rc::default(),
        })
    }

    /// Publishes `rate` messages a second, one room after the other. Latency is counted from the time a
    /// message was due.
    pub async fn at_rate(&self, rate: f64, duration: Duration) -> anyhow::Result<Outcome> {
        let clock = self.shared.tally.clock;
        let (begin, first) = (clock.us(), self.number.get());
        let end = begin + duration.as_micros() as u64;
        pace::run(clock, rate, begin, end, |number, sent_at| {
            let number = first + number;
            let (client, room) = &self.publishers[number as usize % self.publishers.len()];
            client.publish(room, Stamp { sent_at, number }, self.size);
            self.number.set(number + 1);
        })
        .await;
        self.outcome(begin, first).await
    }

    /// Every publisher keeps `in_flight` messages on their way to their ack.
    pub async fn closed(&self, in_flight: usize, duration: Duration) -> anyhow::Result<Outcome> {
        let clock = self.shared.tally.clock;
        let (begin, first) = (clock.us(), self.number.get());
        let load = closed::Load {
            publishers: self.publishers.clone(),
            in_flight,
            size: self.size,
            number: self.number.clone(),
        };
        closed::run(clock, begin + duration.as_micros() as u64, &load).await;
        self.outcome(begin, first).await
    }

    async fn outcome(&self, begin: u64, first: u64) -> anyhow::Result<Outcome> {
        let tally = &self.shared.tally;
        self.settle().await?;
        let seconds = (tally.clock.us() - begin) as f64 / 1e6;
        let events = self.number.get() - first;
        Ok(Outcome {
            per_second: events as f64 / seconds,
            events,
            ack: tally.take(Latency::Ack),
            delivery: tally.take(Latency::Delivery),
        })
    }

    /// Waits until everything is acked and every viewer has all of it.
    async fn settle(&self) -> anyhow::Result<()> {
        let tally = &self.shared.tally;
        let each = match self.rooms.len() {
            1 => self.viewers.len() as u64,
            _ => self.viewers.len().min(1) as u64,
        };
        let came = || (tally.acked.get(), tally.delivered.get());
        let (mut last, mut moved) = (came(), Instant::now());
        while last != (tally.sent.get(), tally.sent.get() * each) {
            tokio::time::sleep(LOOK).await;
            if came() != last {
                (last, moved) = (came(), Instant::now());
            } else if moved.elapsed() > PATIENCE {
                bail!(
                    "{} sent, {} acked, {} delivered to {each} each; errors: {:?}",
                    tally.sent.get(),
                    tally.acked.get(),
                    tally.delivered.get(),
                    tally.errors()
                );
            }
        }
        Ok(())
    }

    /// That the log has what was acked, and every viewer has it once, in order and unchanged.
    pub async fn check(&self) -> anyhow::Result<()> {
        let mut heads = HashMap::new();
        for room in &self.rooms {
            heads.insert(room.as_bytes().to_vec(), self.tenant.room(room).await?.head);
        }
        let (stored, acked) = (heads.values().sum::<u64>(), self.shared.tally.acked.get());
        let faults = |client: &Rc<Client>| {
            let viewer = client.viewer.borrow();
            viewer.lost(&heads) + viewer.duplicate + viewer.out_of_order + viewer.gaps
        };
        let faults: u64 = self.viewers.iter().map(faults).sum();
        let corrupt = self.shared.ledger.borrow().corrupt();
        let errors = self.shared.tally.errors();
        if stored != acked || faults + corrupt > 0 || !errors.is_empty() {
            bail!(
                "{acked} acked, {stored} stored, {faults} lost, repeated or moved, {corrupt} corrupt, errors: {errors:?}"
            );
        }
        Ok(())
    }
}

/// Milliseconds of a quantile.
pub fn ms(times: &Histogram<u64>, quantile: f64) -> f64 {
    times.value_at_quantile(quantile) as f64 / 1e3
}
