//! Why nothing was looked for.

use crate::store;
use generic_corp_protocol::ErrorCode;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked cannot be looked for; the text says why.
    #[error("{0}")]
    Invalid(&'static str),
    /// There is no such thing, or it is not for the asker.
    #[error("there is no such {0} in this workspace")]
    NotFound(&'static str),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// What a program acts on.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Store(error) => error.code(),
        }
    }
}
