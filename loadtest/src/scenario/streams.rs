//! `streams`: some clients write streams, one after the other, and everyone in the room follows them.

use super::Stage;
use super::output;
use crate::client::{Client, Habits};
use crate::tally::Clock;
use std::rc::Rc;

/// Most streams that are written at a time.
const PRODUCERS: usize = 10;
/// Bytes of an append.
const APPEND_BYTES: usize = 4096;

pub(super) async fn run(stage: &mut Stage) -> anyhow::Result<()> {
    let rooms = stage.rooms.clone();
    let producers = PRODUCERS.min(stage.plan.connections);
    // Binary for producers; of the others every second takes text.
    let binary = |index: usize| index < producers || index.is_multiple_of(2);
    let habits = |index| Habits {
        follows: true,
        binary: binary(index),
        lane: None,
    };
    stage
        .gather(habits, |index| vec![rooms[index % rooms.len()].clone()])
        .await?;
    let begin = stage.begin().await?;
    let mut writing = tokio::task::JoinSet::new();
    for index in 0..producers {
        let load = Load {
            begin: begin + index as u64 * 1000,
            end: begin + stage.plan.duration.as_micros() as u64,
            step: producers as f64 * 1e6 / stage.plan.rate.unwrap_or(1.0),
            size: stage.plan.size as u64,
        };
        let (client, room) = (
            stage.clients[index].clone(),
            stage.room_of(index).to_owned(),
        );
        writing.spawn_local(produce(stage.clock(), client, room, index as u64, load));
    }
    stage
        .during(async {
            while let Some(ended) = writing.join_next().await {
                ended??;
            }
            anyhow::Ok(())
        })
        .await?;
    stage.settle().await
}

/// What one producer writes: an append every `step` microseconds, `size` bytes a stream.
struct Load {
    begin: u64,
    end: u64,
    step: f64,
    size: u64,
}

async fn produce(
    clock: Clock,
    client: Rc<Client>,
    room: String,
    seed: u64,
    load: Load,
) -> anyhow::Result<()> {
    let (mut number, mut writer) = (0u64, None);
    loop {
        let due = load.begin + (number as f64 * load.step) as u64;
        if due >= load.end {
            break;
        }
        tokio::time::sleep_until(clock.at(due)).await;
        let stream = match writer.take() {
            Some(stream) => stream,
            None => {
                client
                    .open_stream(&room, &format!("stream {seed}-{number}"))
                    .await?
            }
        };
        let at = stream.length();
        let length = (load.size - at).min(APPEND_BYTES as u64) as usize;
        stream.append(&output::piece(seed, at, length), due);
        number += 1;
        if stream.length() < load.size {
            writer = Some(stream);
        } else {
            stream.close().await?;
        }
    }
    match writer {
        Some(stream) => stream.close().await,
        None => Ok(()),
    }
}
