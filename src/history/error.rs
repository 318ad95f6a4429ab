//! Why an append was not made, or a read not answered.

use crate::store::Failure;
use crate::store::op::Refusal;

/// A failure of the log.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The operation itself cannot be; nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// More appends wait than the queue holds; nothing was changed.
    #[error("the log has more to write than it takes on")]
    Overloaded,
    /// The disk is full; nothing was changed.
    #[error("the disk is full")]
    Full,
    /// The store did not answer.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// A fault of the hub; nothing was changed.
    #[error("the store refused: {0}")]
    Fault(String),
    /// The hub is stopping.
    #[error("the hub is stopping")]
    Stopped,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Store(error) => Self::from(&error),
        }
    }
}

impl From<&crate::store::Error> for Error {
    fn from(error: &crate::store::Error) -> Self {
        use crate::store::Error as Store;
        match error {
            Store::Full => Self::Full,
            Store::Unavailable(why) => Self::Unavailable(why.clone()),
            other => Self::Fault(other.to_string()),
        }
    }
}
