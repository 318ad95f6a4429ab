//! Reading a stream's bytes.

use crate::Error;
use crate::feed::{Hold, ReaderFeed, ReaderPop};
use bytes::{Bytes, BytesMut};
use generic_corp_protocol::frame::StreamClosed;
use generic_corp_protocol::{StreamId, StreamInfo};

/// Where reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFrom {
    /// At this byte; 0 for everything.
    Offset(u64),
    /// This many bytes before the end.
    Tail(u64),
}

/// Bytes of a stream and where they begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Where they begin. Follows the chunk before without a gap, but for a reset by the hub.
    pub offset: u64,
    /// The bytes.
    pub bytes: Bytes,
}

/// A stream that is being read. Dropping it stops.
///
/// What comes waits in a bounded queue; when it is full the hub is told to stop, and asked to go on
/// from there when the queue is empty.
#[derive(Debug)]
pub struct StreamReader {
    feed: Hold<ReaderFeed>,
}

impl StreamReader {
    pub(crate) fn new(feed: Hold<ReaderFeed>) -> Self {
        Self { feed }
    }

    /// The stream.
    pub fn stream(&self) -> StreamId {
        self.feed.stream
    }

    /// The stream as it stood when reading last began.
    pub fn info(&self) -> Option<StreamInfo> {
        self.feed.info()
    }

    /// The next bytes; `None` at the end. Safe to cancel: nothing is lost.
    ///
    /// # Errors
    /// When the connection ended for good, or the stream may no longer be read.
    pub async fn next(&mut self) -> Result<Option<Chunk>, Error> {
        loop {
            match self.feed.pop() {
                ReaderPop::Chunk(chunk) => return Ok(Some(chunk)),
                ReaderPop::End => return Ok(None),
                ReaderPop::Failed(error) => return Err(error),
                ReaderPop::Empty(ask) => {
                    if ask {
                        self.feed.wake();
                    }
                    self.feed.changed().await;
                }
            }
        }
    }

    /// Everything to the end, at most `limit` bytes.
    ///
    /// # Errors
    /// As [`next`](Self::next), and when there are more than `limit` bytes.
    pub async fn read_to_end(&mut self, limit: usize) -> Result<Bytes, Error> {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.next().await? {
            if all.len() + chunk.bytes.len() > limit {
                return Err(Error::Invalid(format!(
                    "the stream has more than {limit} bytes"
                )));
            }
            all.extend_from_slice(&chunk.bytes);
        }
        Ok(all.freeze())
    }

    /// How the stream ended: known at the end of a followed stream.
    pub fn closed(&self) -> Option<StreamClosed> {
        self.feed.end()
    }
}
