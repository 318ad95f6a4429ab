//! Connections of the pool, and which of them are no good any more.

use super::way::Way;
use bb8_redis::RedisConnectionManager;
use redis::RedisError;
use redis::aio::MultiplexedConnection;
use std::sync::Arc;

/// Makes connections as `bb8-redis` does, which looks for no master and never counts one as broken.
pub(super) struct Manager(pub(super) Arc<Way>);

/// A connection of the pool.
pub(super) struct Held {
    pub(super) connection: MultiplexedConnection,
    /// Whether it failed; the pool then drops it.
    pub(super) broken: bool,
}

impl bb8::ManageConnection for Manager {
    type Connection = Held;
    type Error = RedisError;

    async fn connect(&self) -> Result<Held, RedisError> {
        let manager = RedisConnectionManager::new(self.0.info().await?)?;
        Ok(Held {
            connection: manager.connect().await?,
            broken: false,
        })
    }

    async fn is_valid(&self, held: &mut Held) -> Result<(), RedisError> {
        redis::cmd("PING").query_async(&mut held.connection).await
    }

    fn has_broken(&self, held: &mut Held) -> bool {
        held.broken
    }
}
