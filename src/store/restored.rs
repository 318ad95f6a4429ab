//! A database that was put back to an earlier state.

use super::sql::sql;
use super::{Error, Store};

impl Store {
    /// Gives every room a new epoch, so that nobody is given another history as the continuation of what they
    /// hold, and lets the streams that were being written end, unless their producers go on just where they
    /// stand: what was acknowledged may be gone. Returns how many rooms and streams it were.
    pub async fn begin_anew(&self) -> Result<(u64, u64), Error> {
        let epoch = format!("{:08x}", rand::random::<u32>());
        let mut transaction = self.begin().await?;
        let rooms = sql("UPDATE rooms SET epoch = $1")
            .bind(epoch.as_str())
            .execute(&mut transaction)
            .await?;
        let streams = sql("UPDATE streams SET lease_until = 0 WHERE state = 'open'")
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok((rooms, streams))
    }
}
