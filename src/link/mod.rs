//! The way to Redis: a small pool for commands, and whether Redis answers at all.
//!
//! Redis only ever makes things faster or shared; whoever asks it has an answer of its own for when it is
//! away. While it is, commands are refused at once; what is called on a timer finds out whether it is back.

mod manager;
mod way;

use crate::config;
use bb8::Pool;
use manager::Manager;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError, ServerErrorKind};
use secrecy::ExposeSecret as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use uuid::Uuid;
use way::Way;

/// Connections for commands. Each carries many commands at a time; there are several so that a slow one
/// delays few.
const CONNECTIONS: u32 = 4;
/// A command that takes longer has failed.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(500);
/// A connection that takes longer to make has failed.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Why Redis did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It did not answer, lately or just now.
    #[error("Redis does not answer")]
    Away,
    /// It answered with an error.
    #[error("Redis answered: {0}")]
    Refused(String),
    /// The address makes no sense.
    #[error(
        "redis.url: redis://HOST:PORT or rediss://HOST:PORT, with USER:PASSWORD@ where it asks for them"
    )]
    Address,
    /// The file of the authority is no good.
    #[error("redis.ca: {0} cannot be used: {1}")]
    Authority(String, String),
}

/// A cheap handle; see the module.
#[derive(Clone)]
pub struct Link(Arc<Inner>);

struct Inner {
    node: Uuid,
    way: Arc<Way>,
    prefix: String,
    pool: Pool<Manager>,
    away: AtomicBool,
    nodes: AtomicUsize,
}

impl Link {
    /// Prepares the way, where the settings name one; Redis need not be there yet.
    ///
    /// # Errors
    /// [`Error::Address`] or [`Error::Authority`].
    pub fn open(settings: &config::Redis) -> Result<Option<Self>, Error> {
        if settings.url.expose_secret().is_empty() {
            return Ok(None);
        }
        let way = Arc::new(Way::of(settings)?);
        let pool = Pool::builder()
            .max_size(CONNECTIONS)
            .connection_timeout(CONNECT_TIMEOUT)
            // PING fails where the disk of Redis is full, though it still publishes.
            .test_on_check_out(false)
            .retry_connection(false)
            .build_unchecked(Manager(way.clone()));
        Ok(Some(Self(Arc::new(Inner {
            node: Uuid::now_v7(),
            way,
            prefix: settings.prefix.clone(),
            pool,
            away: AtomicBool::new(false),
            nodes: AtomicUsize::new(1),
        }))))
    }

    /// Who this process is to the other nodes; another after each start.
    pub fn node(&self) -> Uuid {
        self.0.node
    }

    /// How many nodes there are, this one included, as far as is known.
    pub fn nodes(&self) -> usize {
        self.0.nodes.load(Ordering::Relaxed)
    }

    /// Sets how many nodes there are.
    pub fn set_nodes(&self, count: usize) {
        self.0.nodes.store(count.max(1), Ordering::Relaxed);
    }

    /// Whether Redis may move, so that a connection may lead to what is the master no longer.
    pub fn may_move(&self) -> bool {
        self.0.way.has_sentinels()
    }

    /// Whether it did not answer when it was last asked.
    pub fn is_away(&self) -> bool {
        self.0.away.load(Ordering::Relaxed)
    }

    /// Asks, unless Redis is known to be away.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn ask<T>(
        &self,
        command: impl AsyncFnOnce(&mut MultiplexedConnection) -> Result<T, RedisError>,
    ) -> Result<T, Error> {
        if self.is_away() {
            return Err(Error::Away);
        }
        self.probe(command).await
    }

    /// Asks even if Redis is known to be away. For what is called on a timer.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn probe<T>(
        &self,
        command: impl AsyncFnOnce(&mut MultiplexedConnection) -> Result<T, RedisError>,
    ) -> Result<T, Error> {
        let Ok(mut held) = self.0.pool.get().await else {
            self.tell(true);
            return Err(Error::Away);
        };
        let answer = command(&mut held.connection).await;
        match answer {
            Ok(answer) => {
                self.tell(false);
                Ok(answer)
            }
            Err(error) if is_gone(&error) => {
                held.broken = true;
                self.tell(true);
                Err(Error::Away)
            }
            Err(error) => Err(Error::Refused(error.to_string())),
        }
    }

    /// A connection of its own that hands what subscriptions bring to `receive`, which must not wait: Redis
    /// is not read on until it returns.
    ///
    /// # Errors
    /// [`Error::Away`], or what Redis answered.
    pub async fn subscriber(
        &self,
        receive: impl Fn(redis::PushInfo) -> Result<(), redis::aio::SendError> + Send + Sync + 'static,
    ) -> Result<MultiplexedConnection, Error> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_push_sender(receive);
        let made = async {
            let client = Client::open(self.0.way.info().await?)?;
            client
                .get_multiplexed_async_connection_with_config(&config)
                .await
        };
        made.await.map_err(|error| match error.is_io_error() {
            true => Error::Away,
            false => Error::Refused(error.to_string()),
        })
    }

    fn tell(&self, away: bool) {
        if self.0.away.swap(away, Ordering::Relaxed) == away {
            return;
        }
        metrics::gauge!("generic_corp_redis_up").set(if away { 0.0 } else { 1.0 });
        match away {
            true => {
                tracing::warn!("Redis does not answer; the hub goes on without it, more slowly")
            }
            false => tracing::info!("Redis answers again"),
        }
    }

    /// The key of the living nodes, by the time they were last heard of.
    pub fn nodes_key(&self) -> String {
        self.key(&["nodes", "alive"])
    }

    /// A key or channel of the hub, `PREFIX:part:part`.
    pub fn key(&self, parts: &[&str]) -> String {
        let mut key = self.0.prefix.clone();
        for part in parts {
            key.push(':');
            key.push_str(part);
        }
        key
    }
}

/// Whether the connection is no good any more: broken, or to what is the master no longer.
fn is_gone(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_unrecoverable_error()
        || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}
