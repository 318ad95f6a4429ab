//! Connections of the pool, and which of them are no good any more.

use bb8_redis::RedisConnectionManager;
use redis::aio::MultiplexedConnection;
use redis::{ConnectionInfo, RedisError};

/// Makes connections as `bb8-redis` does, which never counts one as broken.
pub(super) struct Manager(RedisConnectionManager);

/// A connection of the pool.
pub(super) struct Held {
    pub(super) connection: MultiplexedConnection,
    /// Whether it failed; the pool then drops it.
    pub(super) broken: bool,
}

impl Manager {
    pub(super) fn new(info: ConnectionInfo) -> Result<Self, RedisError> {
        RedisConnectionManager::new(info).map(Self)
    }
}

impl bb8::ManageConnection for Manager {
    type Connection = Held;
    type Error = RedisError;

    async fn connect(&self) -> Result<Held, RedisError> {
        let connection = self.0.connect().await?;
        Ok(Held {
            connection,
            broken: false,
        })
    }

    async fn is_valid(&self, held: &mut Held) -> Result<(), RedisError> {
        self.0.is_valid(&mut held.connection).await
    }

    fn has_broken(&self, held: &mut Held) -> bool {
        held.broken
    }
}
