//! Writing beside the log. SQLite has one writer at a time, and who waits for it asks again and again: under
//! a log that commits without a pause a sign-in could wait for seconds. So the hub's writers take turns.

use super::{Error, Store};
use sqlx::{Sqlite, SqliteConnection, Transaction};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// How long anybody waits for a turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who comes first writes first.
pub(super) type Turns = Arc<Mutex<()>>;
/// The right to write until it is dropped.
pub type Turn = OwnedMutexGuard<()>;

/// A writing transaction, in its turn. Dropped without [`Write::commit`] it changes nothing.
pub(crate) struct Write {
    transaction: Transaction<'static, Sqlite>,
    _turn: Turn,
}

impl Store {
    /// Begins a writing transaction; takes the write lock at once, so that it cannot fail half way as busy.
    pub(crate) async fn begin(&self) -> Result<Write, Error> {
        let turn = tokio::time::timeout(PATIENCE, self.turns().lock_owned());
        let turn = turn.await.map_err(|_| {
            Error::Unavailable("other writers had their turn for too long".to_owned())
        })?;
        let transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Write {
            transaction,
            _turn: turn,
        })
    }
}

impl Write {
    pub(crate) async fn commit(self) -> Result<(), Error> {
        Ok(self.transaction.commit().await?)
    }
}

impl Deref for Write {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        &self.transaction
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::*;
    use crate::config::Durability;
    use futures_util::future::poll_immediate;

    #[tokio::test]
    async fn who_waits_comes_before_who_has_just_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(Options {
            url: format!("sqlite:{}", folder.path().join("hub.db").display()),
            durability: Durability::Normal,
            read_connections: 1,
        });
        let store = store.await.expect("opens");
        let turn = store.turns().lock_owned().await;
        let mut waiting = Box::pin(store.begin());
        assert!(poll_immediate(&mut waiting).await.is_none(), "it waits");
        drop(turn);
        assert!(store.turns().try_lock_owned().is_err(), "the turn is taken");
        let write = waiting.await.expect("begun");
        write.commit().await.expect("committed");
        assert!(store.turns().try_lock_owned().is_ok(), "and given back");
    }
}
