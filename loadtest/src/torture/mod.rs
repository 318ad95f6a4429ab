//! The torture: a private cluster is broken again and again while clients work, and a checker proves from
//! what they did and saw that nothing was lost, repeated or moved.

mod actor;
pub mod cluster;
mod crew;
mod history;
mod last_look;
mod nemesis;
mod verify;

use crate::args::{self, Check, Rolling, Torture};
use crate::hub;
use crate::tenant::Tenant;
use actor::{Door, Stage};
use anyhow::bail;
use cluster::Cluster;
use crew::{Crew, Load};
use history::{FORMAT, History, Record};
use indicatif::{ProgressBar, ProgressStyle};
use nemesis::{Fault, Nemesis, Parts, Step, plan};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How long clients work undisturbed before the first fault and after the last.
const CALM: Duration = Duration::from_secs(2);

/// What is to be run.
struct Run<'a> {
    what: &'a str,
    options: &'a args::Cluster,
    load: Load,
    /// Over which clients are sent away by a node that drains.
    drain_seconds: u32,
    /// Begins no fault after this time.
    limit: Option<Duration>,
}

/// Runs the torture, or checks a history again.
///
/// # Errors
/// When it cannot be run or read, or a rule is broken.
pub async fn run(options: &Torture) -> anyhow::Result<()> {
    if let Some(Check::Check { file }) = &options.check {
        return judge(file);
    }
    let run = Run {
        what: "torture",
        options: &options.cluster,
        load: Load::mixed(),
        drain_seconds: 2,
        limit: options.duration,
    };
    let path = run
        .go(options.faults, |seed, parts| {
            plan(seed, options.faults, parts)
        })
        .await?;
    judge(&path)
}

/// Restarts every node in turn, as for a new version.
///
/// # Errors
/// When it cannot be run, or a rule is broken.
pub async fn rolling(options: &Rolling) -> anyhow::Result<()> {
    let run = Run {
        what: "rolling",
        options: &options.cluster,
        load: Load::memo(),
        // As the hub has it when nothing is set.
        drain_seconds: 5,
        limit: None,
    };
    let step = Step {
        gap: Duration::from_secs(5),
        hold: Duration::ZERO,
        fault: Fault::Rolling,
    };
    let steps = vec![step; options.rounds];
    let path = run.go(options.rounds, |_, _| steps).await?;
    judge(&path)
}

/// Says what a history proves.
fn judge(path: &Path) -> anyhow::Result<()> {
    let verdict = verify::check(path)?;
    print!("{}", verdict.render());
    println!("history {}", path.display());
    if !verdict.is_good() {
        bail!("what must hold was broken; seed {}", verdict.seed);
    }
    Ok(())
}

impl Run<'_> {
    /// Runs it; where the history is.
    async fn go(
        self,
        faults: usize,
        steps: impl FnOnce(u64, Parts) -> Vec<Step>,
    ) -> anyhow::Result<PathBuf> {
        let seed = self
            .options
            .seed
            .unwrap_or_else(|| rand::random::<u32>().into());
        let path = self.path(seed);
        let history = History::create(&path)?;
        println!("seed {seed}");
        let cluster = Rc::new(Cluster::start(self.options, self.drain_seconds).await?);
        let (address, password) = (cluster.nodes[0].address, cluster.password());
        let tenant = Tenant::bootstrap(address, hub::EMAIL, password).await?;
        let stage = self.stage(history, seed, &cluster, &tenant).await?;
        let crew = Crew::start(&stage, &self.load);
        let nemesis = Nemesis::new(&cluster, &stage);
        let steps = steps(
            seed,
            Parts {
                nodes: cluster.nodes.len(),
                redis: cluster.redis.is_some(),
                disk: cluster.postgres.has_small_disk(),
            },
        );
        let end = self.limit.map(|limit| Instant::now() + limit);
        let work = async {
            tokio::time::sleep(CALM).await;
            nemesis.run(steps, end).await?;
            stage.history.record(Record::Calm);
            last_look::probe(&stage).await?;
            tokio::time::sleep(CALM).await;
            let viewers = crew.finish().await;
            last_look::take(&stage, &cluster, &tenant, viewers).await
        };
        let bar = self.bar(faults as u64);
        show_while(&bar, &stage, &nemesis, work).await?;
        bar.finish_and_clear();
        stage.history.finish()?;
        Ok(path)
    }

    fn path(&self, seed: u64) -> PathBuf {
        let name = || format!("{}-{seed}-{}.jsonl", self.what, std::process::id());
        let named = self.options.history.clone();
        named.unwrap_or_else(|| std::env::temp_dir().join(name()))
    }

    async fn stage(
        &self,
        history: History,
        seed: u64,
        cluster: &Cluster,
        tenant: &Tenant,
    ) -> anyhow::Result<Rc<Stage>> {
        let rooms = tenant.rooms(self.load.rooms).await?;
        history.record(Record::Run {
            format: FORMAT,
            what: self.what.to_owned(),
            seed,
            nodes: cluster.nodes.len(),
            redis: cluster.redis.is_some(),
            rooms: rooms.clone(),
        });
        let doors = cluster.doors().into_iter().map(|address| Door {
            address,
            path: tenant.path.clone(),
            token: tenant.token.clone(),
        });
        Ok(Stage::new(history, doors.collect(), rooms, seed))
    }

    fn bar(&self, faults: u64) -> ProgressBar {
        let bar = match self.options.no_progress {
            true => ProgressBar::hidden(),
            false => ProgressBar::new(faults),
        };
        if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} [{bar:32}] {msg}") {
            bar.set_style(style.progress_chars("█▉░"));
        }
        bar
    }
}

/// Does `work` while its progress is shown every second.
async fn show_while<T>(
    bar: &ProgressBar,
    stage: &Stage,
    nemesis: &Nemesis,
    work: impl Future<Output = T>,
) -> T {
    tokio::pin!(work);
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = ticks.tick() => {
                let (begun, history) = (nemesis.begun(), &stage.history);
                bar.set_position(begun);
                let (acked, delivered) = (history.acked.get(), history.delivered.get());
                bar.set_message(format!("fault {begun}  acked {acked}  delivered {delivered}"));
            }
        }
    }
}
