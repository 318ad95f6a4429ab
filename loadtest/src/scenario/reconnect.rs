//! `reconnect`: sockets are cut at random and resume where they were.

use super::Stage;
use crate::client::{Client, Habits};
use crate::pace;
use crate::wire::Stamp;
use rand::seq::IndexedRandom as _;
use std::cell::Cell;
use std::rc::Rc;
use tokio::task::JoinSet;

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
    let (clock, size) = (stage.clock(), stage.plan.size);
    let chat = pace::run(
        clock,
        stage.plan.rate.unwrap_or(1.0),
        begin,
        end,
        |number, sent_at| {
            let index = number as usize % stage.clients.len();
            stage.clients[index].publish(stage.room_of(index), Stamp { sent_at, number }, size);
        },
    );
    let sockets = stage.clients.iter().enumerate();
    let sockets = sockets.map(|(index, client)| {
        (
            client.clone(),
            stage.room_of(index).to_owned(),
            Rc::default(),
        )
    });
    let mut cutter = Cutter {
        sockets: sockets.collect(),
        cuts: 0,
        returning: JoinSet::new(),
    };
    let cut = pace::run(
        clock,
        (stage.plan.faults as f64).max(0.001),
        begin,
        end,
        |_, _| cutter.cut(),
    );
    stage.during(async { tokio::join!(chat, cut) }).await;
    while let Some(returned) = cutter.returning.join_next().await {
        returned??;
    }
    stage.extra.insert("cuts".into(), f64::from(cutter.cuts));
    stage.settle().await
}

struct Cutter {
    /// Each with its room and whether it is away.
    sockets: Vec<(Rc<Client>, String, Rc<Cell<bool>>)>,
    cuts: u32,
    returning: JoinSet<anyhow::Result<()>>,
}

impl Cutter {
    /// Cuts one of those who are here; it comes back at once.
    fn cut(&mut self) {
        let here: Vec<_> = self
            .sockets
            .iter()
            .filter(|(_, _, away)| !away.get())
            .collect();
        let Some((client, room, away)) = here
            .choose(&mut rand::rng())
            .map(|socket| (*socket).clone())
        else {
            return;
        };
        away.set(true);
        client.cut();
        self.cuts += 1;
        self.returning.spawn_local(async move {
            client.return_to(&[room]).await?;
            away.set(false);
            Ok(())
        });
    }
}
