//! The database. Only this folder contains SQL.
//!
//! Each statement is written once with `$1` placeholders where SQLite and PostgreSQL agree. One file an
//! aggregate; every function on a tenant's data takes the tenant's id first and has it in the `WHERE`.

pub mod account;
pub mod agent;
pub mod api_key;
mod append;
mod compact;
mod error;
mod log;
pub mod op;
pub mod room;
mod row;
pub mod session;
mod stream;
pub mod workspace;
mod write;

pub use append::{Appender, Failure, Results};
pub use error::Error;
pub use log::{Head, Page};
pub use write::Turn;

use crate::config::Durability;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, SqlitePool};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::{path::PathBuf, str::FromStr, sync::Arc, time::Duration};
use write::Turns;

/// A cheap handle to the database.
#[derive(Clone)]
pub struct Store {
    pub(crate) read: SqlitePool,
    pub(crate) write: SqlitePool,
    location: Arc<Location>,
}

struct Location {
    path: PathBuf,
    durability: Durability,
    turns: Turns,
    // Held as long as a hub's store lives: a second hub on the same file would have its own bus.
    _lock: Option<std::fs::File>,
}

/// Where and how to open the database.
pub struct Options {
    /// `sqlite:PATH`.
    pub url: String,
    /// What an ack survives.
    pub durability: Durability,
    /// Connections that read.
    pub read_connections: u32,
}

impl Store {
    /// Opens the database, takes its lock and brings its tables up to date.
    ///
    /// # Errors
    /// [`Error::Locked`] when another hub has the file, else what the database says.
    pub async fn open(options: Options) -> Result<Self, Error> {
        let path = place(&options.url)?;
        let lock = lock(&path)?;
        Self::connect(options, path, Some(lock)).await
    }

    /// Opens the database, also beside a hub that runs on it: for commands that write no log. The
    /// tables are then as the hub made them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open_beside(options: Options) -> Result<Self, Error> {
        let path = place(&options.url)?;
        let lock = match lock(&path) {
            Err(Error::Locked(_)) => None,
            lock => Some(lock?),
        };
        Self::connect(options, path, lock).await
    }

    async fn connect(
        options: Options,
        path: PathBuf,
        lock: Option<std::fs::File>,
    ) -> Result<Self, Error> {
        let synchronous = match options.durability {
            Durability::Full => SqliteSynchronous::Full,
            Durability::Normal => SqliteSynchronous::Normal,
        };
        let connect = SqliteConnectOptions::from_str("sqlite:")?
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .busy_timeout(Duration::from_secs(5))
            .foreign_keys(true);
        let pool = |size| {
            SqlitePoolOptions::new()
                .max_connections(size)
                .acquire_timeout(Duration::from_secs(5))
        };
        // One connection writes, in turn with the log's.
        let write = pool(1).before_acquire(|connection, _| {
            // On a full disk SQLite ends a transaction by itself; sqlx counts it as open for ever, and
            // could begin no other on this connection.
            let usable = !connection.is_in_transaction();
            Box::pin(async move { Ok(usable) })
        });
        let write = write.connect_with(connect.clone()).await?;
        if lock.is_some() {
            sqlx::migrate!("migrations/sqlite").run(&write).await?;
        }
        let read = pool(options.read_connections)
            .connect_with(connect.read_only(true))
            .await?;
        let location = Location {
            path,
            durability: options.durability,
            turns: Turns::default(),
            _lock: lock,
        };
        Ok(Self {
            read,
            write,
            location: Arc::new(location),
        })
    }

    /// The database file.
    pub fn path(&self) -> &std::path::Path {
        &self.location.path
    }

    /// What an ack survives.
    pub fn durability(&self) -> Durability {
        self.location.durability
    }

    fn turns(&self) -> Turns {
        self.location.turns.clone()
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> bool {
        sqlx::query("SELECT 1").execute(&self.read).await.is_ok()
    }
}

/// The file that a URL (`sqlite:PATH`) names.
pub fn path(url: &str) -> PathBuf {
    PathBuf::from(url.trim_start_matches("sqlite:").trim_start_matches("//"))
}

/// The file of a URL, in a folder that there is.
fn place(url: &str) -> Result<PathBuf, Error> {
    let path = path(url);
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder).map_err(|cause| Error::Open {
            path: path.clone(),
            cause,
        })?;
    }
    // Made for the hub's user alone; SQLite gives its other files the same mode.
    // Never opened once it is there: to close it would give up the locks that SQLite holds on it.
    let file = std::fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&path);
    match file {
        Err(cause) if cause.kind() != ErrorKind::AlreadyExists => Err(Error::Open { path, cause }),
        _ => Ok(path),
    }
}

/// The file beside the database that says whether a hub runs on it.
fn lock_path(path: &std::path::Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn lock(path: &std::path::Path) -> Result<std::fs::File, Error> {
    let name = lock_path(path);
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(|cause| Error::Open {
            path: path.to_owned(),
            cause,
        })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::Locked(path.to_owned())),
        Err(std::fs::TryLockError::Error(cause)) => Err(Error::Open {
            path: path.to_owned(),
            cause,
        }),
    }
}
