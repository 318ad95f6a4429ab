//! What can go wrong, typed by what a caller can do about it.

use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::frame::Failure;
use generic_corp_protocol::rest::Problem;
use std::time::Duration;

/// Why something failed. `Display` is one sentence for a person.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The hub refused the request; the connection lives on.
    #[error("{message} ({code})")]
    Api {
        /// What a program acts on.
        code: ErrorCode,
        /// What a person acts on.
        message: String,
        /// Whether the same request may succeed later.
        retryable: bool,
        /// Not before this.
        retry_after: Option<Duration>,
        /// Facts that belong to the code.
        details: Option<serde_json::Value>,
    },
    /// The connection ended and will not be made again.
    #[error("the connection is closed: {reason} ({code})")]
    Closed {
        /// The close code, see [`generic_corp_protocol::CloseCode`].
        code: u16,
        /// The reason the hub gave.
        reason: String,
    },
    /// The hub cannot be reached, or the connection broke.
    #[error("cannot reach the hub: {0}")]
    Transport(String),
    /// An answer did not come in time.
    #[error("no answer to {0} in time")]
    Timeout(&'static str),
    /// The hub sent what this client cannot read.
    #[error("the hub's answer cannot be read: {0}")]
    Decode(String),
    /// The caller asked for something that cannot be; nothing was sent.
    #[error("{0}")]
    Invalid(String),
}

impl Error {
    /// The connection's end by [`crate::Client::close`].
    pub(crate) fn closed_here() -> Self {
        Self::Closed {
            code: 1000,
            reason: "closed by this client".into(),
        }
    }

    /// Whether trying the same again later may succeed.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Api { retryable, .. } => *retryable,
            Self::Transport(_) | Self::Timeout(_) => true,
            Self::Closed { .. } | Self::Decode(_) | Self::Invalid(_) => false,
        }
    }

    /// The hub's error code, when the hub refused.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Api { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// How long the hub asks to wait before trying again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Api { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the credentials are the cause, so that a new token may help.
    pub(crate) fn wants_token(&self) -> bool {
        let closed = generic_corp_protocol::CloseCode::Unauthenticated.code();
        match self {
            Self::Api { code, .. } => code.http_status() == 401,
            Self::Closed { code, .. } => *code == closed,
            _ => false,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Api {
            code: failure.code,
            message: failure.message,
            retryable: failure.retryable,
            retry_after: failure.retry_after_ms.map(Duration::from_millis),
            details: failure.details,
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Api {
            code: problem.code,
            message: problem.detail,
            retryable: problem.retryable,
            retry_after: problem.retry_after_ms.map(Duration::from_millis),
            details: problem.details,
        }
    }
}
