//! The hub's first frame: who is who, and what holds between them.

use crate::{ConnectionId, Sender, Slug, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};

/// The answer to `hello`: who is who, and what holds on this connection.
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
