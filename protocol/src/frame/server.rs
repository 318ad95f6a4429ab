//! What the hub says.

use super::Welcome;
use crate::{
    ConnectionId, ErrorCode, Event, Member, Sender, Slug, StreamId, StreamInfo, StreamOutcome,
    Timestamp,
};
use serde::{Deserialize, Serialize};

/// A frame from the hub. A client ignores types and fields it does not know.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "type")]
pub enum ServerFrame {
    /// The connection is authenticated.
    #[serde(rename = "welcome")]
    Welcome(Welcome),
    /// A room is joined; what it missed follows.
    #[serde(rename = "joined")]
    Joined(Joined),
    /// The request succeeded; what it asked for is in `result`.
    #[serde(rename = "ok")]
    Ok(Okay),
    /// The request failed, or (without `id`) something the client sent could not be read.
    #[serde(rename = "error")]
    Error(Failure),
    /// What skipped the log.
    #[serde(rename = "ephemeral")]
    Ephemeral(Ephemeral),
    /// Bytes of a stream.
    #[serde(rename = "stream.data")]
    StreamData(StreamData),
    /// A stream of this producer is durable up to `offset`.
    #[serde(rename = "stream.ack")]
    StreamAck(StreamAck),
    /// The end of a stream, after its last byte.
    #[serde(rename = "stream.closed")]
    StreamClosed(StreamClosed),
    /// Somebody asks this producer to stop.
    #[serde(rename = "cancel")]
    Cancel(CancelNotice),
    /// Who came, changed and went in a room.
    #[serde(rename = "presence")]
    Presence(PresenceChange),
    /// A limit comes near or is reached.
    #[serde(rename = "usage")]
    Usage(Usage),
    /// A cursor could not go on from where it was; see `reason`.
    #[serde(rename = "reset")]
    Reset(Reset),
    /// The hub drains: reconnect after `reconnect_after_ms` and resume.
    #[serde(rename = "goaway")]
    Goaway(Goaway),
    /// An entry of a room's log. Read by [`crate::codec`] apart from the others, because of its raw body.
    #[serde(rename = "event", skip_deserializing)]
    Event(Event),
}

/// See [`ServerFrame::Joined`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Joined {
    /// The `id` of the `join` it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub id: Option<String>,
    /// The room's name.
    pub room: Slug,
    /// The newest `seq`; 0 in an empty room.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub head: u64,
    /// The log's epoch; give it back with `after`.
    pub epoch: String,
    /// Events after this `seq` follow.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub after: u64,
    /// Whether `after` was honoured. `false` on a first join, and when the epoch differs, `after` lies beyond the head, or events after it were removed: then read the history.
    pub recovered: bool,
    /// Who is in the room; empty when there are more than [`crate::limit::MAX_MEMBERS_SHOWN`].
    pub members: Vec<Member>,
    /// How many connections are in the room.
    pub member_count: u32,
    /// Streams being written now.
    pub streams: Vec<StreamInfo>,
}

/// See [`ServerFrame::Ok`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Okay {
    /// The request's `id`.
    pub id: String,
    /// What it asked for; see each request in `docs/protocol.md`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional, type = "unknown"))]
    pub result: Option<serde_json::Value>,
}

/// See [`ServerFrame::Error`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Failure {
    /// The request's `id`, when it had one that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub id: Option<String>,
    /// What a program acts on.
    #[cfg_attr(feature = "typescript", ts(as = "String"))]
    pub code: ErrorCode,
    /// What a person acts on.
    pub message: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Not before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
    pub retry_after_ms: Option<u64>,
    /// Facts that belong to the code, for instance `length` with `stream_offset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional, type = "unknown"))]
    pub details: Option<serde_json::Value>,
}

/// See [`ServerFrame::Ephemeral`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Ephemeral {
    /// The room's name.
    pub room: Slug,
    /// When the hub took it.
    pub time: Timestamp,
    /// Who sent it.
    pub sender: Sender,
    /// What it is.
    pub kind: String,
    /// The content.
    #[cfg_attr(feature = "typescript", ts(type = "unknown"))]
    pub body: serde_json::Value,
}

/// See [`ServerFrame::StreamData`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StreamData {
    /// The stream.
    pub stream: StreamId,
    /// Where these bytes begin.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub offset: u64,
    /// The bytes, where they are UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub text: Option<String>,
    /// The bytes in base64, where they are not (a character may be cut by the end of a chunk).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub base64: Option<String>,
}

/// See [`ServerFrame::StreamAck`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StreamAck {
    /// The stream.
    pub stream: StreamId,
    /// Everything before this byte is committed.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub offset: u64,
}

/// See [`ServerFrame::StreamClosed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StreamClosed {
    /// The stream.
    pub stream: StreamId,
    /// Its final length.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub offset: u64,
    /// How it ended.
    pub outcome: StreamOutcome,
    /// The exit status, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub exit_code: Option<i32>,
}

/// See [`ServerFrame::Cancel`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CancelNotice {
    /// The stream to stop.
    pub stream: StreamId,
    /// Who asks.
    pub by: Sender,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub reason: Option<String>,
}

/// See [`ServerFrame::Presence`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PresenceChange {
    /// The room's name.
    pub room: Slug,
    /// Whether `changed` is everyone, to replace what the client holds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
    pub full: bool,
    /// Who came or changed.
    #[serde(default)]
    pub changed: Vec<Member>,
    /// Connections that went.
    #[serde(default)]
    pub left: Vec<ConnectionId>,
    /// How many connections are in the room now. Beyond [`crate::limit::MAX_MEMBERS_SHOWN`] only this is told.
    pub member_count: u32,
}

/// How near a limit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum UsageLevel {
    /// For your information.
    Info,
    /// 80 % are used.
    Warn,
    /// 100 % are used; the plan lets it go on.
    Over,
    /// 100 % are used; it stops here until `resets_at`.
    Hard,
}

/// See [`ServerFrame::Usage`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Usage {
    /// How near.
    pub level: UsageLevel,
    /// What is counted, for instance `messages_per_hour`.
    pub meter: String,
    /// How much is used.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub used: u64,
    /// How much there is.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub limit: u64,
    /// When the count begins anew.
    pub resets_at: Timestamp,
}

/// See [`ServerFrame::Reset`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Reset {
    /// The room, when its cursor was reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub room: Option<Slug>,
    /// The stream, when its cursor was reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub stream: Option<StreamId>,
    /// Why, for people.
    pub reason: String,
    /// What follows comes after this `seq` or begins at this byte.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub position: u64,
    /// The log's epoch from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub epoch: Option<String>,
}

/// See [`ServerFrame::Goaway`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Goaway {
    /// Why, for people.
    pub reason: String,
    /// This client's slot: reconnect not before.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub reconnect_after_ms: u64,
}
