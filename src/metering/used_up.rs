//! Why something may not be used any more, as a client is told.

use generic_corp_protocol::{ErrorCode, Timestamp};
use serde_json::{Value, json};

const HOUR_MS: i64 = 3_600_000;

/// What somebody is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Publish an event.
    Publish,
    /// Open a stream or append to one.
    Stream,
    /// Change something through the API.
    Call,
}

/// Something is used up, and the plan or the organization's ceiling stops there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} used up{}; reading still works", words(.meter), until(.resets_at))]
pub struct UsedUp {
    /// What: the plan's key, or `overage_ceiling_cents`.
    pub meter: &'static str,
    /// When it begins anew, if it does by itself.
    pub resets_at: Option<Timestamp>,
}

fn words(meter: &str) -> &'static str {
    match meter {
        "messages_per_month" => "the plan's messages of this month are",
        "agent_minutes_per_month" => "the plan's agent-minutes of this month are",
        "api_calls_per_month" => "the plan's API calls of this month are",
        "stored_bytes" => "the plan's storage is",
        _ => "what the organization's owners allow beyond the plan's price is",
    }
}

fn until(resets_at: &Option<Timestamp>) -> String {
    resets_at.map_or_else(String::new, |time| format!(" until {time}"))
}

impl UsedUp {
    /// The code on the wire: storage does not begin anew by itself.
    pub fn code(&self) -> ErrorCode {
        match self.resets_at {
            Some(_) => ErrorCode::QuotaExceeded,
            None => ErrorCode::LimitReached,
        }
    }

    /// Facts that belong to the code.
    pub fn details(&self) -> Value {
        match self.resets_at {
            Some(time) => json!({ "meter": self.meter, "resets_at": time.to_string() }),
            None => json!({ "meter": self.meter }),
        }
    }

    /// Not before this: at the latest in an hour, since another plan or ceiling may come first.
    pub fn retry_after_ms(&self) -> Option<u64> {
        let left = |time: Timestamp| (time.0 - Timestamp::now().0).clamp(1, HOUR_MS);
        self.resets_at.map(|time| left(time).unsigned_abs())
    }
}
