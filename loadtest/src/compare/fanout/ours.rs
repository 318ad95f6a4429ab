//! The hub: everybody in one room, and a few who publish.

use super::{Flow, PATIENCE, Round};
use crate::args::Fanout;
use crate::client::{Client, Habits, Lane, Shared};
use crate::hub::{Counters, Hub};
use crate::scenario::enter;
use crate::tally::{Clock, Latency, Tally};
use crate::tenant::Tenant;
use crate::wire::Stamp;
use anyhow::bail;
use indicatif::ProgressBar;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Connections that publish; none of them is in the room.
const PUBLISHERS: usize = 4;
/// Messages before the first round.
const WARM_UP: u64 = 200;
/// Without a byte for this long, everybody was told who is in the room.
const QUIET: Duration = Duration::from_secs(1);

/// See the module.
pub struct Ours {
    hub: Hub,
    tenant: Rc<Tenant>,
    shared: Rc<Shared>,
    lane: Rc<Lane>,
    room: String,
    publishers: Vec<Rc<Client>>,
    viewers: Vec<Rc<Client>>,
    size: usize,
    number: u64,
}

impl Ours {
    /// Starts a hub, fills the room, and sends the first messages.
    pub async fn start(options: &Fanout, connections: usize) -> anyhow::Result<Self> {
        let hub = Hub::of(&options.private).await?;
        let tenant = Rc::new(Tenant::on(&hub).await?);
        let room = tenant.rooms(1).await?.remove(0);
        let shared = Shared::new(Tally::new(Clock::start(), Latency::Delivery));
        let lane = Rc::new(Lane::default());
        let habits = Habits {
            lane: Some(lane.clone()),
            ..Habits::default()
        };
        let make = |habits: &Habits| Client::new(&tenant, &shared, habits.clone());
        let viewers: Vec<_> = (0..connections).map(|_| make(&habits)).collect();
        let publishers: Vec<_> = (0..PUBLISHERS).map(|_| make(&Habits::default())).collect();
        let inside = viewers
            .iter()
            .map(|client| (client.clone(), vec![room.clone()]));
        let outside = publishers.iter().map(|client| (client.clone(), Vec::new()));
        enter(inside.chain(outside).collect(), &ProgressBar::hidden()).await?;
        let mut last = 0;
        while last != shared.tally.bytes.get() {
            last = shared.tally.bytes.get();
            tokio::time::sleep(QUIET).await;
        }
        let size = options.size as usize;
        let mut ours = Self {
            hub,
            tenant,
            shared,
            lane,
            room,
            publishers,
            viewers,
            size,
            number: 0,
        };
        let lane = ours.lane.clone();
        let mut flow = Flow::begin(&lane, connections);
        while flow.sent < WARM_UP {
            ours.publish(&mut flow);
            flow.at_most(0).await?;
        }
        Ok(ours)
    }

    /// Sockets in the room.
    pub fn connections(&self) -> usize {
        self.viewers.len()
    }

    /// The length of a message's frame, as the first ones had it.
    pub fn frame_bytes(&self) -> usize {
        // A payload of this size has a header of 4 bytes.
        (self.lane.bytes.get() / self.lane.delivered.get().max(1)) as usize + 4
    }

    /// Without an ack, so that every frame the hub sends is a delivery.
    fn publish(&mut self, flow: &mut Flow<'_>) {
        let publisher = &self.publishers[self.number as usize % PUBLISHERS];
        publisher.publish_unacked(
            &self.room,
            Stamp {
                sent_at: 0,
                number: self.number,
            },
            self.size,
        );
        self.number += 1;
        flow.sent += 1;
    }

    /// Keeps `in_flight` messages on their way.
    pub async fn round(&mut self, in_flight: u64, duration: Duration) -> anyhow::Result<Round> {
        let counted = self.hub.counters().await?;
        let process = self.hub.process()?;
        let (before, begun) = (process.cpu()?, Instant::now());
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
        let cpu = process.cpu()?;
        // Only now, because it costs the hub as well.
        let counters = self.counters(&counted, flow.deliveries()).await?;
        let count = |name: &str| counters.since(&counted, name);
        Ok(Round {
            cpu_us: cpu.us_since(&before) / flow.deliveries(),
            log_us: cpu.thread_us_since(&before, "log-writer") / flow.deliveries(),
            per_second: flow.deliveries() / seconds,
            frames_per_write: count("generic_corp_frames_sent_total")
                / count("generic_corp_writes_total"),
            messages_per_commit: flow.sent as f64 / count("generic_corp_commit_operations_count"),
        })
    }

    /// The hub's counters once they hold these deliveries: its workers tell them once a second.
    async fn counters(&self, before: &Counters, deliveries: f64) -> anyhow::Result<Counters> {
        let begun = Instant::now();
        loop {
            let counters = self.hub.counters().await?;
            let told = counters.since(before, "generic_corp_frames_sent_total");
            if told >= deliveries {
                return Ok(counters);
            }
            if begun.elapsed() > PATIENCE {
                bail!("the hub counted {told} frames for {deliveries} deliveries");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// What viewers lost, saw twice, late or after a hole, and what the hub refused.
    pub async fn faults(&self) -> anyhow::Result<u64> {
        let head = self.tenant.room(&self.room).await?.head;
        let heads = HashMap::from([(self.room.as_bytes().to_vec(), head)]);
        let faults = |client: &Rc<Client>| {
            let viewer = client.viewer.borrow();
            viewer.lost(&heads) + viewer.duplicate + viewer.out_of_order + viewer.gaps
        };
        let seen: u64 = self.viewers.iter().map(faults).sum();
        let errors = self.shared.tally.errors();
        errors
            .iter()
            .for_each(|(code, count)| eprintln!("error {code}: {count}"));
        Ok(seen + head.abs_diff(self.number) + errors.values().sum::<u64>())
    }

    /// Ends the hub.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.hub.stop().await?;
        Ok(())
    }
}
