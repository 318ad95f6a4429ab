//! What handles ask of the connection.

use crate::Error;
use crate::feed::{ReaderFeed, RoomFeed, WriterFeed};
use generic_corp_protocol::frame::Joined;
use generic_corp_protocol::{ClientFrame, StreamId};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// A request from a handle.
#[derive(Debug)]
pub(crate) enum Command {
    /// A frame whose answer is handed back as JSON.
    Call {
        frame: ClientFrame,
        what: &'static str,
        reply: Reply<String>,
    },
    /// Follow a room.
    Join {
        feed: Arc<RoomFeed>,
        reply: Reply<Joined>,
    },
    /// Write a stream.
    Open {
        feed: Arc<WriterFeed>,
        reply: Reply<StreamId>,
    },
    /// Read a stream.
    Read {
        feed: Arc<ReaderFeed>,
        reply: Reply<()>,
    },
}

impl Command {
    /// Answers with an error. Nobody may be listening any more.
    pub(crate) fn fail(self, error: Error) {
        match self {
            Self::Call { reply, .. } => drop(reply.send(Err(error))),
            Self::Join { reply, .. } => drop(reply.send(Err(error))),
            Self::Open { reply, .. } => drop(reply.send(Err(error))),
            Self::Read { reply, .. } => drop(reply.send(Err(error))),
        }
    }
}

/// Puts `id` into a frame.
pub(crate) fn set_id(frame: &mut ClientFrame, id: String) {
    let slot = match frame {
        ClientFrame::Hello(frame) => &mut frame.id,
        ClientFrame::Join(frame) => &mut frame.id,
        ClientFrame::Leave(frame) => &mut frame.id,
        ClientFrame::Publish(frame) => &mut frame.id,
        ClientFrame::History(frame) => &mut frame.id,
        ClientFrame::StreamOpen(frame) => &mut frame.id,
        ClientFrame::StreamAppend(frame) => &mut frame.id,
        ClientFrame::StreamClose(frame) => &mut frame.id,
        ClientFrame::StreamRead(frame) => &mut frame.id,
        ClientFrame::Cancel(frame) => &mut frame.id,
        ClientFrame::Presence(frame) => &mut frame.id,
    };
    *slot = Some(id);
}
