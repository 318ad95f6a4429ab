//! `reconnect`: sockets are cut at random and resume where they were.

use super::Stage;
use crate::client::Habits;
use crate::pace;
use crate::wire::Stamp;
use rand::seq::IndexedRandom as _;
use std::cell::Cell;
use std::rc::Rc;

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
    let (clock, size) = (stage.clock(), stage.plan.size);
    let chat = pace::run(clock, rate, begin, end, |number, sent_at| {
        let index = number as usize % stage.clients.len();
        stage.clients[index].publish(stage.room_of(index), Stamp { sent_at, number }, size);
    });
    let away: Vec<Rc<Cell<bool>>> = stage.clients.iter().map(|_| Rc::default()).collect();
    let (cuts, mut returning) = (Cell::new(0u32), tokio::task::JoinSet::new());
    let cut = pace::run(
        clock,
        (stage.plan.faults as f64).max(0.001),
        begin,
        end,
        |_, _| {
            let here: Vec<usize> = (0..away.len())
                .filter(|index| !away[*index].get())
                .collect();
            let Some(index) = here.choose(&mut rand::rng()).copied() else {
                return;
            };
            let (client, gone) = (stage.clients[index].clone(), away[index].clone());
            let room = stage.room_of(index).to_owned();
            gone.set(true);
            client.cut();
            cuts.set(cuts.get() + 1);
            returning.spawn_local(async move {
                client.return_to(&[room]).await?;
                gone.set(false);
                anyhow::Ok(())
            });
        },
    );
    stage.during(async { tokio::join!(chat, cut) }).await;
    while let Some(returned) = returning.join_next().await {
        returned??;
    }
    stage.extra.insert("cuts".into(), f64::from(cuts.get()));
    stage.settle().await
}
