//! What is done with the logs of a file when a hub starts: as they were left, or put back from a backup.

use super::super::Error;
use super::plan::Plan;
use super::sqlite::{Writer, fault, flush, load_stream};
use generic_corp_protocol::{StreamId, Timestamp};
use rusqlite::{Transaction, params};

impl Writer {
    /// Takes over the logs after a start. Producers are given the time of a lease to come back.
    ///
    /// A database that has fewer commits than were noted beside it, or beside which nothing was noted, is
    /// not known to be the one that was served last. Then viewers may hold positions of another history:
    /// every room gets a new epoch, and streams being written are closed as interrupted, since what
    /// their producers have acknowledged may be gone. Returns whether it was so.
    ///
    /// # Errors
    /// When the store refuses; nothing was changed.
    pub(super) fn take_over(&mut self, lease_ms: i64) -> Result<bool, Error> {
        let noted = self.mark.read().map_err(fault)?;
        let other = self.commits > 0 && noted.is_none_or(|noted| noted > self.commits);
        // Never less than was noted, also in a new database: another copy of the same past must be
        // found out, too.
        self.commits = self.commits.max(noted.unwrap_or_default());
        if other {
            self.begin_anew(lease_ms)?;
        } else {
            self.renew_all(lease_ms)?;
        }
        // One that was not written lags, or is missing: then the same is done again.
        let _ = self.mark.write(self.commits);
        Ok(other)
    }

    fn begin_anew(&mut self, lease_ms: i64) -> Result<(), Error> {
        let commits = self.commits + 1;
        let tx = self.begin()?;
        tx.execute("UPDATE rooms SET epoch = lower(hex(randomblob(4)))", [])?;
        let mut plan = Plan::new(lease_ms);
        for stream in open_streams(&tx)? {
            load_stream(&tx, &mut plan, stream)?;
        }
        plan.interrupt_all()?;
        flush(&tx, &plan, commits)?;
        tx.commit()?;
        self.commits = commits;
        Ok(())
    }

    /// Gives every producer the time of a lease to come back.
    fn renew_all(&mut self, lease_ms: i64) -> Result<(), Error> {
        let until = Timestamp::now().0 + lease_ms;
        let sql = "UPDATE streams SET lease_until = $1 WHERE state = 'open' AND lease_until < $1";
        self.connection.execute(sql, params![until])?;
        Ok(())
    }
}

fn open_streams(tx: &Transaction<'_>) -> Result<Vec<StreamId>, Error> {
    let mut select = tx.prepare("SELECT id FROM streams WHERE state = 'open'")?;
    let ids = select.query_map([], |row| row.get(0).map(StreamId))?;
    Ok(ids.collect::<Result<_, _>>()?)
}
