//! Publishes with idempotency keys, several at a time, and sends what was not acknowledged again.

use super::ROOMS;
use super::stage::Stage;
use crate::support::{Received, Socket};
use generic_corp_protocol::ServerFrame;
use generic_corp_protocol::frame::Published;
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;

/// Publishes that wait for their acks.
const WINDOW: usize = 16;

/// An event that was acknowledged.
#[derive(Clone, Debug)]
pub struct Sent {
    pub room: &'static str,
    pub key: String,
    pub body: Value,
    pub seq: u64,
}

struct Publisher {
    stage: Arc<Stage>,
    random: StdRng,
    name: u64,
    made: u64,
    /// Without an ack yet, the oldest first; the number of connections each went over.
    waiting: VecDeque<(Sent, u32)>,
    acked: Vec<Sent>,
}

/// Runs until everything is acknowledged after the end was called.
pub async fn run(stage: Arc<Stage>, token: String, mut random: StdRng) -> Vec<Sent> {
    let name = random.random();
    let (waiting, acked) = Default::default();
    let mut publisher = Publisher {
        stage,
        random,
        name,
        made: 0,
        waiting,
        acked,
    };
    loop {
        let (socket, round) = publisher.stage.connect(&token).await;
        if publisher.serve(socket).await {
            return publisher.acked;
        }
        publisher
            .stage
            .lost_publishes(round, publisher.waiting.len());
    }
}

impl Publisher {
    /// Whether everything is done; else the connection is gone.
    async fn serve(&mut self, mut socket: Socket) -> bool {
        let again: Vec<Value> = self.waiting.iter().map(|(sent, _)| frame(sent)).collect();
        self.waiting.iter_mut().for_each(|(_, tries)| *tries += 1);
        // A retry may also come late, when its first ack was not lost after all.
        let late = self.acked.last().map(frame);
        for frame in again.into_iter().chain(late) {
            if socket.try_send(frame.to_string()).await.is_err() {
                return false;
            }
        }
        loop {
            while self.waiting.len() < WINDOW && !self.stage.is_over() {
                let sent = self.make();
                let frame = frame(&sent);
                self.waiting.push_back((sent, 1));
                if socket.try_send(frame.to_string()).await.is_err() {
                    return false;
                }
            }
            if self.waiting.is_empty() {
                return true;
            }
            match socket.next().await {
                Received::Frame(ServerFrame::Ok(ok)) => {
                    let published = serde_json::from_value(ok.result.expect("a result"));
                    self.settle(&ok.id, &published.expect("published"));
                }
                Received::Closed(..) | Received::Gone => return false,
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    fn make(&mut self) -> Sent {
        self.made += 1;
        let pad = "·".repeat(self.random.random_range(0..300));
        Sent {
            room: ROOMS[self.random.random_range(0..ROOMS.len())],
            key: format!("{}-{}", self.name, self.made),
            body: json!({ "text": format!("{} {pad}", self.made) }),
            seq: 0,
        }
    }

    fn settle(&mut self, key: &str, published: &Published) {
        let seq = published.seq.expect("what is stored has a seq");
        let Some(at) = self.waiting.iter().position(|(sent, _)| sent.key == key) else {
            let known = self.acked.iter().rev().find(|sent| sent.key == key);
            let known = known.expect("an ack for something that was sent");
            assert_eq!(
                (seq, published.duplicate),
                (known.seq, true),
                "the first answer again"
            );
            return;
        };
        let (mut sent, tries) = self.waiting.remove(at).expect("it is there");
        match (tries, published.duplicate) {
            (1, duplicate) => assert!(!duplicate, "{key} was sent once"),
            (_, true) => self.stage.note(|tally| tally.found_stored += 1),
            (_, false) => self.stage.note(|tally| tally.found_lost += 1),
        }
        sent.seq = seq;
        self.acked.push(sent);
        self.stage.acked();
    }
}

fn frame(sent: &Sent) -> Value {
    json!({
        "type": "publish", "id": sent.key, "room": sent.room, "key": sent.key, "body": sent.body,
    })
}
