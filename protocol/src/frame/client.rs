//! What a client may say.

use crate::message::{ClientInfo, StreamRole};
use crate::{Slug, StreamId, StreamOutcome};
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
