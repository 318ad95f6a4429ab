//! `publish`: durable publishes whose acks are awaited; then everything is read back from the log.

use super::Stage;
use crate::client::{Client, Habits};
use crate::wire::Stamp;
use crate::{closed, pace};
use std::rc::Rc;

pub(super) async fn run(stage: &mut Stage) -> anyhow::Result<()> {
    stage.gather(|_| Habits::default(), |_| Vec::new()).await?;
    let begin = stage.begin().await?;
    let end = begin + stage.plan.duration.as_micros() as u64;
    match stage.plan.rate {
        Some(rate) => stage.during(at_rate(stage, rate, begin, end)).await,
        None => {
            let room = |(index, client): (usize, &Rc<Client>)| {
                (client.clone(), stage.room_of(index).to_owned())
            };
            let load = closed::Load {
                publishers: stage.clients.iter().enumerate().map(room).collect(),
                in_flight: stage.plan.in_flight,
                size: stage.plan.size,
                number: Rc::default(),
            };
            stage.during(closed::run(stage.clock(), end, &load)).await;
        }
    }
    stage.acked().await;
    let seconds = (stage.clock().us() - begin) as f64 / 1e6;
    stage.extra.insert(
        "acked_per_second".into(),
        stage.shared.tally.acked.get() as f64 / seconds,
    );
    // One who reads every room from its beginning, against what the publishers were told.
    let reader = Client::new(&stage.tenant, &stage.shared, Habits::default());
    reader.late.set(true);
    reader.connect().await?;
    for room in &stage.rooms {
        reader.join_from_start(room).await?;
    }
    stage.clients.push(reader);
    stage.settle().await
}

async fn at_rate(stage: &Stage, rate: f64, begin: u64, end: u64) {
    pace::run(stage.clock(), rate, begin, end, |number, sent_at| {
        let index = number as usize % stage.clients.len();
        stage.clients[index].publish(
            stage.room_of(index),
            Stamp { sent_at, number },
            stage.plan.size,
        );
    })
    .await;
}
