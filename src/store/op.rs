//! What can be done to a log, and what comes of it.

use bytes::Bytes;
use generic_corp_protocol::message::StreamRole;
use generic_corp_protocol::{
    ApiKeyId, OrganizationId, RoomId, Sender, Slug, StreamId, StreamInfo, StreamOutcome,
    StreamState, Timestamp, WorkspaceId,
};
use serde_json::value::RawValue;
use std::sync::Arc;

/// The tenant an operation belongs to; it stands in every `WHERE` and in the usage count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tenant {
    /// Who is billed.
    pub organization: OrganizationId,
    /// Where the log lives.
    pub workspace: WorkspaceId,
    /// Whose use it is.
    pub actor: Actor,
}

/// Who uses something, and by which key. Nil ids: the hub, or no key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor {
    /// The agent or person.
    pub sender: uuid::Uuid,
    /// The agent's key.
    pub key: uuid::Uuid,
}

impl Actor {
    /// A sender that came with this key.
    pub fn of(sender: &Sender, key: Option<ApiKeyId>) -> Self {
        Self {
            sender: sender.id,
            key: key.map_or_else(uuid::Uuid::nil, |key| key.0),
        }
    }
}

/// An event before it has its place in the log.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Who sends it.
    pub sender: Sender,
    /// Idempotency key, unique for this sender in this room.
    pub key: String,
    /// What it is.
    pub kind: String,
    /// The content.
    pub body: Box<RawValue>,
    /// Names addressed by it.
    pub mentions: Vec<Slug>,
    /// The `seq` it answers to.
    pub reply_to: Option<u64>,
}

/// A stream before it is opened.
#[derive(Clone, Debug)]
pub struct StreamDraft {
    /// Its id, used when the key is new.
    pub id: StreamId,
    /// Who writes it.
    pub sender: Sender,
    /// Idempotency key, unique for this sender in this room.
    pub key: String,
    /// The name to show.
    pub name: String,
    /// What it carries.
    pub role: StreamRole,
    /// Its media type.
    pub media_type: String,
    /// The tool call it belongs to.
    pub tool_call: Option<String>,
    /// The stream it belongs to.
    pub parent: Option<StreamId>,
}

/// The end of a stream.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Who ends it; the hub itself when nothing is said.
    pub sender: Option<uuid::Uuid>,
    /// What the closer takes for its length; the hub takes what is stored.
    pub offset: Option<u64>,
    /// How it ended.
    pub outcome: StreamOutcome,
    /// The exit status.
    pub exit_code: Option<i32>,
    /// What is worth keeping beside the bytes.
    pub metadata: Option<Box<RawValue>>,
}

impl Ending {
    /// The end of a stream whose producer is gone; the hub's word.
    pub fn interrupted() -> Self {
        Self {
            sender: None,
            offset: None,
            outcome: StreamOutcome::Interrupted,
            exit_code: None,
            metadata: None,
        }
    }
}

/// One operation on a log.
#[derive(Clone, Debug)]
pub enum Op {
    /// Appends an event to a room.
    Publish {
        /// Whose.
        tenant: Tenant,
        /// The room.
        room: RoomId,
        /// The event.
        draft: Draft,
    },
    /// Opens a stream, or finds the one with this key.
    Open {
        /// Whose.
        tenant: Tenant,
        /// The room.
        room: RoomId,
        /// The stream.
        draft: StreamDraft,
    },
    /// Appends bytes to a stream; what is stored already is skipped.
    Append {
        /// Whose.
        tenant: Tenant,
        /// The stream.
        stream: StreamId,
        /// Who writes; must be who opened it.
        sender: uuid::Uuid,
        /// Where `data` begins.
        offset: u64,
        /// The bytes.
        data: Bytes,
    },
    /// Ends a stream.
    Close {
        /// Whose.
        tenant: Tenant,
        /// The stream.
        stream: StreamId,
        /// How.
        ending: Ending,
    },
    /// Ends a stream whose producer has not been seen; does nothing if it has come back.
    Expire {
        /// Whose.
        tenant: Tenant,
        /// The stream.
        stream: StreamId,
    },
    /// Notes that somebody wants a stream to stop.
    Cancel {
        /// Whose.
        tenant: Tenant,
        /// The stream.
        stream: StreamId,
        /// Who asks.
        by: Sender,
        /// Why.
        reason: Option<String>,
    },
    /// Renews the leases of streams whose producers are connected.
    Renew {
        /// The streams.
        streams: Vec<StreamId>,
    },
}

impl Op {
    /// Payload bytes, for bounding a batch.
    pub fn weight(&self) -> usize {
        match self {
            Self::Publish { draft, .. } => draft.body.get().len(),
            Self::Append { data, .. } => data.len(),
            _ => 64,
        }
    }
}

/// An event that has its place, to be announced after the commit.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The room's id.
    pub room: RoomId,
    /// The log's epoch.
    pub epoch: Arc<str>,
    /// The event.
    pub event: Arc<generic_corp_protocol::Event>,
}

/// A wish that a stream should stop, kept until it is closed.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct CancelWish {
    /// Who asks.
    pub by: Sender,
    /// Why.
    pub reason: Option<String>,
}

/// What a committed operation did.
#[derive(Clone, Debug)]
pub enum Done {
    /// The event is in the log; `entry` unless it was there before.
    Published {
        /// Its position.
        seq: u64,
        /// When it was accepted.
        time: Timestamp,
        /// What to announce.
        entry: Option<Entry>,
    },
    /// The stream is there; `entry` unless it was there before.
    Opened {
        /// The stream as it stands.
        info: StreamInfo,
        /// What to announce.
        entry: Option<Entry>,
        /// A wish that it should stop.
        cancel: Option<CancelWish>,
    },
    /// The stream is durable up to `length`; the bytes from `fresh_from` on are new.
    Appended {
        /// Bytes stored.
        length: u64,
        /// Where the new bytes begin.
        fresh_from: u64,
        /// A wish that it should stop.
        cancel: Option<CancelWish>,
    },
    /// The stream is closed; `entry` unless it was before.
    Closed {
        /// The stream as it stands.
        info: StreamInfo,
        /// What to announce.
        entry: Option<Entry>,
    },
    /// The wish is noted.
    Cancelled {
        /// Who wants it and why.
        wish: CancelWish,
    },
    /// Nothing to tell.
    Nothing,
}

/// Why an operation was refused, with nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such room or stream in this workspace.
    #[error("there is no such thing here")]
    NotFound,
    /// Only the sender that opened a stream writes it.
    #[error("the stream belongs to another sender")]
    NotYours,
    /// The key was used with another content.
    #[error("the key was used before with another content")]
    KeyReused,
    /// The offset lies beyond the stream's end, or a close names another length.
    #[error("the stream has {length} bytes")]
    Offset {
        /// Bytes stored.
        length: u64,
    },
    /// The stream is closed.
    #[error("the stream is {}", .state.as_str())]
    StreamClosed {
        /// How it ended.
        state: StreamState,
        /// Bytes stored.
        length: u64,
    },
}
