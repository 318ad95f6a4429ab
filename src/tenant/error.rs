//! Why a tenant's thing was not shown or made.

use crate::{auth, store};
use generic_corp_protocol::ErrorCode;
use std::time::Duration;

/// A refusal, or a fault on the way to a decision. The text is for the asker, except for `Fault`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing for this principal.
    #[error("there is no such {0} here")]
    NotFound(&'static str),
    /// Several organizations of the asker have a workspace of this name.
    #[error("several of your organizations have a workspace of this name; use its id instead")]
    Ambiguous,
    /// The principal may see the thing but not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The principal lacks the scope.
    #[error("this needs the scope `{0}`")]
    Scope(&'static str),
    /// The plan's count is used up.
    #[error("the plan allows {limit} {what} in an organization, and there are as many")]
    LimitReached {
        /// What is counted.
        what: &'static str,
        /// The most of them.
        limit: u32,
    },
    /// The name is taken.
    #[error("there is {0} of this name already")]
    Taken(&'static str),
    /// It would leave an organization that nobody owns.
    #[error("an organization keeps at least one owner; make somebody else an owner first")]
    LastOwner,
    /// The hub has its first administrator.
    #[error("the hub is set up already; sign in")]
    SetUp,
    /// The one-time link is unknown, used or too old.
    #[error("the setup link is not valid any more; restart the hub for a new one")]
    SetupLink,
    /// The invite is unknown, used, revoked or too old.
    #[error("the invite is not valid any more; ask for a new one")]
    Invite,
    /// Who accepts an invite is a member of the organization.
    #[error("you are a member already; the invite can be given to somebody else")]
    Member,
    /// There is an account of the address that whoever comes from a provider may not have.
    #[error(
        "there is an account with your e-mail address that is not linked to the sign-in provider; sign in by password"
    )]
    Linked,
    /// There are as many as there may be.
    #[error("{0}")]
    TooMany(&'static str),
    /// A value is out of its range or form.
    #[error("{0}")]
    Invalid(&'static str),
    /// Who asks is not known well enough.
    #[error(transparent)]
    Auth(#[from] auth::Error),
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
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Ambiguous
            | Self::Taken(_)
            | Self::LastOwner
            | Self::SetUp
            | Self::Member
            | Self::Linked => ErrorCode::Conflict,
            Self::Forbidden(_) | Self::Scope(_) => ErrorCode::Forbidden,
            Self::LimitReached { .. } | Self::TooMany(_) => ErrorCode::LimitReached,
            Self::SetupLink | Self::Invite => ErrorCode::InvalidToken,
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::Auth(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Fault(_) => ErrorCode::Internal,
        }
    }

    /// Not before this.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Auth(error) => error.retry_after(),
            _ => None,
        }
    }
}
