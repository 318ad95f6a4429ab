//! `fanout`: messages at a constant rate, each to everyone in its room.

use super::Stage;
use crate::client::Habits;
use crate::pace;
use crate::wire::Stamp;

pub(super) async fn run(stage: &mut Stage) -> anyhow::Result<()> {
    let rooms = stage.rooms.clone();
    stage
        .gather(
            |_| Habits::default(),
            |index| vec![rooms[index % rooms.len()].clone()],
        )
        .await?;
    let begin = stage.begin().await?;
    let end = begin + stage.plan.duration.as_micros() as u64;
    let rate = stage.plan.rate.unwrap_or(1.0);
    let chat = pace::run(stage.clock(), rate, begin, end, |number, sent_at| {
        let index = number as usize % stage.clients.len();
        stage.clients[index].publish(
            stage.room_of(index),
            Stamp { sent_at, number },
            stage.plan.size,
        );
    });
    stage.during(chat).await;
    stage.settle().await
}
