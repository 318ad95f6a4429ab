//! A publisher: gives everything a key and sends it until it knows what became of it.

use super::attempt::{Attempt, Draft, judge};
use super::http::Http;
use super::session::{Answer, Observer, Session};
use super::{LAST_WORK, PATIENCE, Stage};
use crate::torture::crew::Load;
use crate::torture::history::Record;
use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::json;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The longest time between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// How likely something is published over HTTP rather than over a socket.
const OVER_HTTP: f64 = 0.2;
/// Most messages that are sent at once.
const MAX_BURST: u64 = 40;

/// See the module.
pub struct Publisher {
    stage: Rc<Stage>,
    who: String,
    /// The node that it never leaves.
    pinned: Option<usize>,
    /// Between two messages, on average.
    pace: Duration,
    /// Sends many at once now and then.
    bursts: bool,
    chance: StdRng,
    sessions: Vec<Option<Session>>,
    http: Option<Http>,
    at: usize,
}

impl Publisher {
    /// The publisher of this number.
    pub fn new(stage: &Rc<Stage>, number: usize, pinned: Option<usize>, load: &Load) -> Self {
        let who = format!("publisher-{number}");
        let sessions = stage.doors.iter().map(|_| None).collect();
        Self {
            chance: stage.chance(&who),
            stage: stage.clone(),
            who,
            at: pinned.unwrap_or(number % stage.doors.len()),
            pinned,
            pace: load.pace,
            bursts: load.bursts,
            sessions,
            http: Http::new(),
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
            if self.bursts && self.chance.random_bool(0.05) {
                number += self.burst(number + 1).await;
            }
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
        if self.pinned.is_none()
            && self.chance.random_bool(OVER_HTTP)
            && let Some(http) = &self.http
        {
            let begun = self.stage.history.clock.us();
            let answer = http.publish(&self.stage.doors[node], draft).await;
            return self.note(node, draft, begun, None, answer);
        }
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
        let begun = self.stage.history.clock.us();
        let answer = session.ask(draft.frame(), PATIENCE).await;
        self.note(node, draft, begun, None, answer)
    }

    /// Sends many over one connection without waiting for their acks, then what was not acked one by one.
    async fn burst(&mut self, first: u64) -> u64 {
        let count = self.chance.random_range(2..=MAX_BURST);
        let mut drafts: Vec<Draft> = (first..first + count).map(|n| self.draft(n)).collect();
        self.seat(self.at).await;
        if let Some(session) = &self.sessions[self.at] {
            let clock = self.stage.history.clock;
            let asked: Vec<_> = drafts
                .iter()
                .map(|draft| (clock.us(), session.send(draft.frame())))
                .collect();
            let mut again = Vec::new();
            for (draft, (begun, asked)) in drafts.into_iter().zip(asked) {
                let answer = session.answer(asked, PATIENCE).await;
                match self.note(self.at, &draft, begun, Some(first), answer) {
                    Attempt::Over => {}
                    Attempt::Again(_) | Attempt::Lost => again.push(draft),
                }
            }
            drafts = again;
        }
        for draft in &drafts {
            self.publish(draft).await;
        }
        count
    }

    /// Writes an attempt to the history; what to do after it.
    fn note(
        &self,
        node: usize,
        draft: &Draft,
        begun: u64,
        burst: Option<u64>,
        answer: Answer,
    ) -> Attempt {
        let (outcome, attempt) = judge(answer);
        self.stage.history.record(Record::Publish {
            who: self.who.clone(),
            node,
            room: draft.room.clone(),
            key: draft.key.clone(),
            hash: draft.hash(),
            begun,
            burst,
            outcome,
        });
        attempt
    }
}
