//! The frames: what a client may say, what the hub says.

use crate::message::{ClientInfo, StreamRole};
use crate::{
    ConnectionId, ErrorCode, Event, Member, Sender, Slug, StreamId, StreamInfo, StreamOutcome,
    Timestamp, WorkspaceId,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

macro_rules! client_frames {
    ($($tag:literal => $name:ident { $($(#[$fmeta:meta])* $field:ident: $ty:ty,)* } $doc:literal)*) => {
        $(
            #[doc = $doc]
            #[derive(Clone, Debug, Deserialize, Serialize)]
            #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
            #[serde(deny_unknown_fields)]
            pub struct $name {
                /// Chosen by the client; the one reply carries it.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                #[cfg_attr(feature = "typescript", ts(optional))]
                pub id: Option<String>,
                $($(#[$fmeta])* pub $field: $ty,)*
            }
        )*

        /// A frame from a client. Unknown types and fields are refused by name.
        #[derive(Clone, Debug, Serialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        #[serde(tag = "type")]
        pub enum ClientFrame {
            $(#[doc = $doc] #[serde(rename = $tag)] $name($name),)*
        }

        impl ClientFrame {
            /// Every `type` a client may send.
            pub const TYPES: &[&str] = &[$($tag,)*];

            /// The frame's `type`.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$name(_) => $tag,)* }
            }

            /// The request id, when the client wants a reply.
            pub fn id(&self) -> Option<&str> {
                match self { $(Self::$name(frame) => frame.id.as_deref(),)* }
            }

            /// Reads the frame that `tag` names; `None` when there is no such type.
            pub(crate) fn read<'de, D: serde::Deserializer<'de>>(
                tag: &str,
                deserializer: D,
            ) -> Option<Result<Self, D::Error>> {
                match tag {
                    $($tag => Some($name::deserialize(deserializer).map(Self::$name)),)*
                    _ => None,
                }
            }
        }

        $(impl From<$name> for ClientFrame {
            fn from(frame: $name) -> Self { Self::$name(frame) }
        })*
    };
}

client_frames! {
    "hello" => Hello {
        /// Access token or API key; left out when the `Authorization` header had it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        token: Option<Token>,
        /// The program that connects.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        client: Option<ClientInfo>,
        /// Whether stream bytes may come as binary frames.
        #[serde(default)]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
        binary: bool,
    } "Opens the conversation, or renews the token of an open one."

    "join" => Join {
        /// The room's name.
        room: Slug,
        /// Resume: the last `seq` the client has. What follows it will be sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
        after: Option<u64>,
        /// Resume: the log's epoch that `after` belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        epoch: Option<String>,
        /// Without `after`, or when it cannot be honoured: begin this many events before the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
        tail: Option<u64>,
    } "Follows a room's log, presence and ephemeral messages."

    "leave" => Leave {
        /// The room to leave.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        room: Option<Slug>,
        /// The stream to stop reading.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        stream: Option<StreamId>,
    } "Stops following one room or one stream."

    "publish" => Publish {
        /// The room's name; joining it first is not needed.
        room: Slug,
        /// Idempotency key: a retry with the same key and content gets the first answer. The hub makes one where it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        key: Option<String>,
        /// What it is; `message` when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        kind: Option<String>,
        /// The content: any JSON value.
        #[cfg_attr(feature = "typescript", ts(type = "unknown"))]
        body: Box<RawValue>,
        /// Names addressed by it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<Slug>>"))]
        mentions: Vec<Slug>,
        /// The `seq` it answers to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
        reply_to: Option<u64>,
        /// Skip the log: only who is connected and keeps up sees it, once.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
        ephemeral: bool,
    } "Appends an event to a room's log. The `ok` means committed."

    "history" => History {
        /// The room's name.
        room: Slug,
        /// Events before this `seq`, the newest of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
        before: Option<u64>,
        /// Events after this `seq`, the oldest of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
        after: Option<u64>,
        /// At most this many, 500 at the most; 100 when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        limit: Option<u32>,
        /// Only events of these kinds.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<String>>"))]
        kinds: Vec<String>,
    } "Reads a page of a room's log; always ascending."

    "stream.open" => StreamOpen {
        /// The room it belongs to.
        room: Slug,
        /// Idempotency key: opening again with it finds the same stream and its length.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        key: Option<String>,
        /// The name to show, for instance the command.
        name: String,
        /// What it carries.
        #[serde(default)]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<StreamRole>"))]
        role: StreamRole,
        /// Its media type; `text/x-ansi` when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        media_type: Option<String>,
        /// The tool call it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        tool_call: Option<String>,
        /// The stream it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        parent: Option<StreamId>,
    } "Opens an output stream; the producer's connection holds its lease."

    "stream.append" => StreamAppend {
        /// The stream.
        stream: StreamId,
        /// Where these bytes begin. Bytes that are stored already are skipped, so resending is harmless.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        offset: u64,
        /// The bytes as text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        text: Option<String>,
        /// The bytes in base64 (RFC 4648, with padding).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        base64: Option<String>,
    } "Appends bytes to a stream. `stream.ack` tells how far it is durable."

    "stream.close" => StreamClose {
        /// The stream.
        stream: StreamId,
        /// Its final length; must equal what is stored.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        offset: u64,
        /// `completed`, `failed` or `cancelled`.
        outcome: StreamOutcome,
        /// The exit status of the tool.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        exit_code: Option<i32>,
        /// Anything worth keeping beside the bytes, for instance token usage.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "unknown"))]
        metadata: Option<Box<RawValue>>,
    } "Ends a stream."

    "stream.read" => StreamRead {
        /// The stream.
        stream: StreamId,
        /// Begin at this byte.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
        offset: Option<u64>,
        /// Or begin this many bytes before the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
        tail_bytes: Option<u64>,
        /// Go on as it grows, until it is closed or left. `true` when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        follow: Option<bool>,
    } "Reads a stream's bytes: `stream.data` frames, then `stream.closed` at its end."

    "cancel" => Cancel {
        /// The stream whose producer should stop.
        stream: StreamId,
        /// Why, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        reason: Option<String>,
    } "Asks a producer to stop; it is told now or when it returns."

    "presence" => Presence {
        /// `online`, `idle`, `running`, `waiting`, `error` or a word of your own.
        state: String,
        /// A short text beside it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        text: Option<String>,
    } "Says what this connection is doing, in every room it has joined."
}

/// A credential on its way in; never shown by `Debug`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(as = "String"))]
#[serde(transparent)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(***)")
    }
}

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

/// See [`ServerFrame::Welcome`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Welcome {
    /// The `id` of the `hello` it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub id: Option<String>,
    /// This connection.
    pub connection: ConnectionId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceRef,
    /// Who the hub takes you for.
    pub you: Sender,
    /// What you may do: `read`, `publish`, `stream`, `admin`.
    pub scopes: Vec<String>,
    /// The hub.
    pub server: ServerInfo,
    /// The hub pings this often; a socket silent for twice as long is closed.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub heartbeat_ms: u64,
    /// Sizes and counts.
    pub limits: Limits,
    /// Message quota of this connection.
    pub quota: Quota,
    /// When the token ends; renew it with `hello` before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub token_expires_at: Option<Timestamp>,
}

/// A workspace by id and names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct WorkspaceRef {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name in URLs.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
}

/// The hub that answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ServerInfo {
    /// Its version.
    pub version: String,
    /// Which node.
    pub node: String,
    /// Its clock.
    pub time: Timestamp,
}

/// Sizes and counts a client must keep to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Limits {
    /// Largest WebSocket message.
    pub max_frame_bytes: u32,
    /// Largest stream append.
    pub max_append_bytes: u32,
    /// Most rooms joined at a time.
    pub max_rooms: u32,
    /// Most streams read at a time.
    pub max_streams: u32,
    /// Requests that may wait for their reply before the hub stops reading.
    pub max_in_flight: u32,
}

/// Message quota of a connection: what the plan gives, and what is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quota {
    /// The plan it comes from.
    pub plan: String,
    /// Sustained rate.
    pub messages_per_second: u32,
    /// Messages at once.
    pub message_burst: u32,
    /// Sustained rate of payload bytes.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub bytes_per_second: u64,
    /// Payload bytes at once.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub byte_burst: u64,
    /// Messages in an hour, counted from the connection's first message.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub messages_per_hour: u64,
    /// Messages used in this hour.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub messages_this_hour: u64,
    /// When the hour ends and the count begins anew.
    pub hour_resets_at: Timestamp,
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
    /// Whether `after` was honoured. `false` on a first join, and when the epoch differs or `after` lies beyond the head: then read the history.
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

/// The `result` of `publish`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Published {
    /// The event's position in the room's log; left out for an ephemeral one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
    pub seq: Option<u64>,
    /// When the hub accepted it.
    pub time: Timestamp,
    /// Whether the key was used before, so that this is the first answer again.
    pub duplicate: bool,
}

/// The `result` of `history`, ascending by `seq`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryPage {
    /// The events.
    pub events: Vec<Event>,
    /// The newest `seq` of the room.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub head: u64,
    /// The log's epoch.
    pub epoch: String,
    /// Whether there are more in the direction asked for.
    pub more: bool,
}

/// The `result` of `stream.open`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StreamOpened {
    /// The stream.
    pub stream: StreamId,
    /// The `seq` of its `stream.opened` event.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub seq: u64,
    /// Go on from this byte: 0, or what an earlier life of the producer has stored.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub offset: u64,
    /// Whether the key was used before.
    pub duplicate: bool,
    /// For binary frames on this connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub handle: Option<u32>,
    /// Open, or how it ended.
    pub state: crate::StreamState,
}

/// The `result` of `stream.read`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StreamReading {
    /// The stream as it stands.
    pub info: StreamInfo,
    /// Bytes from here on follow.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub offset: u64,
    /// For binary frames on this connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub handle: Option<u32>,
}
