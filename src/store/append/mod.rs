//! Commits batches of operations to the logs on SQLite: one transaction a batch.
//!
//! This is the write path of the embedded store, on a connection and a thread of its own (a prepared
//! statement costs 2–4 µs here against a thread hop each through the pool).

mod batch;
mod event;
mod mark;
mod restart;
mod room;
mod stream;

use super::op::{Done, Op, Refusal};
use super::write::{Turn, Turns};
use super::{Error, Store, lock_path};
use crate::config::Durability;
use batch::Batch;
use mark::Mark;
use rusqlite::{Connection, OptionalExtension as _};

/// The one writer of the logs.
pub struct Appender {
    connection: Connection,
    lease_ms: i64,
    /// Batches committed since the database was made; in the database and, as a mark, beside it.
    commits: u64,
    mark: Mark,
    turns: Turns,
}

/// The results of a batch, one an operation, in order.
pub type Results = Vec<Result<Done, Failure>>;

/// Why an operation of a batch was not done; the others may be.
#[derive(Debug)]
pub enum Failure {
    /// It cannot be.
    Refused(Refusal),
    /// The store does not take it.
    Store(Error),
}

impl Appender {
    /// Opens the writing connection.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub fn open(store: &Store, lease_seconds: u64) -> Result<Self, Error> {
        let connection = Connection::open(store.path())?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        let synchronous = match store.durability() {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.set_prepared_statement_cache_capacity(64);
        let commits: Option<String> = connection
            .query_row(
                "SELECT value FROM instance WHERE key = 'commits'",
                [],
                |row| row.get(0),
            )
            .optional()?;
        Ok(Self {
            connection,
            lease_ms: (lease_seconds * 1000) as i64,
            commits: commits.and_then(|text| text.parse().ok()).unwrap_or(0),
            mark: Mark::open(&lock_path(store.path())).map_err(fault)?,
            turns: store.turns(),
        })
    }

    /// Waits for this writer's turn among the hub's. Must not be called on a thread that runs tasks.
    pub fn turn(&self) -> Turn {
        self.turns.clone().blocking_lock_owned()
    }

    /// Commits all operations together. A refusal concerns its operation alone.
    ///
    /// When the store does not take one operation of a batch, each is committed by itself.
    ///
    /// # Errors
    /// When the store cannot commit; nothing was changed.
    pub fn commit(&mut self, ops: &[Op]) -> Result<Results, Error> {
        match self.commit_together(ops) {
            Err(Error::Conflict | Error::Fault(_)) if ops.len() > 1 => {
                let mut results = Vec::with_capacity(ops.len());
                for op in ops {
                    match self.commit_together(std::slice::from_ref(op)) {
                        Ok(mut one) => results.append(&mut one),
                        Err(error) => results.push(Err(Failure::Store(error))),
                    }
                }
                Ok(results)
            }
            outcome => outcome,
        }
    }

    fn commit_together(&mut self, ops: &[Op]) -> Result<Results, Error> {
        let (lease_ms, commits) = (self.lease_ms, self.commits + 1);
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut batch = Batch::new(&transaction, lease_ms);
        let results = ops
            .iter()
            .map(|op| Ok(batch.apply(op)?.map_err(Failure::Refused)))
            .collect::<Result<Results, Error>>()?;
        batch.finish(commits)?;
        transaction.commit()?;
        self.commits = commits;
        // One that was not written lags, which is no harm.
        let _ = self.mark.write(commits);
        Ok(results)
    }

    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

fn fault(error: std::io::Error) -> Error {
    Error::Fault(format!("the mark beside the database: {error}"))
}
