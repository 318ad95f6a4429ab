//! What the connection's task and a handle share about one room or stream: positions and small queues.
//!
//! Nothing here does I/O, so each can be tested against a model.

mod hold;
mod output;
mod presence;
mod reader;
mod room;
mod writer;

pub(crate) use hold::{Feed, Hold};
pub(crate) use output::{Append, Ending, StreamSpec};
pub(crate) use reader::{ReaderFeed, ReaderPop, Verdict};
pub(crate) use room::{Pop as RoomPop, RoomFeed};
pub(crate) use writer::WriterFeed;
