//! An attempt to publish: what was sent, and what its answer means.

use super::session::Answer;
use crate::torture::history::{Hash, Outcome};
use generic_corp_protocol::frame::Published;
use serde_json::{Value, json};
use std::time::Duration;

/// An event that is to be published.
pub struct Draft {
    /// Where.
    pub room: String,
    /// Its idempotency key.
    pub key: String,
    /// What it is.
    pub kind: &'static str,
    /// What it says.
    pub body: Value,
}

impl Draft {
    /// The frame that publishes it.
    pub fn frame(&self) -> Value {
        let Self {
            room,
            key,
            kind,
            body,
        } = self;
        json!({ "type": "publish", "room": room, "key": key, "kind": kind, "body": body })
    }

    /// See [`Hash`].
    pub fn hash(&self) -> Hash {
        Hash::of(self.kind, &self.key, &self.body.to_string())
    }
}

/// What to do after an attempt.
pub enum Attempt {
    /// It is known what became of it.
    Over,
    /// It was refused for now, or not sent.
    Again(Duration),
    /// It is not known.
    Lost,
}

/// What an answer means.
pub fn judge(answer: Answer) -> (Outcome, Attempt) {
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
