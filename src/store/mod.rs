//! The database. Only this folder contains SQL.
//!
//! Each statement is written once with `$1` placeholders where SQLite and PostgreSQL agree. One file an
//! aggregate; every function on a tenant's data takes the tenant's id first and has it in the `WHERE`.

pub mod account;
pub mod agent;
pub mod api_key;
mod append;
pub mod audit;
pub mod billing;
mod compact;
pub mod delivery;
mod error;
pub mod identity;
pub mod invite;
pub mod limit;
mod log;
pub mod member;
mod migration;
pub mod op;
pub mod password;
pub mod registration;
mod removal;
mod restored;
pub mod room;
mod row;
pub mod search;
pub mod session;
mod sql;
mod stream;
mod stream_times;
pub mod sweep;
pub mod usage;
pub mod webhook;
pub mod workspace;
pub mod workspace_member;
mod write;

pub use append::{Appender, Failure, Results};
pub use error::Error;
pub use log::{Head, Page};
pub use stream_times::{TimesFrom, TimesWanted};
pub use write::Turn;

use crate::config::Durability;
use secrecy::{ExposeSecret as _, SecretString};
use sql::{Database, Place, Work, sql};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::{str::FromStr, sync::Arc, time::Duration};
use write::Turns;

/// How long to wait for a connection.
const ACQUIRE: Duration = Duration::from_secs(5);

/// A cheap handle to the database.
#[derive(Clone)]
pub struct Store {
    database: Database,
    location: Arc<Location>,
}

struct Location {
    /// SQLite's file.
    path: PathBuf,
    options: Options,
    // Held as long as a hub's store lives: a second hub on the same file would have its own bus.
    _lock: Option<std::fs::File>,
}

/// Where and how to open the database.
#[derive(Clone)]
pub struct Options {
    /// `sqlite:PATH`, or `postgres://…` with credentials.
    pub url: SecretString,
    /// What an ack survives, on SQLite; PostgreSQL's `synchronous_commit` says it there.
    pub durability: Durability,
    /// Connections that read; on PostgreSQL those that write are among them.
    pub read_connections: u32,
}

impl Options {
    fn is_postgres(&self) -> bool {
        let url = self.url.expose_secret();
        url.starts_with("postgres://") || url.starts_with("postgresql://")
    }
}

impl Store {
    /// Opens the database, takes its lock and brings its tables up to date.
    ///
    /// # Errors
    /// [`Error::Locked`] when another hub has the file, else what the database says.
    pub async fn open(options: Options) -> Result<Self, Error> {
        if options.is_postgres() {
            return Self::connect_postgres(options, true).await;
        }
        let path = place(options.url.expose_secret())?;
        let lock = lock(&path)?;
        Self::connect_sqlite(options, path, Some(lock)).await
    }

    /// Opens the database, also beside a hub that runs on it: for commands that write no log. The
    /// tables are then as the hub made them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open_beside(options: Options) -> Result<Self, Error> {
        if options.is_postgres() {
            return Self::connect_postgres(options, true).await;
        }
        let path = place(options.url.expose_secret())?;
        let lock = match lock(&path) {
            Err(Error::Locked(_)) => None,
            lock => Some(lock?),
        };
        Self::connect_sqlite(options, path, lock).await
    }

    async fn connect_sqlite(
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
                .acquire_timeout(ACQUIRE)
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
            migration::sqlite().run(&write).await?;
        }
        let read = pool(options.read_connections)
            .connect_with(connect.read_only(true))
            .await?;
        let location = Location {
            path,
            options,
            _lock: lock,
        };
        Ok(Self {
            database: Database::Sqlite {
                read,
                write,
                turns: Turns::default(),
            },
            location: Arc::new(location),
        })
    }

    async fn connect_postgres(options: Options, migrate: bool) -> Result<Self, Error> {
        let pool = PgPoolOptions::new()
            .max_connections(options.read_connections.max(2))
            .acquire_timeout(ACQUIRE)
            .connect_with(postgres(&options)?)
            .await?;
        if migrate {
            // Nodes that start together wait for each other: sqlx takes an advisory lock.
            migration::postgres().run(&pool).await?;
        }
        let location = Location {
            path: PathBuf::new(),
            options,
            _lock: None,
        };
        Ok(Self {
            database: Database::Postgres(pool),
            location: Arc::new(location),
        })
    }

    /// The folder of SQLite's file, where this hub may keep what is its own; `None` with PostgreSQL.
    pub fn folder(&self) -> Option<&Path> {
        match &self.database {
            Database::Sqlite { .. } => self.location.path.parent(),
            Database::Postgres(_) => None,
        }
    }

    /// Whether other nodes may write it too.
    pub fn is_shared(&self) -> bool {
        matches!(self.database, Database::Postgres(_))
    }

    /// What it is, for people: no credentials.
    pub fn describe(&self) -> String {
        match &self.database {
            Database::Sqlite { .. } => format!("SQLite {}", self.location.path.display()),
            Database::Postgres(pool) => {
                let options = pool.connect_options();
                format!(
                    "PostgreSQL at {}:{}",
                    options.get_host(),
                    options.get_port()
                )
            }
        }
    }

    /// SQLite's pools, for tests that change or close them.
    #[cfg(test)]
    pub(crate) fn sqlite(&self) -> (&sqlx::SqlitePool, &sqlx::SqlitePool) {
        match &self.database {
            Database::Sqlite { read, write, .. } => (read, write),
            Database::Postgres(_) => panic!("the store is on SQLite in this test"),
        }
    }

    fn read(&self) -> Place<'_> {
        self.database.read()
    }

    async fn begin(&self) -> Result<Work, Error> {
        self.database.begin().await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> bool {
        sql("SELECT 1").execute(self.read()).await.is_ok()
    }
}

/// The file that a URL (`sqlite:PATH`) names.
pub fn path(url: &str) -> PathBuf {
    PathBuf::from(url.trim_start_matches("sqlite:").trim_start_matches("//"))
}

/// How to connect, and what every connection is held to: no statement and no lock lasts for ever, and a
/// node that was paused holds no transaction open.
fn postgres(options: &Options) -> Result<PgConnectOptions, Error> {
    let connect = PgConnectOptions::from_str(options.url.expose_secret())
        .map_err(|_| Error::Fault("database.url is no address of a PostgreSQL".into()))?;
    Ok(connect.application_name("generic-corp").options([
        ("lock_timeout", "5s"),
        ("statement_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "5s"),
        ("synchronous_commit", "on"),
        // A plan made while a table was empty would be kept and read all of it, until statistics are gathered.
        ("plan_cache_mode", "force_custom_plan"),
        ("tcp_user_timeout", "10s"),
    ]))
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
