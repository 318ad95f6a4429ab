//! Commits batches of operations to the logs: one transaction a batch.
//!
//! What a batch does is worked out in memory (`plan`), the same on every database; `sqlite` and `postgres`
//! read what it needs and write what it leaves.

mod event;
mod mark;
mod plan;
mod postgres;
mod restart;
mod sqlite;
mod stream;

use super::op::{Done, Op, Refusal};
use super::sql::Database;
use super::write::{Turn, Turns};
use super::{Error, Store};
use generic_corp_protocol::StreamId;
use plan::Plan;
pub(super) use plan::STORED;

/// A writer of the logs, for a thread of its own.
pub struct Appender {
    target: Target,
    lease_ms: i64,
    turns: Option<Turns>,
}

enum Target {
    Sqlite(sqlite::Writer),
    Postgres(postgres::Writer),
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
        let target = match &store.database {
            Database::Sqlite { .. } => Target::Sqlite(sqlite::Writer::open(
                &store.location.path,
                store.location.options.durability,
            )?),
            Database::Postgres(pool) => Target::Postgres(postgres::Writer::open(pool)?),
        };
        Ok(Self {
            target,
            lease_ms: (lease_seconds * 1000) as i64,
            turns: store.database.turns(),
        })
    }

    /// Waits for this writer's turn among the hub's, where they take turns. Must not be called on a thread that
    /// runs tasks.
    pub fn turn(&self) -> Option<Turn> {
        let turns = self.turns.clone()?;
        Some(turns.blocking_lock_owned())
    }

    /// Takes over the logs after a start; see [`sqlite::Writer::take_over`]. Other nodes may be at work on
    /// PostgreSQL: there nothing is done.
    ///
    /// # Errors
    /// When the store refuses; nothing was changed.
    pub fn take_over(&mut self) -> Result<bool, Error> {
        match &mut self.target {
            Target::Sqlite(writer) => writer.take_over(self.lease_ms),
            Target::Postgres(_) => Ok(false),
        }
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
        match &mut self.target {
            Target::Sqlite(writer) => writer.commit(ops, self.lease_ms),
            Target::Postgres(writer) => writer.commit(ops, self.lease_ms),
        }
    }

    /// Joins the chunks of a stream that begin at `from` or later into one; see [`super::compact`].
    ///
    /// Returns where to go on; `None` when the end is reached. The last chunk of a stream that still
    /// grows may be joined again later.
    ///
    /// # Errors
    /// When the store refuses; nothing was changed.
    pub fn compact(&mut self, stream: StreamId, from: u64) -> Result<Option<u64>, Error> {
        match &mut self.target {
            Target::Sqlite(writer) => writer.compact(stream, from),
            Target::Postgres(writer) => writer.compact(stream, from),
        }
    }
}

/// Works out a batch on what was read for it.
fn results(plan: &mut Plan, ops: &[Op]) -> Result<Results, Error> {
    ops.iter()
        .map(|op| Ok(plan.apply(op)?.map_err(Failure::Refused)))
        .collect()
}
