//! Why somebody does not come back from the provider.

use generic_corp_protocol::ErrorCode;
use std::time::Duration;

/// The text is for the asker.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The provider does not answer, or not as one.
    #[error("the sign-in provider does not answer; try again in a moment, or sign in by password")]
    Away,
    /// The provider says no, or the person did.
    #[error("the sign-in provider did not let you in; begin again, or sign in by password")]
    Denied,
    /// The code was used before, or is another sign-in's.
    #[error("the sign-in provider does not take this sign-in any more; begin again")]
    Spent,
    /// The ID token is not one that can be believed.
    #[error(
        "the sign-in provider's answer is not valid; begin again, and tell the hub's operator if it stays so"
    )]
    Untrusted,
    /// A setting has not its form.
    #[error("{0}")]
    Invalid(&'static str),
}

impl Error {
    /// The code on the wire.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Away => ErrorCode::Unavailable,
            Self::Denied => ErrorCode::Forbidden,
            Self::Spent | Self::Untrusted => ErrorCode::InvalidToken,
            Self::Invalid(_) => ErrorCode::Invalid,
        }
    }

    /// Not before this.
    pub fn retry_after(&self) -> Option<Duration> {
        matches!(self, Self::Away).then_some(super::provider::PAUSE)
    }
}
