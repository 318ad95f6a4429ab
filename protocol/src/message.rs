//! What is in a room's log and around it: events, members, streams.

use crate::{ConnectionId, Slug, StreamId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What kind of principal did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SenderKind {
    /// A person.
    User,
    /// A program with an API key.
    Agent,
    /// The hub itself.
    System,
}

/// Who did something: kind, id and the name at that time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sender {
    /// Person, agent or the hub.
    pub kind: SenderKind,
    /// The principal's id.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub id: uuid::Uuid,
    /// The name to show.
    pub name: String,
}

impl Sender {
    /// A person.
    pub fn user(id: crate::UserId, name: impl Into<String>) -> Self {
        Self {
            kind: SenderKind::User,
            id: id.0,
            name: name.into(),
        }
    }

    /// The hub itself, or who acts by its own commands.
    pub fn system(name: &str) -> Self {
        Self {
            kind: SenderKind::System,
            id: uuid::Uuid::nil(),
            name: name.to_owned(),
        }
    }
}

/// One entry of a room's log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// The room's name.
    pub room: Slug,
    /// The position in the room's log: 1, 2, 3… without gaps.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub seq: u64,
    /// When the hub accepted it.
    pub time: Timestamp,
    /// Who sent it.
    pub sender: Sender,
    /// What it is: `message` for chat, `stream.opened` and `stream.closed` by the hub, else the sender's own.
    pub kind: String,
    /// The content, any JSON value; for `message` an object with `text` or A2A `parts`.
    #[cfg_attr(feature = "typescript", ts(type = "unknown"))]
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    pub body: Box<RawValue>,
    /// The idempotency key it was sent with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub key: Option<String>,
    /// Names addressed by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<Slug>>"))]
    pub mentions: Vec<Slug>,
    /// The `seq` it answers to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
    pub reply_to: Option<u64>,
}

/// A connection that is in a room, as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// The connection.
    pub connection: ConnectionId,
    /// Who is connected.
    pub sender: Sender,
    /// What it says it is doing: `online`, `idle`, `running`, `waiting`, `error` or its own word.
    pub state: String,
    /// A short text beside the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub text: Option<String>,
    /// The program, as given in `hello`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub client: Option<ClientInfo>,
    /// Since when it is in the room.
    pub since: Timestamp,
}

/// Name and version of a client program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ClientInfo {
    /// For instance `deploy-bot`.
    pub name: String,
    /// For instance `1.4.0`.
    pub version: String,
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StreamOutcome {
    /// The producer finished.
    Completed,
    /// The producer finished with an error.
    Failed,
    /// It was stopped on request.
    Cancelled,
    /// The producer went away and did not return in time; only the hub says so.
    Interrupted,
}

/// Where a stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StreamState {
    /// Still being written.
    Open,
    /// See [`StreamOutcome::Completed`].
    Completed,
    /// See [`StreamOutcome::Failed`].
    Failed,
    /// See [`StreamOutcome::Cancelled`].
    Cancelled,
    /// See [`StreamOutcome::Interrupted`].
    Interrupted,
}

impl From<StreamOutcome> for StreamState {
    fn from(outcome: StreamOutcome) -> Self {
        match outcome {
            StreamOutcome::Completed => Self::Completed,
            StreamOutcome::Failed => Self::Failed,
            StreamOutcome::Cancelled => Self::Cancelled,
            StreamOutcome::Interrupted => Self::Interrupted,
        }
    }
}

impl StreamState {
    /// The outcome, once there is one.
    pub fn outcome(self) -> Option<StreamOutcome> {
        Some(match self {
            Self::Open => return None,
            Self::Completed => StreamOutcome::Completed,
            Self::Failed => StreamOutcome::Failed,
            Self::Cancelled => StreamOutcome::Cancelled,
            Self::Interrupted => StreamOutcome::Interrupted,
        })
    }

    /// The word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    /// The state that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Open,
            Self::Completed,
            Self::Failed,
            Self::Cancelled,
            Self::Interrupted,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
    }
}

/// What a stream carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StreamRole {
    /// An answer in the making.
    Text,
    /// Thinking.
    Reasoning,
    /// Arguments of a tool call.
    Args,
    /// What a tool prints.
    #[default]
    Stdout,
    /// What a tool prints on its error channel.
    Stderr,
    /// A file.
    File,
    /// Anything else.
    Data,
}

/// A stream and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StreamInfo {
    /// The stream.
    pub stream: StreamId,
    /// The room it was opened in.
    pub room: Slug,
    /// The name to show, for instance the command.
    pub name: String,
    /// What it carries.
    pub role: StreamRole,
    /// Its media type, for instance `text/x-ansi`.
    pub media_type: String,
    /// The tool call it belongs to, in the producer's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub tool_call: Option<String>,
    /// The stream it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub parent: Option<StreamId>,
    /// Who writes it.
    pub sender: Sender,
    /// Open, or how it ended.
    pub state: StreamState,
    /// Bytes stored.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub length: u64,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The `seq` of its `stream.opened` event.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub opened_seq: u64,
    /// When it was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub closed_at: Option<Timestamp>,
    /// The exit status given at the close.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub exit_code: Option<i32>,
}
