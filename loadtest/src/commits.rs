//! The physical limit of durable writes: a bare loop of SQLite commits, without a hub around it.

use crate::args::Durability;
use crate::tally::histogram;
use crate::wire::{self, Stamp};
use hdrhistogram::Histogram;
use rusqlite::{Connection, params};
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The tables of the hub that the loop writes.
const TABLES: &str = "
CREATE TABLE events (
    room_id BLOB NOT NULL, seq BIGINT NOT NULL, time BIGINT NOT NULL, sender_kind TEXT NOT NULL,
    sender_id BLOB NOT NULL, sender_name TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    key TEXT NOT NULL, mentions TEXT, reply_to BIGINT, PRIMARY KEY (room_id, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX events_by_key ON events (room_id, sender_id, key);
CREATE TABLE stream_chunks (
    stream_id BLOB NOT NULL, start BIGINT NOT NULL, time BIGINT NOT NULL, data BLOB NOT NULL, marks BLOB,
    PRIMARY KEY (stream_id, start)
) WITHOUT ROWID;";

/// A database with nothing around it.
pub struct Bare {
    connection: Connection,
    room: Uuid,
    rows: u64,
}

/// What the loop did.
pub struct Round {
    /// Rows a second.
    pub rows_per_second: f64,
    /// The time of a commit.
    pub commit: Histogram<u64>,
}

impl Bare {
    /// Makes the tables in a new file.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn open(folder: &Path, durability: Durability) -> anyhow::Result<Self> {
        let connection = Connection::open(folder.join("bare.db"))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", durability.name())?;
        connection.execute_batch(TABLES)?;
        Ok(Self {
            connection,
            room: Uuid::now_v7(),
            rows: 0,
        })
    }

    /// Commits events with bodies of `size` bytes, on average `per_commit` in a transaction.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn events(
        &mut self,
        per_commit: f64,
        size: usize,
        duration: Duration,
    ) -> anyhow::Result<Round> {
        let (begun, first) = (Instant::now(), self.rows);
        let (mut commit, mut commits) = (histogram(3), 0u64);
        while begun.elapsed() < duration {
            commits += 1;
            // Whole rows, whose number comes out at the average.
            let until = first + (commits as f64 * per_commit.max(1.0)).round() as u64;
            let started = Instant::now();
            self.commit_events(until, size)?;
            commit.saturating_record(started.elapsed().as_micros() as u64);
        }
        let rows_per_second = (self.rows - first) as f64 / begun.elapsed().as_secs_f64();
        Ok(Round {
            rows_per_second,
            commit,
        })
    }

    fn commit_events(&mut self, until: u64, size: usize) -> anyhow::Result<()> {
        let transaction = self.connection.transaction()?;
        while self.rows < until {
            self.rows += 1;
            let number = self.rows;
            let body = wire::body(
                Stamp {
                    sent_at: number,
                    number,
                },
                size,
            );
            transaction
                .prepare_cached("INSERT INTO events VALUES ($1, $2, $3, 'agent', $4, 'loadtest', 'message', $5, $6, NULL, NULL)")?
                .execute(params![self.room, number as i64, number as i64, self.room, body, format!("load-{number}")])?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Commits `total` bytes of a stream, `size` in a transaction.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn chunks(&mut self, total: u64, size: usize) -> anyhow::Result<Round> {
        let (begun, data) = (Instant::now(), vec![b'x'; size]);
        let mut commit = histogram(3);
        let rows = total.div_ceil(size as u64);
        for row in 0..rows {
            let started = Instant::now();
            let transaction = self.connection.transaction()?;
            transaction
                .prepare_cached("INSERT INTO stream_chunks VALUES ($1, $2, $3, $4, NULL)")?
                .execute(params![
                    self.room,
                    (row * size as u64) as i64,
                    row as i64,
                    data
                ])?;
            transaction.commit()?;
            commit.saturating_record(started.elapsed().as_micros() as u64);
        }
        Ok(Round {
            rows_per_second: rows as f64 / begun.elapsed().as_secs_f64(),
            commit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_have_the_average_that_was_asked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut bare = Bare::open(folder.path(), Durability::Normal).expect("a database");
        let round = bare
            .events(2.5, 100, Duration::from_millis(50))
            .expect("rows");
        let average = bare.rows as f64 / round.commit.len() as f64;
        assert!((average - 2.5).abs() < 0.5, "{average}");
        assert_eq!(bare.chunks(10_000, 4096).expect("rows").commit.len(), 3);
    }
}
