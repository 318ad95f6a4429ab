//! Writing beside the log. SQLite has one writer at a time, and who waits for it asks again and again: under
//! a log that commits without a pause a sign-in could wait for seconds. So the hub's writers take turns.

use super::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// How long anybody waits for a turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who comes first writes first.
pub(super) type Turns = Arc<Mutex<()>>;
/// The right to write until it is dropped.
pub type Turn = OwnedMutexGuard<()>;

/// Waits for a turn.
///
/// # Errors
/// When it takes too long.
pub(super) async fn take(turns: &Turns) -> Result<Turn, Error> {
    tokio::time::timeout(PATIENCE, turns.clone().lock_owned())
        .await
        .map_err(|_| Error::Unavailable("other writers had their turn for too long".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::{Options, Store};
    use crate::config::Durability;
    use futures_util::future::poll_immediate;

    #[tokio::test]
    async fn who_waits_comes_before_who_has_just_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(Options {
            url: format!("sqlite:{}", folder.path().join("hub.db").display()).into(),
            durability: Durability::Normal,
            read_connections: 1,
        });
        let store = store.await.expect("opens");
        let turns = || store.database.turns().expect("SQLite's writers take turns");
        let turn = turns().lock_owned().await;
        let mut waiting = Box::pin(store.begin());
        assert!(poll_immediate(&mut waiting).await.is_none(), "it waits");
        drop(turn);
        assert!(turns().try_lock_owned().is_err(), "the turn is taken");
        let write = waiting.await.expect("begun");
        write.commit().await.expect("committed");
        assert!(turns().try_lock_owned().is_ok(), "and given back");
    }
}
