//! `memo-50`: bots that talk, and tools whose output everybody in the room follows.

use super::Stage;
use super::output;
use crate::client::{Client, Habits};
use crate::pace;
use crate::tally::Clock;
use crate::wire::Stamp;
use std::rc::Rc;

/// Tool streams a second, as the launch criterion has it: 100 a minute.
const TOOLS: f64 = 100.0 / 60.0;
/// Appends of a tool, and how many a second.
const APPENDS: u64 = 32;
/// See [`APPENDS`].
const APPENDS_PER_SECOND: f64 = 50.0;
/// Bytes of an append.
const APPEND_BYTES: u64 = 500;

pub(super) async fn run(stage: &mut Stage) -> anyhow::Result<()> {
    let rooms = stage.rooms.clone();
    let room = |index: usize| rooms[index % rooms.len()].clone();
    // Every bot is in two rooms; one half takes stream bytes as binary frames, the other as text.
    let habits = |index: usize| Habits {
        follows: true,
        binary: index.is_multiple_of(2),
        lane: None,
    };
    stage
        .gather(habits, |index| vec![room(index), room(index + 1)])
        .await?;
    let begin = stage.begin().await?;
    let (clock, size) = (stage.clock(), stage.plan.size);
    let end = begin + stage.plan.duration.as_micros() as u64;
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
    let mut tools = tokio::task::JoinSet::new();
    let start = pace::run(clock, TOOLS, begin, end, |number, at| {
        let index = (number as usize * 2) % stage.clients.len();
        let index = index - index % 2;
        tools.spawn_local(tool(
            clock,
            stage.clients[index].clone(),
            room(index),
            number,
            at,
        ));
    });
    stage.during(async { tokio::join!(chat, start) }).await;
    stage
        .during(async {
            while let Some(ended) = tools.join_next().await {
                ended??;
            }
            anyhow::Ok(())
        })
        .await?;
    stage.settle().await
}

/// Runs one tool, whose appends are due at times that do not wait for the hub.
async fn tool(
    clock: Clock,
    bot: Rc<Client>,
    room: String,
    number: u64,
    at: u64,
) -> anyhow::Result<()> {
    let writer = bot.open_stream(&room, &format!("tool {number}")).await?;
    let end = at + (APPENDS as f64 * 1e6 / APPENDS_PER_SECOND) as u64;
    pace::run(clock, APPENDS_PER_SECOND, at, end, |_, intended| {
        writer.append(
            &output::piece(number, writer.length(), APPEND_BYTES as usize),
            intended,
        );
    })
    .await;
    writer.close().await
}
