//! Bodies of the REST API, shared by the server, the Rust client and the command line.
//!
//! Paths stand in `docs/http-api.md` and in the served OpenAPI document. The room's log over HTTP
//! uses [`crate::frame`]'s results: `Published`, `HistoryPage`, `StreamOpened`.

use crate::frame::{CancelNotice, Quota};
use crate::message::ClientInfo as Client;
use crate::message::StreamRole;
use crate::{
    AgentId, ApiKeyId, ConnectionId, ErrorCode, OrganizationId, RoomId, Sender, Slug, StreamId,
    StreamInfo, StreamOutcome, Timestamp, UserId, WorkspaceId,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

macro_rules! bodies {
    ($($(#[$meta:meta])* $kind:ident $name:ident { $($(#[$fmeta:meta])* $field:ident: $ty:ty,)* })*) => {
        $(bodies!(@ $kind $(#[$meta])* $name { $($(#[$fmeta])* $field: $ty,)* });)*
    };
    (@ request $(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Serialize, Deserialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$fmeta])* pub $field: $ty,)* }
    };
    (@ answer $(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Serialize, Deserialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name { $($(#[$fmeta])* pub $field: $ty,)* }
    };
}

bodies! {
    /// `application/problem+json` (RFC 9457), with the code a program acts on.
    answer Problem {
        /// Where the code is explained: a path into the documentation.
        #[serde(rename = "type")]
        kind: String,
        /// The code in words.
        title: String,
        /// The HTTP status.
        status: u16,
        /// What a person acts on.
        detail: String,
        /// What a program acts on.
        #[cfg_attr(feature = "typescript", ts(as = "String"))]
        code: ErrorCode,
        /// Whether the same request may succeed later.
        retryable: bool,
        /// Not before this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
        retry_after_ms: Option<u64>,
        /// Facts that belong to the code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "unknown"))]
        details: Option<serde_json::Value>,
    }

    /// `GET /setup`: what a visitor without a session can do.
    answer SetupStatus {
        /// Whether the first administrator is still to be made, by the link in the start banner.
        setup_needed: bool,
        /// Whether anybody may register.
        registration_open: bool,
    }
    /// `POST /setup`: the first administrator, with an organization and a workspace.
    request Setup {
        /// The token of the one-time link.
        token: String,
        /// E-mail address.
        email: String,
        /// Name to show.
        name: String,
        /// 10 to 256 bytes.
        password: String,
        /// Name of the organization.
        organization: Slug,
        /// Name of its first workspace.
        workspace: Slug,
    }
    /// `POST /auth/register`.
    request Register {
        /// E-mail address.
        email: String,
        /// Name to show.
        name: String,
        /// 10 to 256 bytes.
        password: String,
        /// Name of the new organization; a workspace `main` is made in it.
        organization: Slug,
    }
    /// `POST /auth/login`.
    request Login {
        /// E-mail address.
        email: String,
        /// Password.
        password: String,
    }
    /// `POST /auth/refresh` and `/auth/logout`; without a token the cookie counts.
    request Refresh {
        /// The newest refresh token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        refresh_token: Option<String>,
    }
    /// A signed-in session. The refresh token is also set as an HttpOnly cookie.
    answer Session {
        /// Bearer token for the API and `hello`.
        access_token: String,
        /// When the access token ends.
        expires_at: Timestamp,
        /// Makes the next session, once.
        refresh_token: String,
        /// Who is signed in.
        user: User,
    }
    /// A person.
    answer User {
        /// Id.
        id: UserId,
        /// E-mail address.
        email: String,
        /// Name to show.
        name: String,
    }
    /// `GET /me`: who asks, and what they can reach.
    answer Me {
        /// Person or agent.
        you: Sender,
        /// A person's e-mail address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        email: Option<String>,
        /// Organizations with their workspaces.
        organizations: Vec<Organization>,
    }
    /// An organization as a member sees it.
    answer Organization {
        /// Id.
        id: OrganizationId,
        /// Name in URLs.
        slug: Slug,
        /// Name for people.
        name: String,
        /// Plan.
        plan: String,
        /// The asker's role: owner, admin, member or viewer (an agent: `agent`).
        role: String,
        /// Its workspaces.
        workspaces: Vec<Workspace>,
    }
    /// A workspace.
    answer Workspace {
        /// Id.
        id: WorkspaceId,
        /// Name in URLs.
        slug: Slug,
        /// Name for people.
        name: String,
        /// When it was made.
        created_at: Timestamp,
    }
    /// `POST /organizations/{organization}/workspaces`.
    request NewWorkspace {
        /// Name in URLs.
        slug: Slug,
        /// Name for people; the slug when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        name: Option<String>,
    }
    /// A room.
    answer Room {
        /// Id.
        id: RoomId,
        /// Name.
        name: Slug,
        /// What it is about.
        topic: String,
        /// The newest `seq` of its log.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        head: u64,
        /// The log's epoch.
        epoch: String,
        /// When the newest event came.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        last_at: Option<Timestamp>,
        /// Connections in it on this node.
        members: u32,
        /// Streams being written.
        open_streams: u32,
        /// When it was made.
        created_at: Timestamp,
    }
    /// `POST /workspaces/{workspace}/rooms`.
    request NewRoom {
        /// Name.
        name: Slug,
        /// What it is about.
        #[serde(default)]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<String>"))]
        topic: String,
    }
    /// A program of a workspace.
    answer Agent {
        /// Id.
        id: AgentId,
        /// Name, by which it is mentioned.
        name: Slug,
        /// What it is for.
        title: String,
        /// When it was made.
        created_at: Timestamp,
    }
    /// `POST /workspaces/{workspace}/agents`.
    request NewAgent {
        /// Name, by which it is mentioned.
        name: Slug,
        /// What it is for.
        #[serde(default)]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<String>"))]
        title: String,
    }
    /// An API key, without its secret.
    answer ApiKey {
        /// Id.
        id: ApiKeyId,
        /// The agent it speaks for.
        agent: Slug,
        /// Name for people.
        name: String,
        /// How the key begins, to tell keys apart.
        prefix: String,
        /// `read`, `publish`, `stream`, `admin`.
        scopes: Vec<String>,
        /// When it was made.
        created_at: Timestamp,
        /// When it ends.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        expires_at: Option<Timestamp>,
        /// When it was last used, to the minute.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        last_used_at: Option<Timestamp>,
    }
    /// `POST /workspaces/{workspace}/keys`.
    request NewApiKey {
        /// The agent it speaks for; made when there is none of that name.
        agent: Slug,
        /// Name for people.
        #[serde(default)]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<String>"))]
        name: String,
        /// `read`, `publish`, `stream` when left out.
        #[serde(default)]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<String>>"))]
        scopes: Vec<String>,
        /// When it ends; never, when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        expires_at: Option<Timestamp>,
    }
    /// A new API key: the only time its secret is shown.
    answer NewApiKeySecret {
        /// The key as listed.
        key: ApiKey,
        /// The key itself.
        secret: String,
    }
    /// A live connection, `GET /workspaces/{workspace}/connections`.
    answer Connection {
        /// Id.
        id: ConnectionId,
        /// Who is connected.
        sender: Sender,
        /// The program, as given in `hello`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        client: Option<Client>,
        /// Peer address.
        address: String,
        /// Since when.
        connected_at: Timestamp,
        /// Rooms joined.
        rooms: u32,
        /// Streams being read.
        streams: u32,
        /// Messages received from it.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        messages_received: u64,
        /// Payload bytes received from it.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        bytes_received: u64,
        /// Frames sent to it.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        frames_sent: u64,
        /// Requests refused by its quota.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        rejected: u64,
        /// Its message quota.
        quota: Quota,
    }
    /// `POST /workspaces/{workspace}/rooms/{room}/events`. The key may also come as header `Idempotency-Key`.
    request NewEvent {
        /// Idempotency key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        key: Option<String>,
        /// What it is; `message` when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        kind: Option<String>,
        /// The content: any JSON value.
        #[cfg_attr(feature = "typescript", ts(type = "unknown"))]
        #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
        body: Box<RawValue>,
        /// Names addressed by it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<Slug>>"))]
        mentions: Vec<Slug>,
        /// The `seq` it answers to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
        reply_to: Option<u64>,
    }
    /// `POST /workspaces/{workspace}/rooms/{room}/streams`. The key may also come as header `Idempotency-Key`.
    request NewStream {
        /// Idempotency key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        key: Option<String>,
        /// The name to show.
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
    }
    /// `GET /workspaces/{workspace}/rooms/{room}/streams`, the newest first.
    answer StreamPage {
        /// The streams.
        streams: Vec<StreamInfo>,
        /// Whether there are older ones.
        more: bool,
    }
    /// The answer to an append over HTTP.
    answer Appended {
        /// Everything before this byte is committed.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        offset: u64,
        /// Somebody asks the producer to stop.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        cancel: Option<CancelNotice>,
    }
    /// `POST /workspaces/{workspace}/streams/{stream}/close`.
    request CloseStream {
        /// Its final length.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        offset: u64,
        /// `completed`, `failed` or `cancelled`.
        outcome: StreamOutcome,
        /// The exit status of the tool.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        exit_code: Option<i32>,
    }
    /// `POST /workspaces/{workspace}/streams/{stream}/cancel`.
    request CancelStream {
        /// Why, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        reason: Option<String>,
    }
    /// `GET /readyz`.
    answer Readiness {
        /// `ok` or `unavailable`.
        status: String,
        /// Version of the hub.
        version: String,
        /// Which node.
        node: String,
        /// Whether it is draining.
        draining: bool,
        /// Whether the store answers.
        store: bool,
    }
}
