//! After the last fault: whether everything works again, and what every node shows of every log.

use super::actor::{Answer, Session, Stage, Viewer, hex};
use super::cluster::Cluster;
use super::crew::Viewers;
use super::history::{Hash, Outcome, Record};
use super::verify::LIVENESS;
use crate::tenant::Tenant;
use generic_corp_protocol::frame::Published;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long an answer may take before it is asked again.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// A stream whose producer is gone ends by itself within this time.
const LEASE: Duration = Duration::from_secs(60);

/// Publishes an event in every room through every node.
///
/// # Errors
/// When a probe cannot be run.
pub async fn probe(stage: &Rc<Stage>) -> anyhow::Result<()> {
    let mut probes = JoinSet::new();
    for node in 0..stage.doors.len() {
        for room in &stage.rooms {
            let (stage, room) = (stage.clone(), room.clone());
            probes.spawn_local(async move {
                let begun = stage.history.clock.us();
                let accepted = tokio::time::timeout(LIVENESS, publish(&stage, node, &room)).await;
                let took = accepted.is_ok().then(|| stage.history.clock.us() - begun);
                stage.history.record(Record::Probe { node, room, took });
            });
        }
    }
    while let Some(ended) = probes.join_next().await {
        ended?;
    }
    Ok(())
}

/// Publishes one event, over as many connections as it takes.
async fn publish(stage: &Stage, node: usize, room: &str) {
    let (key, body) = (format!("probe-{node}"), json!({ "text": "probe" }));
    let hash = Hash::of("message", &key, &body.to_string());
    let frame = json!({ "type": "publish", "room": room, "key": key, "body": body });
    loop {
        let Ok(session) = Session::open(&stage.doors[node], Rc::new(|_| {})).await else {
            tokio::time::sleep(LOOK).await;
            continue;
        };
        let begun = stage.history.clock.us();
        let outcome = match session.ask(frame.clone(), PATIENCE).await {
            Answer::Done(result) => match serde_json::from_value::<Published>(result) {
                Ok(Published { seq, duplicate, .. }) => Outcome::Acked {
                    seq: seq.unwrap_or(0),
                    duplicate,
                },
                Err(error) => Outcome::Unknown {
                    why: error.to_string(),
                },
            },
            Answer::Refused(failure) => Outcome::Refused {
                code: failure.code.to_string(),
            },
            Answer::Lost(why) => Outcome::Unknown {
                why: why.to_owned(),
            },
        };
        let acked = matches!(outcome, Outcome::Acked { .. });
        stage.history.record(Record::Publish {
            who: "probe".to_owned(),
            node,
            room: room.to_owned(),
            key: key.clone(),
            hash,
            begun,
            burst: None,
            outcome,
        });
        if acked {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until nothing changes and the viewers have everything, then reads every log from every node.
///
/// # Errors
/// When a node cannot be read, or PostgreSQL does not say what was counted.
pub async fn take(
    stage: &Stage,
    cluster: &Cluster,
    tenant: &Tenant,
    viewers: Viewers,
) -> anyhow::Result<()> {
    let nodes = cluster.nodes.iter();
    let nodes: Vec<Tenant> = nodes.map(|node| tenant.through(node.address)).collect();
    all_streams_ended(stage, tenant).await?;
    let mut heads = BTreeMap::new();
    for room in &stage.rooms {
        heads.insert(room.clone(), tenant.room(room).await?.head);
    }
    for viewer in &viewers.all {
        reaches(stage, viewer, &heads).await;
    }
    drop(viewers);
    for (node, tenant) in nodes.iter().enumerate() {
        let mut streams = BTreeSet::new();
        for room in &stage.rooms {
            read_log(stage, node, tenant, room, &mut streams).await?;
        }
        for stream in &streams {
            read_stream(stage, node, tenant, stream).await?;
        }
    }
    read_usage(stage, cluster, tenant).await
}

async fn all_streams_ended(stage: &Stage, tenant: &Tenant) -> anyhow::Result<()> {
    let begun = Instant::now();
    for room in &stage.rooms {
        while begun.elapsed() < LEASE && !tenant.open_streams(room).await?.is_empty() {
            tokio::time::sleep(LOOK).await;
        }
    }
    Ok(())
}

async fn reaches(stage: &Stage, viewer: &Viewer, heads: &BTreeMap<String, u64>) {
    let begun = stage.history.clock.us();
    let reached = tokio::time::timeout(LIVENESS, viewer.reaches(heads)).await;
    let took = reached.is_ok().then(|| stage.history.clock.us() - begun);
    let who = viewer.who().to_owned();
    stage.history.record(Record::Reached { who, took });
}

async fn read_log(
    stage: &Stage,
    node: usize,
    tenant: &Tenant,
    room: &str,
    streams: &mut BTreeSet<String>,
) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let page = tenant.events(room, after).await?;
        let entries = page.events.iter().map(|event| {
            let key = event.key.clone().unwrap_or_default();
            if let Some(stream) = key.strip_prefix("open:") {
                streams.insert(stream.to_owned());
            }
            let hash = Hash::of(&event.kind, &key, event.body.get());
            (event.seq, key, hash)
        });
        let events: Vec<_> = entries.collect();
        let last = events.last().map(|(seq, _, _)| *seq);
        stage.history.record(Record::Log {
            node,
            room: room.to_owned(),
            head: page.head,
            epoch: page.epoch,
            events,
        });
        match last {
            Some(last) if page.more && last > after => after = last,
            _ => return Ok(()),
        }
    }
}

async fn read_stream(
    stage: &Stage,
    node: usize,
    tenant: &Tenant,
    stream: &str,
) -> anyhow::Result<()> {
    let info = tenant.stream(stream).await?;
    let bytes = tenant.stream_bytes(stream).await?;
    stage.history.record(Record::Stream {
        node,
        stream: stream.to_owned(),
        room: info.room.to_string(),
        state: info.state.as_str().to_owned(),
        length: bytes.len() as u64,
        sha: hex(&Sha256::digest(&bytes)),
    });
    Ok(())
}

/// There is no way to ask a hub for it: the table is read.
async fn read_usage(stage: &Stage, cluster: &Cluster, tenant: &Tenant) -> anyhow::Result<()> {
    let statement = format!(
        "SELECT meter, SUM(amount) FROM usage WHERE workspace_id = '{}' GROUP BY meter",
        tenant.workspace()
    );
    let rows = cluster.postgres.query(&statement).await?;
    for (meter, amount) in rows.lines().filter_map(|row| row.split_once('|')) {
        let (meter, amount) = (meter.to_owned(), amount.parse()?);
        stage.history.record(Record::Usage { meter, amount });
    }
    Ok(())
}
