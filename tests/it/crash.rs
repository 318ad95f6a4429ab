//! The hub is killed with SIGKILL in the middle of everything, again and again, on one file: whatever was
//! acknowledged is there exactly once, `seq` has no gap, and what every viewer saw is the log.

mod library;
mod onlooker;
mod producer;
mod publisher;
mod stage;
mod truth;
mod viewer;

use crate::support::database::is_postgres;
use crate::support::{PATIENCE, TestServer};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use stage::{Stage, Targets};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinHandle;
use truth::Truth;
use viewer::{Seen, Way};

const ROOMS: [&str; 2] = ["lobby", "forge"];
const KILLS: usize = 30;
const PUBLISHERS: usize = 3;
/// Repeats the kill points and what is sent, as far as the machine lets it.
const SEED: &str = "GENERIC_CORP_CRASH_SEED";

fn seed() -> u64 {
    let given = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| rand::rng().random());
    println!("{SEED}={seed}");
    seed
}

async fn outcome<T>(what: &str, task: JoinHandle<T>) -> T {
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => std::panic::resume_unwind(error.into_panic()),
        Err(_) => panic!("never ended: {what}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_kills_lose_and_repeat_nothing() {
    let begun = Instant::now();
    let mut random = StdRng::seed_from_u64(seed());
    let mut hub = TestServer::builder()
        .with_fixed_port()
        .with_plan(&[])
        .with("log.hot_tail_bytes", 20_000)
        .with("log.hot_stream_bytes", 20_000)
        .start()
        .await;
    hub.room(ROOMS[1]).await;
    let stage = Arc::new(Stage::new(hub.address));
    let mut publishers = Vec::new();
    for n in 0..PUBLISHERS {
        let (key, random) = (
            hub.key(&format!("publisher-{n}")).await,
            StdRng::from_rng(&mut random),
        );
        publishers.push(tokio::spawn(publisher::run(stage.clone(), key, random)));
    }
    let mut producers = Vec::new();
    for binary in [false, true] {
        let key = hub.key(&format!("producer-{binary}")).await;
        let random = StdRng::from_rng(&mut random);
        producers.push(tokio::spawn(producer::run(
            stage.clone(),
            key,
            random,
            binary,
        )));
    }
    let viewers = viewers(&hub, &stage).await;
    for _ in 0..KILLS {
        stage.progress(random.random_range(20..400)).await;
        hub.kill().await;
        stage.killed();
        hub.restart().await;
    }
    stage.progress(100).await;
    stage.wind_up();
    let mut sent = Vec::new();
    for publisher in publishers {
        sent.extend(outcome("a publisher", publisher).await);
    }
    let mut streams = BTreeMap::new();
    for producer in producers {
        streams.extend(outcome("a producer", producer).await);
    }
    let truth = Truth::read(&hub).await;
    truth.must_hold(&sent, &streams);
    stage.finish(Targets {
        heads: truth.heads(),
        streams: streams.keys().copied().collect(),
    });
    for (who, viewer) in viewers {
        truth.must_equal(who, &outcome(who, viewer).await);
    }
    hub.kill().await;
    if !is_postgres() {
        truth::file_is_sound(&hub.database());
    }
    let tally = stage.tally();
    println!("{tally:?}; {} events in {:?}", truth.len(), begun.elapsed());
    tally.must_prove(KILLS);
}

async fn viewers(hub: &TestServer, stage: &Arc<Stage>) -> Vec<(&'static str, JoinHandle<Seen>)> {
    let ways = [
        ("a viewer of rooms", Way::Rooms),
        ("a viewer of streams", Way::Streams { binary: false }),
        ("a viewer of binary streams", Way::Streams { binary: true }),
    ];
    let key = hub.key("viewer").await;
    let mut viewers = Vec::new();
    for (who, way) in ways {
        viewers.push((
            who,
            tokio::spawn(viewer::run(stage.clone(), key.clone(), way)),
        ));
    }
    let onlooker = onlooker::run(stage.clone(), key, ROOMS[0]);
    viewers.push(("an onlooker", tokio::spawn(onlooker)));
    viewers
}
