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
    let (sent, duration) = (Cell::new(0), stage.plan.duration.as_micros() as u64);
    stage.sending = stage.plan.duration.mul_f64(1.0 + BASELINE);
    let stall = begin + (duration as f64 * BASELINE) as u64;
    stage.shared.tally.baseline.set(true);
    stage.during(chat(stage, begin, stall, &sent)).await;
    stage.shared.tally.baseline.set(false);
    stage.clients[..slow]
        .iter()
        .for_each(|client| client.pause());
    let (before, first, from) = (
        resident(stage),
        sent.get(),
        stage.shared.tally.samples().len(),
    );
    stage
        .during(chat(stage, stall, stall + duration, &sent))
        .await;
    stage
        .extra
        .insert("missed".into(), (sent.get() - first) as f64);
    let growth = growth(stage, before, from);
    stage
        .extra
        .extend(growth.map(|mib| ("hub.rss_growth_mib".to_owned(), mib)));
    stage.acked().await;
    let heads = stage.heads().await?;
    stage.clients[..slow]
        .iter()
        .for_each(|client| client.resume(&heads));
    stage.settle().await
}

fn resident(stage: &Stage) -> Option<u64> {
    stage.hub.as_ref()?.process().ok()?.resident_bytes()
}

/// By how many MiB a private hub grew at most since it held `before`, by the samples from `from` on.
fn growth(stage: &Stage, before: Option<u64>, from: usize) -> Option<f64> {
    let samples = stage.shared.tally.samples();
    let most = samples[from..]
        .iter()
        .filter_map(|sample| sample.hub_resident_bytes)
        .max();
    let most = most.max(resident(stage))?;
    Some(most.saturating_sub(before?) as f64 / 1_048_576.0)
}

/// Messages from those who go on reading.
async fn chat(stage: &Stage, begin: u64, end: u64, sent: &Cell<u64>) {
    let rate = stage.plan.rate.unwrap_or(1.0);
    let (slow, count) = (stage.plan.faults, stage.clients.len());
    pace::run(stage.clock(), rate, begin, end, |_, sent_at| {
        let number = sent.get();
        sent.set(number + 1);
        let index = slow + number as usize % (count - slow);
        let stamp = Stamp { sent_at, number };
        stage.clients[index].publish(stage.room_of(index), stamp, stage.plan.size);
    })
    .await;
}
