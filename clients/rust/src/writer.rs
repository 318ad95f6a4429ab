//! Writing a stream: bounded, resumed after a reconnect, durable when acknowledged.

use crate::Error;
use crate::feed::{Ending, Hold, WriterFeed};
use generic_corp_protocol::frame::CancelNotice;
use generic_corp_protocol::{StreamId, StreamOutcome};
use std::future::Future;

/// An open stream of this producer. Dropping it unclosed closes it as failed.
///
/// Written bytes are held until the hub says that they are durable. When the window is full,
/// [`write`](Self::write) waits: memory stays bounded while the hub is away.
#[derive(Debug)]
pub struct StreamWriter {
    feed: Hold<WriterFeed>,
    stream: StreamId,
}

impl StreamWriter {
    pub(crate) fn new(feed: Hold<WriterFeed>, stream: StreamId) -> Self {
        Self { feed, stream }
    }

    /// The stream.
    pub fn stream(&self) -> StreamId {
        self.stream
    }

    /// Everything before this byte is durable. Right after opening with a key that was used before:
    /// where to go on.
    pub fn durable(&self) -> u64 {
        self.feed.durable()
    }

    /// The offset of the next written byte.
    pub fn offset(&self) -> u64 {
        self.feed.written()
    }

    /// Appends bytes; waits while the window is full. When cancelled, [`offset`](Self::offset) says
    /// how much was taken.
    ///
    /// # Errors
    /// When the stream was closed or refused by the hub, or the connection ended for good.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut changed = self.feed.watch();
        let mut rest = bytes;
        loop {
            let taken = self.feed.write(rest)?;
            rest = &rest[taken..];
            if taken > 0 {
                self.feed.wake();
            }
            if rest.is_empty() {
                return Ok(());
            }
            // The sender lives in the feed, which this holds.
            let _ = changed.changed().await;
        }
    }

    /// Waits until every written byte is durable.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn flush(&mut self) -> Result<(), Error> {
        let mut changed = self.feed.watch();
        while !self.feed.flushed()? {
            let _ = changed.changed().await;
        }
        Ok(())
    }

    /// Waits until every byte is durable and the stream is closed.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn close(self, outcome: StreamOutcome, exit_code: Option<i32>) -> Result<(), Error> {
        let mut changed = self.feed.watch();
        self.feed.end(Ending { outcome, exit_code });
        self.feed.wake();
        while !self.feed.is_ended()? {
            let _ = changed.changed().await;
        }
        Ok(())
    }

    /// Completes when somebody asks to stop. Apart from the writer, to be awaited beside a write;
    /// pending for ever once the writer is gone.
    pub fn cancelled(&self) -> impl Future<Output = CancelNotice> + Send + use<> {
        let feed = self.feed.share();
        async move {
            let mut changed = feed.watch();
            loop {
                if let Some(notice) = feed.cancel_notice() {
                    return notice;
                }
                let _ = changed.changed().await;
            }
        }
    }
}
