//! The log: appends from all connections of a node, committed in groups, then announced.
//!
//! Whatever comes in while a commit runs is the next batch; there is no timer. An operation is
//! announced on the bus and answered only after the commit that holds it.

mod error;
mod writer;

pub use error::Error;

use crate::bus::Bus;
use crate::store::op::{Done, Op};
use crate::store::{Appender, Store};
use tokio::sync::{mpsc, oneshot};

/// What to do with the outcome; called on the writer's thread, so it must not wait.
pub type Answer = Box<dyn FnOnce(Result<Done, Error>) + Send>;

/// A cheap handle to the node's log.
#[derive(Clone)]
pub struct History {
    queue: mpsc::Sender<writer::Entry>,
    store: Store,
}

/// How the log works.
pub struct Options {
    /// Appends that may wait for the writer; more are refused as overloaded.
    pub queue: usize,
    /// How long a stream outlives the silence of its producer.
    pub lease_seconds: u64,
}

impl History {
    /// Starts the writer. It ends, with everything committed, when the last handle is dropped.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn start(store: Store, bus: Bus, options: &Options) -> Result<Self, crate::store::Error> {
        let mut appender = Appender::open(&store, options.lease_seconds)?;
        if appender.take_over()? {
            tracing::warn!(
                "the database is not known to be the one that was served last: \
                 rooms have a new epoch, streams being written were closed"
            );
        }
        let (queue, entries) = mpsc::channel(options.queue);
        std::thread::Builder::new()
            .name("log-writer".into())
            .spawn(move || writer::run(appender, entries, &bus))
            .map_err(|error| crate::store::Error::Unavailable(error.to_string()))?;
        Ok(Self { queue, store })
    }

    /// Queues an operation. Operations of one caller are committed in the order of its calls.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when the queue is full, [`Error::Stopped`] when the writer has ended; the
    /// answer is then never called.
    pub fn append(&self, op: Op, answer: Answer) -> Result<(), Error> {
        self.queue
            .try_send(writer::Entry { op, answer })
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => Error::Overloaded,
                mpsc::error::TrySendError::Closed(_) => Error::Stopped,
            })
    }

    /// Queues an operation and waits for its commit.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn submit(&self, op: Op) -> Result<Done, Error> {
        let (answer, outcome) = oneshot::channel();
        self.append(op, Box::new(move |result| drop(answer.send(result))))?;
        outcome.await.unwrap_or(Err(Error::Stopped))
    }

    /// The store, to read from.
    pub fn store(&self) -> &Store {
        &self.store
    }
}
