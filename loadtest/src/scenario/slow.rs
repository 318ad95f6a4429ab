//! `slow-consumer`: some sockets stop reading while many messages pass, then read on and must have them all.

use super::Stage;
use crate::client::Habits;
use crate::pace;
use crate::wire::Stamp;
use anyhow::bail;
use std::cell::Cell;

/// Before anybody stops reading, everybody reads for this part of the time: what the others are held against.
const BASELINE: f64 = 0.25;

pub(super) async fn run(stage: &mut Stage) -> anyhow::Result<()> {
    let slow = stage.plan.faults;
    if slow >= stage.plan.connections {
        bail!("--faults must leave somebody who reads");
    }
    let rooms = stage.rooms.clone();
    stage
        .gather(
            |_| Habits::default(),
            |index| vec![rooms[index % rooms.len()].clone()],
        )
        .await?;
    let begin = stage.begin().await?;
    let sent = Cell::new(0);
    let stall = begin + (stage.plan.duration.as_micros() as f64 * BASELINE) as u64;
    stage.shared.tally.baseline.set(true);
    stage.during(chat(stage, begin, stall, &sent)).await;
    stage.shared.tally.baseline.set(false);
    let resident = |stage: &Stage| stage.hub.as_ref()?.process().ok()?.resident_bytes();
    let before = resident(stage);
    let from = stage.shared.tally.samples().len();
    stage.clients[..slow]
        .iter()
        .for_each(|client| client.pause());
    let first = sent.get();
    stage
        .during(chat(
            stage,
            stall,
            stall + stage.plan.duration.as_micros() as u64,
            &sent,
        ))
        .await;
    stage
        .extra
        .insert("missed".into(), (sent.get() - first) as f64);
    if let (Some(before), Some(now)) = (before, resident(stage)) {
        let samples = stage.shared.tally.samples();
        let most = samples[from..]
            .iter()
            .filter_map(|sample| sample.hub_resident_bytes)
            .max();
        let growth = most.unwrap_or(now).max(now).saturating_sub(before);
        stage
            .extra
            .insert("hub.rss_growth_mib".into(), growth as f64 / 1_048_576.0);
    }
    stage.acked().await;
    let heads = stage.heads().await?;
    stage.clients[..slow]
        .iter()
        .for_each(|client| client.resume(&heads));
    stage.settle().await
}

/// Messages from those who go on reading.
async fn chat(stage: &Stage, begin: u64, end: u64, sent: &Cell<u64>) {
    let rate = stage.plan.rate.unwrap_or(1.0);
    let (slow, count) = (stage.plan.faults, stage.clients.len());
    pace::run(stage.clock(), rate, begin, end, |_, sent_at| {
        let number = sent.get();
        sent.set(number + 1);
        let index = slow + number as usize % (count - slow);
        stage.clients[index].publish(
            stage.room_of(index),
            Stamp { sent_at, number },
            stage.plan.size,
        );
    })
    .await;
}
