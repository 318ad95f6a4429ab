//! The torture: a private cluster is broken again and again while clients work, and a checker proves from
//! what they did and saw that nothing was lost, repeated or moved.

mod actor;
mod cluster;
mod crew;
mod history;
mod last_look;
mod nemesis;
mod verify;

use crate::args::{Check, Torture};
use crate::hub;
use crate::tenant::Tenant;
use actor::{Door, Stage};
use anyhow::bail;
use cluster::Cluster;
use crew::Crew;
use history::{FORMAT, History, Record};
use indicatif::{ProgressBar, ProgressStyle};
use nemesis::{Nemesis, Parts, plan};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Rooms of a run.
const ROOMS: usize = 3;
/// How long clients work undisturbed before the first fault and after the last.
const CALM: Duration = Duration::from_secs(2);

/// Runs the torture, or checks a history again; whether everything holds.
///
/// # Errors
/// When it cannot be run or read.
pub async fn run(options: &Torture) -> anyhow::Result<bool> {
    let (path, violated) = match &options.check {
        Some(Check::Check { file }) => (file.clone(), "the history breaks the rules above"),
        None => (torture(options).await?, "the run breaks the rules above"),
    };
    let verdict = verify::check(&path)?;
    print!("{}", verdict.render());
    println!("history {}", path.display());
    if !verdict.is_good() {
        bail!("{violated}; seed {}", verdict.seed);
    }
    Ok(true)
}

/// Runs it; where the history is.
async fn torture(options: &Torture) -> anyhow::Result<PathBuf> {
    let seed = options
        .seed
        .unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let path = match &options.history {
        Some(path) => path.clone(),
        None => std::env::temp_dir().join(format!("torture-{seed}-{}.jsonl", std::process::id())),
    };
    let history = History::create(&path)?;
    println!("seed {seed}");
    let cluster = Rc::new(Cluster::start(options).await?);
    let tenant =
        Tenant::bootstrap(cluster.nodes[0].address, hub::EMAIL, cluster.password()).await?;
    let rooms = tenant.rooms(ROOMS).await?;
    let doors = cluster.doors().into_iter().map(|address| Door {
        address,
        path: tenant.path.clone(),
        token: tenant.token.clone(),
    });
    let stage = Stage::new(history, doors.collect(), rooms, seed);
    stage.history.record(Record::Run {
        format: FORMAT,
        seed,
        nodes: cluster.nodes.len(),
        redis: cluster.redis.is_some(),
        rooms: stage.rooms.clone(),
    });
    let crew = Crew::start(&stage);
    let nemesis = Nemesis::new(&cluster, &stage);
    let parts = Parts {
        nodes: cluster.nodes.len(),
        redis: cluster.redis.is_some(),
        disk: cluster.postgres.has_small_disk(),
    };
    let steps = plan(seed, options.faults, parts);
    let end = options.duration.map(|time| Instant::now() + time);
    let bar = bar(options);
    let work = async {
        tokio::time::sleep(CALM).await;
        nemesis.run(steps, end).await?;
        stage.history.record(Record::Calm);
        last_look::probe(&stage).await?;
        tokio::time::sleep(CALM).await;
        let viewers = crew.finish().await;
        last_look::take(&stage, &cluster, &tenant, viewers).await
    };
    show_while(&bar, &stage, &nemesis, options.faults, work).await?;
    bar.finish_and_clear();
    stage.history.finish()?;
    Ok(path)
}

fn bar(options: &Torture) -> ProgressBar {
    let bar = match options.no_progress {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(options.faults as u64),
    };
    if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} [{bar:32}] {msg}") {
        bar.set_style(style.progress_chars("█▉░"));
    }
    bar
}

/// Does `work` while its progress is shown every second.
async fn show_while<T>(
    bar: &ProgressBar,
    stage: &Stage,
    nemesis: &Nemesis,
    faults: usize,
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
                bar.set_message(format!(
                    "fault {begun} of {faults}  acked {acked}  delivered {delivered}"
                ));
            }
        }
    }
}
