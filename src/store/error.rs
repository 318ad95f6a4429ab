//! What can go wrong in the store, told apart by what the asker can do.

use std::path::PathBuf;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be made or opened.
    #[error("the database {} cannot be opened: {cause}", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Another hub runs on this file.
    #[error("the database {} is in use by another hub", .0.display())]
    Locked(PathBuf),
    /// The tables cannot be brought up to date.
    #[error("the database cannot be migrated: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A name or number that must be unique is taken.
    #[error("already there")]
    Conflict,
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// The database did not answer, or not in time.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// Transactions waited for each other in a circle, and this one was chosen to end: it may be tried again.
    #[error("the database asks to try again: {0}")]
    Again(String),
    /// Anything else: a fault of the hub.
    #[error("the database refused: {0}")]
    Fault(String),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) if database.is_unique_violation() => Self::Conflict,
            sqlx::Error::Database(database) => match database.code().as_deref() {
                // PostgreSQL's SQLSTATEs: out of disk or memory, deadlock or serialization, time-outs of locks
                // and statements, the server going down.
                Some(code) if code.len() == 5 => match &code[..2] {
                    _ if code == "53100" => Self::Full,
                    "40" => Self::Again(error.to_string()),
                    "53" | "55" | "57" | "58" | "08" | "25" => Self::Unavailable(error.to_string()),
                    _ => Self::Fault(error.to_string()),
                },
                // SQLite's primary result codes: 13 full, 5 busy, 10 I/O error (extended in the upper bits).
                Some("13") => Self::Full,
                Some(code) if matches!(code.parse::<u32>().map(|code| code & 0xff), Ok(5 | 10)) => {
                    Self::Unavailable(error.to_string())
                }
                _ => Self::Fault(error.to_string()),
            },
            sqlx::Error::PoolTimedOut
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error.to_string()),
            _ => Self::Fault(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ConstraintViolation) => Self::Conflict,
            Some(
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::SystemIoFailure,
            ) => Self::Unavailable(error.to_string()),
            _ => Self::Fault(error.to_string()),
        }
    }
}

impl Error {
    /// The code on the wire.
    pub fn code(&self) -> generic_corp_protocol::ErrorCode {
        use generic_corp_protocol::ErrorCode;
        match self {
            Self::Conflict => ErrorCode::Conflict,
            Self::Full => ErrorCode::StorageFull,
            Self::Unavailable(_) | Self::Again(_) | Self::Locked(_) => ErrorCode::Unavailable,
            Self::Open { .. } | Self::Migrate(_) | Self::Fault(_) => ErrorCode::Internal,
        }
    }
}
