//! Why somebody was not let in.

use crate::store;
use generic_corp_protocol::{ErrorCode, SessionId};
use std::time::Duration;

/// A refusal, or a fault on the way to a decision. The text is for the asker, except for `Fault`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The token or key is malformed, forged, revoked or unknown.
    #[error("the token is not valid; sign in again or use another key")]
    InvalidToken,
    /// A refresh token came a second time; its session is ended. The asker hears no more than of any other.
    #[error("the token is not valid; sign in again or use another key")]
    Reused(SessionId),
    /// The token was good once.
    #[error("the token has expired; refresh it or sign in again")]
    TokenExpired,
    /// Address or password is wrong; which of them is not told.
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    /// The password that a change asks for is not the current one.
    #[error("`current` is not your password")]
    WrongPassword,
    /// The one-time link is unknown, used or too old.
    #[error("the link is not valid any more; ask for a new one")]
    Link,
    /// A sign-in at a provider is not this browser's, was finished, or took too long.
    #[error(
        "this sign-in was begun in another browser, is finished, or took too long; begin again"
    )]
    Elsewhere,
    /// The e-mail address has an account.
    #[error("this e-mail address cannot be registered; sign in, or use another one")]
    EmailTaken,
    /// A value is out of its range or form.
    #[error("{0}")]
    Invalid(&'static str),
    /// Too many attempts.
    #[error("too many attempts; wait before the next one")]
    Throttled(Duration),
    /// More passwords are waiting to be checked than the hub takes on.
    #[error("too many people are signing in at once; try again in a moment")]
    Overloaded,
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A fault of the hub.
    #[error("{0}")]
    Fault(String),
}

impl Error {
    /// The code on the wire.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidToken | Self::Reused(_) | Self::Link | Self::Elsewhere => {
                ErrorCode::InvalidToken
            }
            Self::TokenExpired => ErrorCode::TokenExpired,
            Self::InvalidCredentials | Self::WrongPassword => ErrorCode::InvalidCredentials,
            Self::EmailTaken => ErrorCode::Conflict,
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::Throttled(_) => ErrorCode::RateLimited,
            Self::Overloaded => ErrorCode::Overloaded,
            Self::Store(error) => error.code(),
            Self::Fault(_) => ErrorCode::Internal,
        }
    }

    /// Not before this.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled(wait) => Some(*wait),
            Self::Overloaded => Some(Duration::from_secs(1)),
            _ => None,
        }
    }
}
