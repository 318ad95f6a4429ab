//! What nodes tell each other.

use bytes::Bytes;
use generic_corp_protocol::frame::{CancelNotice, Ephemeral, StreamClosed};
use generic_corp_protocol::{ApiKeyId, ConnectionId, Event, RoomId, SessionId, StreamId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What one node tells the others.
#[derive(Clone, Debug)]
pub enum Hint {
    /// A room's log has a new entry.
    Event {
        /// The room.
        room: RoomId,
        /// The log's epoch.
        epoch: Arc<str>,
        /// The entry.
        event: Arc<Event>,
    },
    /// A stream has new bytes.
    Bytes {
        /// The stream.
        stream: StreamId,
        /// Where they begin.
        offset: u64,
        /// The bytes.
        data: Bytes,
    },
    /// A stream has ended.
    Closed {
        /// How.
        end: StreamClosed,
    },
    /// Somebody wants a stream to stop.
    Cancel {
        /// Which, who and why.
        notice: CancelNotice,
    },
    /// A credential is good for nothing any more.
    Ended(Ended),
    /// Members of a room have changed on the node that says so.
    Presence {
        /// The room.
        room: RoomId,
    },
    /// Something that skips the log.
    Ephemeral {
        /// The room.
        room: RoomId,
        /// The content.
        message: Arc<Ephemeral>,
    },
}

/// A credential or a connection that was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// A session, by signing out.
    Session(SessionId),
    /// A key, by revoking it.
    Key(ApiKeyId),
    /// Somebody's right to something: whose, each node finds out.
    Right,
    /// One connection, by an administrator.
    Connection(ConnectionId),
}

/// Where nodes listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Nodes with viewers of a room.
    Room(RoomId),
    /// Nodes with viewers of a stream.
    Stream(StreamId),
    /// Every node.
    Nodes,
}

impl Hint {
    /// Who is to hear it.
    pub(super) fn channel(&self) -> Channel {
        match self {
            Self::Event { room, .. } | Self::Ephemeral { room, .. } | Self::Presence { room } => {
                Channel::Room(*room)
            }
            Self::Bytes { stream, .. } => Channel::Stream(*stream),
            Self::Closed { end } => Channel::Stream(end.stream),
            // Whom it concerns may sit on any node, and need not watch.
            Self::Cancel { .. } | Self::Ended(_) => Channel::Nodes,
        }
    }

    /// About how many bytes it takes to send.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Event { event, .. } => 256 + event.body.get().len(),
            Self::Bytes { data, .. } => 64 + data.len(),
            Self::Presence { .. } | Self::Ended(_) => 64,
            Self::Closed { .. } | Self::Cancel { .. } | Self::Ephemeral { .. } => 512,
        }
    }
}
