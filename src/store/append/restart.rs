//! What is done with the logs when a hub starts: as they were left, or put back from a backup.

use super::super::Error;
use super::super::op::Tenant;
use super::batch::Batch;
use super::stream::interrupted;
use super::{Appender, fault};
use generic_corp_protocol::{OrganizationId, StreamId, Timestamp, WorkspaceId};
use rusqlite::{Transaction, params};

impl Appender {
    /// Takes over the logs after a start. Producers are given the time of a lease to come back.
    ///
    /// A database that has fewer commits than were noted beside it, or beside which nothing was noted, is
    /// not known to be the one that was served last. Then viewers may hold positions of another history:
    /// every room gets a new epoch, and streams being written are closed as interrupted, since what
    /// their producers have acknowledged may be gone. Returns whether it was so.
    ///
    /// # Errors
    /// When the store refuses; nothing was changed.
    pub fn take_over(&mut self) -> Result<bool, Error> {
        let noted = self.mark.read().map_err(fault)?;
        let other = self.commits > 0 && noted.is_none_or(|noted| noted > self.commits);
        // Never less than was noted, also in a new database: another copy of the same past must be
        // found out, too.
        self.commits = self.commits.max(noted.unwrap_or_default());
        if other {
            self.begin_anew()?;
        } else {
            self.renew_all()?;
        }
        // One that was not written lags, or is missing: then the same is done again.
        let _ = self.mark.write(self.commits);
        Ok(other)
    }

    fn begin_anew(&mut self) -> Result<(), Error> {
        let (lease_ms, commits) = (self.lease_ms, self.commits + 1);
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction.execute("UPDATE rooms SET epoch = lower(hex(randomblob(4)))", [])?;
        let streams = open_streams(&transaction)?;
        let mut batch = Batch::new(&transaction, lease_ms);
        for (tenant, stream) in streams {
            // Whether it was refused does not matter: then it is not open.
            let _ = batch.close(tenant, stream, &interrupted())?;
        }
        batch.finish(commits)?;
        transaction.commit()?;
        self.commits = commits;
        Ok(())
    }

    /// Gives every producer the time of a lease to come back.
    fn renew_all(&mut self) -> Result<(), Error> {
        let until = Timestamp::now().0 + self.lease_ms;
        let sql = "UPDATE streams SET lease_until = $1 WHERE state = 'open' AND lease_until < $1";
        self.connection.execute(sql, params![until])?;
        Ok(())
    }
}

fn open_streams(transaction: &Transaction<'_>) -> Result<Vec<(Tenant, StreamId)>, Error> {
    let mut select = transaction.prepare(
        "SELECT w.organization_id, s.workspace_id, s.id
         FROM streams s JOIN workspaces w ON w.id = s.workspace_id WHERE s.state = 'open'",
    )?;
    let rows = select.query_map([], |row| {
        let tenant = Tenant {
            organization: OrganizationId(row.get(0)?),
            workspace: WorkspaceId(row.get(1)?),
        };
        Ok((tenant, StreamId(row.get(2)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
