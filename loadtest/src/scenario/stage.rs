//! What every scenario stands on: a hub, a workspace, connected clients, and the books.

use super::{Plan, Scenario};
use crate::args::Options;
use crate::client::{Client, Habits, Shared};
use crate::hub::{Counters, Hub};
use crate::process::Cpu;
use crate::report::{Report, Results, Spent};
use crate::tally::{Clock, Latency, Tally};
use crate::tenant::Tenant;
use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Handshakes at a time.
const HANDSHAKES: usize = 64;
/// Without any progress for this long, what is missing is given up.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// See the module.
pub struct Stage {
    pub plan: Plan,
    pub hub: Option<Hub>,
    pub tenant: Rc<Tenant>,
    pub shared: Rc<Shared>,
    pub rooms: Vec<String>,
    pub clients: Vec<Rc<Client>>,
    /// How long messages are sent.
    pub sending: Duration,
    /// Figures that only this scenario has.
    pub extra: BTreeMap<String, f64>,
    /// Rooms' newest `seq` at the end, once viewers were held against them.
    heads: Option<HashMap<Vec<u8>, u64>>,
    began: Option<(u64, Option<(Cpu, Counters)>)>,
    bar: ProgressBar,
}

/// Connects clients, each to its rooms.
///
/// # Errors
/// When one is not let in.
pub async fn enter(
    clients: Vec<(Rc<Client>, Vec<String>)>,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    let mut inside = 0;
    for some in clients.chunks(HANDSHAKES) {
        let mut entering = tokio::task::JoinSet::new();
        for (client, rooms) in some {
            let (client, rooms) = (client.clone(), rooms.clone());
            entering.spawn_local(async move {
                client.connect().await?;
                for room in &rooms {
                    client.join(room).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(entered) = entering.join_next().await {
            entered?.context("a client is not let in")?;
        }
        inside += some.len();
        bar.set_message(format!("{inside}/{} connected", clients.len()));
    }
    Ok(())
}

impl Stage {
    /// Finds or starts the hub and makes rooms.
    ///
    /// # Errors
    /// When there is no hub to load.
    pub async fn open(options: &Options) -> anyhow::Result<Self> {
        let plan = options.scenario.plan(options);
        let hub = match options.target.spawn {
            true => Some(Hub::of(&options.private).await?),
            false => None,
        };
        let tenant = match &hub {
            Some(hub) => Tenant::on(hub).await?,
            None => Tenant::of(&options.target).await?,
        };
        let rooms = tenant.rooms(plan.rooms).await?;
        let shown = match options.scenario {
            Scenario::Publish => Latency::Ack,
            Scenario::Streams => Latency::Stream,
            Scenario::Idle => Latency::Connect,
            _ => Latency::Delivery,
        };
        let bar = if options.no_progress {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(100)
        };
        if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} [{bar:32}] {msg}") {
            bar.set_style(style.progress_chars("█▉░"));
        }
        Ok(Self {
            sending: plan.duration,
            plan,
            hub,
            tenant: Rc::new(tenant),
            shared: Shared::new(Tally::new(Clock::start(), shown)),
            rooms,
            clients: Vec::new(),
            extra: BTreeMap::new(),
            heads: None,
            began: None,
            bar,
        })
    }

    /// The clock of the run.
    pub fn clock(&self) -> Clock {
        self.shared.tally.clock
    }

    /// The room of the client `index`, which is spread evenly.
    pub fn room_of(&self, index: usize) -> &str {
        &self.rooms[index % self.rooms.len()]
    }

    /// Connects as many clients as planned; each joins `rooms_of` it.
    ///
    /// # Errors
    /// When one is not let in.
    pub async fn gather(
        &mut self,
        habits: impl Fn(usize) -> Habits,
        rooms_of: impl Fn(usize) -> Vec<String>,
    ) -> anyhow::Result<()> {
        let count = self.plan.connections;
        let make = |index| Client::new(&self.tenant, &self.shared, habits(index));
        self.clients = (0..count).map(make).collect();
        let rooms = (0..count).map(rooms_of);
        enter(self.clients.iter().cloned().zip(rooms).collect(), &self.bar).await
    }

    /// Begins to measure: the intended time of the first message.
    ///
    /// # Errors
    /// When the hub is gone.
    pub async fn begin(&mut self) -> anyhow::Result<u64> {
        let figures = match &self.hub {
            Some(hub) => {
                let counters = hub.counters().await?;
                Some((hub.process()?.cpu()?, counters))
            }
            None => None,
        };
        let begin = self.clock().us();
        self.began = Some((begin, figures));
        Ok(begin)
    }

    /// Does `work` while every second is counted and shown.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        let mut ticks = interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = ticks.tick() => self.sample(),
            }
        }
    }

    fn sample(&self) {
        let begin = self.began.as_ref().map_or(0, |(begin, _)| *begin);
        let second = self.clock().us().saturating_sub(begin) as f64 / 1e6;
        let resident = self
            .hub
            .as_ref()
            .and_then(|hub| hub.process().ok()?.resident_bytes());
        let sample = self.shared.tally.sample(second, resident);
        self.bar
            .set_position((100.0 * second / self.sending.as_secs_f64()) as u64);
        let ms = |ms: Option<f64>| ms.map_or("–".to_owned(), |ms| format!("{ms:.1} ms"));
        let errors: u64 = self.shared.tally.errors().values().sum();
        self.bar.set_message(format!(
            "sent {:.0}/s  delivered {:.0}/s  p50 {}  p99 {}  errors {errors}",
            sample.sent_per_second,
            sample.delivered_per_second,
            ms(sample.p50_ms),
            ms(sample.p99_ms)
        ));
    }

    /// Waits until `done`, or nothing has moved for a while. Says which.
    pub async fn until(&self, mut done: impl FnMut() -> bool) -> bool {
        let progress = || {
            let tally = &self.shared.tally;
            (tally.acked.get(), tally.bytes.get())
        };
        let (mut last, mut since) = (progress(), Instant::now());
        while !done() {
            tokio::time::sleep(LOOK).await;
            if progress() != last {
                (last, since) = (progress(), Instant::now());
            } else if since.elapsed() > PATIENCE {
                return false;
            }
        }
        true
    }

    /// Waits for every ack that is due.
    pub async fn acked(&self) {
        self.until(|| self.shared.tally.acked.get() >= self.shared.tally.sent.get())
            .await;
    }

    /// The newest `seq` of every room.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn heads(&self) -> anyhow::Result<HashMap<Vec<u8>, u64>> {
        let mut heads = HashMap::new();
        for room in &self.rooms {
            heads.insert(room.as_bytes().to_vec(), self.tenant.room(room).await?.head);
        }
        Ok(heads)
    }

    /// Waits until all is acked, every viewer has its rooms up to their heads, and every stream that was
    /// followed has ended.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn settle(&mut self) -> anyhow::Result<()> {
        let heads = self
            .during(async {
                self.acked().await;
                let heads = self.heads().await?;
                let shared = &self.shared;
                self.until(|| {
                    let ended = shared.verified.get() + shared.mismatched.get();
                    let whole = |client: &Rc<Client>| client.viewer.borrow().lost(&heads) == 0;
                    ended == shared.followed.get() && self.clients.iter().all(whole)
                })
                .await;
                anyhow::Ok(heads)
            })
            .await?;
        self.heads = Some(heads);
        Ok(())
    }

    /// Ends the run and makes its report.
    ///
    /// # Errors
    /// When the hub is gone.
    pub async fn finish(self, options: &Options) -> anyhow::Result<Report> {
        self.bar.finish_and_clear();
        let (begin, before) = self.began.unwrap_or((0, None));
        let seconds = self.shared.tally.clock.us().saturating_sub(begin) as f64 / 1e6;
        let hub = match (&self.hub, before) {
            (Some(hub), Some((cpu, counters))) => Some(Spent {
                cpu_us: hub.process()?.cpu()?.us_since(&cpu),
                resident_bytes: hub.process()?.resident_bytes(),
                counters: (counters, hub.counters().await?),
            }),
            _ => None,
        };
        let results = Results {
            seconds,
            sending: self.sending.as_secs_f64(),
            shared: self.shared,
            clients: self.clients,
            heads: self.heads,
            hub,
            extra: self.extra,
        };
        let report = Report::new(options, &self.plan, &self.tenant, &results);
        results.clients.iter().for_each(|client| client.cut());
        if let Some(hub) = self.hub {
            hub.stop().await?;
        }
        Ok(report)
    }
}
