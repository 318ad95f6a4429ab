//! A publisher: gives everything a key and sends it until it knows what became of it.

use super::session::{Answer, Observer, Session};
use super::{LAST_WORK, PATIENCE, Stage};
use crate::torture::history::{Hash, Outcome, Record};
use generic_corp_protocol::frame::Published;
use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The longest time between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// See the module.
pub struct Publisher {
    stage: Rc<Stage>,
    who: String,
    /// The node that it never leaves.
    pinned: Option<usize>,
    /// Between two messages, on average.
    pace: Duration,
    chance: StdRng,
    sessions: Vec<Option<Session>>,
    at: usize,
}

/// An event that is to be published.
struct Draft {
    room: String,
    key: String,
    kind: &'static str,
    body: Value,
}

impl Publisher {
    /// The publisher of this number.
    pub fn new(stage: &Rc<Stage>, number: usize, pinned: Option<usize>, pace: Duration) -> Self {
        let who = format!("publisher-{number}");
        let sessions = stage.doors.iter().map(|_| None).collect();
        Self {
            chance: stage.chance(&who),
            stage: stage.clone(),
            who,
            at: pinned.unwrap_or(number % stage.doors.len()),
            pinned,
            pace,
            sessions,
        }
    }

    /// Publishes until the work is over.
    pub async fn run(mut self) {
        let mut number = 0;
        while !self.stage.is_over() {
            number += 1;
            let draft = self.draft(number);
            self.publish(&draft).await;
            self.try_mischief(&draft).await;
            let pause = self.pace.mul_f64(self.chance.random_range(0.0..2.0));
            self.stage.pause(pause).await;
        }
    }

    fn draft(&mut self, number: u64) -> Draft {
        let room = self.chance.random_range(0..self.stage.rooms.len());
        let padding = "x".repeat(self.chance.random_range(0..300));
        Draft {
            room: self.stage.rooms[room].clone(),
            key: format!("{}-{number}", self.who),
            kind: "message",
            body: json!({ "n": number, "text": padding }),
        }
    }

    /// Sends it until it is acked or refused for good; now and then it gives up what it does not know.
    async fn publish(&mut self, draft: &Draft) {
        let begun = Instant::now();
        while !self.stage.is_over() || begun.elapsed() < LAST_WORK {
            let (node, twice) = (
                self.at,
                self.pinned.is_none() && self.chance.random_bool(0.03),
            );
            let outcome = match twice {
                true => self.attempt_twice(draft).await,
                false => self.attempt(node, draft).await,
            };
            let pause = match outcome {
                Attempt::Over => return,
                Attempt::Again(after) => after,
                Attempt::Lost if self.chance.random_bool(0.02) => return,
                Attempt::Lost => Duration::ZERO,
            };
            let jitter = Duration::from_millis(self.chance.random_range(20..250));
            tokio::time::sleep(pause.min(LONGEST_PAUSE) + jitter).await;
            self.move_on(node);
        }
    }

    /// Goes to another node, unless it is pinned.
    fn move_on(&mut self, failed: usize) {
        if self.pinned.is_none() && self.chance.random_bool(0.5) {
            self.at = (failed + self.chance.random_range(1..=self.stage.doors.len()))
                % self.stage.doors.len();
        }
    }

    /// What is refused for good, and what was acked already, must leave no trace.
    async fn try_mischief(&mut self, draft: &Draft) {
        if self.pinned.is_some() {
            return;
        }
        let elsewhere = self.chance.random_range(0..self.stage.doors.len());
        let changed = |kind, body| Draft {
            room: draft.room.clone(),
            key: draft.key.clone(),
            kind,
            body,
        };
        let again = match self.chance.random_range(0..100) {
            // A retry of what was answered.
            0..6 => changed(draft.kind, draft.body.clone()),
            // The same key with another content.
            6..9 => changed("message", json!({ "text": "another" })),
            // A kind that is the hub's own.
            9..11 => Draft {
                key: format!("{}-system", draft.key),
                ..changed("system.notice", json!({}))
            },
            _ => return,
        };
        self.attempt(elsewhere, &again).await;
    }

    /// Publishes the same through two nodes at once.
    async fn attempt_twice(&mut self, draft: &Draft) -> Attempt {
        let one = self.at;
        let two = (one + 1) % self.stage.doors.len();
        self.seat(one).await;
        self.seat(two).await;
        let (first, second) = tokio::join!(self.send(one, draft), self.send(two, draft));
        match (first, second) {
            (Attempt::Over, _) | (_, Attempt::Over) => Attempt::Over,
            (first, _) => first,
        }
    }

    async fn attempt(&mut self, node: usize, draft: &Draft) -> Attempt {
        self.seat(node).await;
        self.send(node, draft).await
    }

    /// Connects to the node, unless it is connected.
    async fn seat(&mut self, node: usize) {
        let leaves = |session: &Session| session.has_ended() || session.is_sent_away();
        if self.sessions[node].as_ref().is_some_and(leaves) {
            self.sessions[node] = None;
        }
        if self.sessions[node].is_none() {
            let observer: Observer = Rc::new(|_| {});
            self.sessions[node] = Session::open(&self.stage.doors[node], observer).await.ok();
        }
    }

    async fn send(&self, node: usize, draft: &Draft) -> Attempt {
        let Some(session) = &self.sessions[node] else {
            // Nothing was sent.
            return Attempt::Again(Duration::ZERO);
        };
        let Draft {
            room,
            key,
            kind,
            body,
        } = draft;
        let frame = json!({
            "type": "publish", "room": room, "key": key, "kind": kind, "body": body,
        });
        let begun = self.stage.history.clock.us();
        let answer = session.ask(frame, PATIENCE).await;
        let (outcome, attempt) = judge(answer);
        self.stage.history.record(Record::Publish {
            who: self.who.clone(),
            node,
            room: room.clone(),
            key: key.clone(),
            hash: Hash::of(kind, key, &body.to_string()),
            begun,
            outcome,
        });
        attempt
    }
}

/// What to do after an attempt.
enum Attempt {
    /// It is known what became of it.
    Over,
    /// It was refused for now, or not sent.
    Again(Duration),
    /// It is not known.
    Lost,
}

fn judge(answer: Answer) -> (Outcome, Attempt) {
    match answer {
        Answer::Done(result) => match serde_json::from_value::<Published>(result) {
            Ok(Published {
                seq: Some(seq),
                duplicate,
                ..
            }) => (Outcome::Acked { seq, duplicate }, Attempt::Over),
            _ => unknown("an unreadable ack"),
        },
        Answer::Refused(failure) => {
            let pause = Duration::from_millis(failure.retry_after_ms.unwrap_or(0));
            let attempt = match failure.retryable {
                true => Attempt::Again(pause),
                false => Attempt::Over,
            };
            let code = failure.code.to_string();
            (Outcome::Refused { code }, attempt)
        }
        Answer::Lost(why) => unknown(why),
    }
}

fn unknown(why: &str) -> (Outcome, Attempt) {
    let why = why.to_owned();
    (Outcome::Unknown { why }, Attempt::Lost)
}
