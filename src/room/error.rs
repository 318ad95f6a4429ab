//! Why something cannot be done in a room, as a client is told.

use crate::history;
use crate::metering::UsedUp;
use crate::store::op::Refusal;
use generic_corp_protocol::{ErrorCode, StreamState};
use serde_json::{Value, json};

/// How long a client should wait before it tries again what the store could not take.
const STORE_RETRY_MS: u64 = 1_000;

/// A failure; its text is for the asker, except for faults of the hub and the store.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing for this principal.
    #[error("there is no such {0} in this workspace")]
    NotFound(&'static str),
    /// A value is out of its range or form.
    #[error("{0}")]
    Invalid(String),
    /// Content larger than one message may be.
    #[error("{0}")]
    TooLarge(String),
    /// A count is at its limit.
    #[error("{0}")]
    LimitReached(String),
    /// What the organization may use is used up.
    #[error(transparent)]
    UsedUp(#[from] UsedUp),
    /// The log refused or failed.
    #[error(transparent)]
    Log(#[from] history::Error),
}

impl From<crate::store::Error> for Error {
    fn from(error: crate::store::Error) -> Self {
        Self::Log(history::Error::from(&error))
    }
}

impl Error {
    /// What a program acts on.
    pub fn code(&self) -> ErrorCode {
        use history::Error as Log;
        match self {
            Self::NotFound(_) | Self::Log(Log::Refused(Refusal::NotFound)) => ErrorCode::NotFound,
            Self::Log(Log::Refused(Refusal::NotYours)) => ErrorCode::Forbidden,
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::TooLarge(_) => ErrorCode::TooLarge,
            Self::UsedUp(used_up) => used_up.code(),
            Self::LimitReached(_) => ErrorCode::LimitReached,
            Self::Log(Log::Refused(Refusal::KeyReused)) => ErrorCode::IdempotencyConflict,
            Self::Log(Log::Refused(Refusal::Offset { .. })) => ErrorCode::StreamOffset,
            Self::Log(Log::Refused(Refusal::StreamClosed { .. })) => ErrorCode::StreamClosed,
            Self::Log(Log::Overloaded) => ErrorCode::Overloaded,
            Self::Log(Log::Full) => ErrorCode::StorageFull,
            Self::Log(Log::Unavailable(_)) => ErrorCode::Unavailable,
            Self::Log(Log::Fault(_)) => ErrorCode::Internal,
            Self::Log(Log::Stopped) => ErrorCode::ShuttingDown,
        }
    }

    /// Facts that belong to the code.
    pub fn details(&self) -> Option<Value> {
        let length_and = |length: u64, state: Option<StreamState>| match state {
            Some(state) => json!({ "length": length, "state": state }),
            None => json!({ "length": length }),
        };
        match self {
            Self::UsedUp(used_up) => Some(used_up.details()),
            Self::Log(history::Error::Refused(Refusal::Offset { length })) => {
                Some(length_and(*length, None))
            }
            Self::Log(history::Error::Refused(Refusal::StreamClosed { state, length })) => {
                Some(length_and(*length, Some(*state)))
            }
            _ => None,
        }
    }

    /// Not before this, where the same may succeed later.
    pub fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::UsedUp(used_up) => used_up.retry_after_ms(),
            _ => self.code().retryable().then_some(STORE_RETRY_MS),
        }
    }
}
