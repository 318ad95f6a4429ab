//! A producer: writes streams whose bytes follow from their key, and goes on where the hub says.

use super::content::content;
use super::session::{Answer, Observer, Session};
use super::{LAST_WORK, PATIENCE, Stage};
use crate::torture::history::Record;
use generic_corp_protocol::frame::StreamOpened;
use generic_corp_protocol::{StreamInfo, StreamState};
use rand::Rng as _;
use rand::rngs::StdRng;
use serde::Deserialize;
use serde_json::json;
use std::ops::Range;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// What a producer writes.
#[derive(Clone)]
pub struct Habits {
    /// Bytes of a stream.
    pub length: Range<u64>,
    /// Bytes of an append.
    pub append: Range<u64>,
    /// Between two appends, in milliseconds.
    pub pause: Range<u64>,
    /// Between two streams, in milliseconds.
    pub rest: Range<u64>,
    /// How likely it goes away for good before an append.
    pub abandons: f64,
}

/// See the module.
pub struct Producer {
    stage: Rc<Stage>,
    who: String,
    habits: Habits,
    chance: StdRng,
}

/// One stream.
struct Work {
    room: String,
    key: String,
    length: u64,
}

/// Durable up to here.
#[derive(Deserialize)]
struct Offset {
    offset: u64,
}

impl Producer {
    /// The producer of this number.
    pub fn new(stage: &Rc<Stage>, number: usize, habits: &Habits) -> Self {
        let who = format!("producer-{number}");
        Self {
            chance: stage.chance(&who),
            stage: stage.clone(),
            who,
            habits: habits.clone(),
        }
    }

    /// Writes one stream after the other until the work is over.
    pub async fn run(mut self) {
        let mut number = 0;
        while !self.stage.is_over() {
            number += 1;
            let room = self.chance.random_range(0..self.stage.rooms.len());
            let work = Work {
                room: self.stage.rooms[room].clone(),
                key: format!("{}-{number}", self.who),
                length: self.chance.random_range(self.habits.length.clone()),
            };
            self.write(&work).await;
            let rest = self.chance.random_range(self.habits.rest.clone());
            self.stage.pause(Duration::from_millis(rest)).await;
        }
    }

    /// Writes a stream to its end, over as many connections as it takes.
    async fn write(&mut self, work: &Work) {
        let begun = Instant::now();
        while !self.stage.is_over() || begun.elapsed() < 2 * LAST_WORK {
            let node = self.chance.random_range(0..self.stage.doors.len());
            let observer: Observer = Rc::new(|_| {});
            if let Ok(session) = Session::open(&self.stage.doors[node], observer).await
                && self.go_on(node, &session, work).await.is_some()
            {
                return;
            }
            let pause = self.chance.random_range(50..400);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    /// Goes on over this connection; `None` when it has to go on over another.
    async fn go_on(&mut self, node: usize, session: &Session, work: &Work) -> Option<()> {
        let open = json!({
            "type": "stream.open", "room": work.room, "key": work.key, "name": work.key,
            "media_type": "text/plain",
        });
        let opened: StreamOpened = ask(session, open).await?;
        let stream = opened.stream.to_string();
        let state = name(opened.state);
        self.stage.history.record(Record::Opened {
            who: self.who.clone(),
            node,
            room: work.room.clone(),
            key: work.key.clone(),
            stream: stream.clone(),
            offset: opened.offset,
            state: state.clone(),
        });
        if opened.state != StreamState::Open {
            return self.ended(work, stream, opened.offset, state);
        }
        let mut offset = opened.offset;
        while offset < work.length {
            if session.is_sent_away() {
                return None;
            }
            if self.chance.random_bool(self.habits.abandons) {
                // The hub ends it when its lease is over.
                return Some(());
            }
            offset = self.append(session, work, &stream, offset).await?;
            let pause = self.chance.random_range(self.habits.pause.clone());
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        let close = json!({
            "type": "stream.close", "stream": stream, "offset": offset,
            "outcome": "completed", "exit_code": 0,
        });
        let info: StreamInfo = ask(session, close).await?;
        self.ended(work, stream, info.length, name(info.state))
    }

    /// Appends the next bytes, now and then with some that are there already; up to where they are durable.
    async fn append(
        &mut self,
        session: &Session,
        work: &Work,
        stream: &str,
        offset: u64,
    ) -> Option<u64> {
        let to = (offset + self.chance.random_range(self.habits.append.clone())).min(work.length);
        let from = match self.chance.random_bool(0.1) {
            true => offset - self.chance.random_range(0..=offset.min(500)),
            false => offset,
        };
        let append = json!({
            "type": "stream.append", "stream": stream, "offset": from,
            "text": content(&work.key, from, to),
        });
        let Offset { offset } = ask(session, append).await?;
        let stream = stream.to_owned();
        self.stage.history.record(Record::Ack { stream, offset });
        Some(offset)
    }

    fn ended(&self, work: &Work, stream: String, length: u64, state: String) -> Option<()> {
        self.stage.history.record(Record::Closed {
            who: self.who.clone(),
            stream,
            written: work.length,
            length,
            state,
        });
        Some(())
    }
}

/// The answer to a request, if it was granted.
async fn ask<T: serde::de::DeserializeOwned>(
    session: &Session,
    frame: serde_json::Value,
) -> Option<T> {
    match session.ask(frame, PATIENCE).await {
        Answer::Done(result) => serde_json::from_value(result).ok(),
        Answer::Refused(_) | Answer::Lost(_) => None,
    }
}

/// A state as it stands on the wire.
fn name(state: StreamState) -> String {
    let text = serde_json::to_value(state).ok();
    let text = text.as_ref().and_then(|text| text.as_str());
    text.unwrap_or_default().to_owned()
}
