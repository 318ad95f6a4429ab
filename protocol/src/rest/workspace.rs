//! What an organization makes: workspaces, rooms, agents and their keys; and who is connected.

use crate::frame::Quota;
use crate::message::ClientInfo as Client;
use crate::{
    AgentId, ApiKeyId, ConnectionId, RoomId, Sender, Slug, Timestamp, UserId, WorkspaceId,
};
use serde::{Deserialize, Serialize};

/// Who may come into a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum WorkspaceAccess {
    /// Every member of the organization, with their role there.
    Everyone,
    /// Owners and admins of the organization, and the members who are listed.
    Listed,
}

bodies! {
    /// A workspace.
    answer Workspace {
        /// Id.
        id: WorkspaceId,
        /// Name in URLs.
        slug: Slug,
        /// Name for people.
        name: String,
        /// Who may come in.
        access: WorkspaceAccess,
        /// When it was made.
        created_at: Timestamp,
    }
    /// A person who is listed in a workspace. Owners and admins of the organization come in without.
    answer WorkspaceMember {
        /// Who.
        user: UserId,
        /// E-mail address.
        email: String,
        /// Name to show.
        name: String,
        /// What they are in this workspace: `admin`, `member` or `viewer`.
        role: String,
        /// Since when they are listed.
        added_at: Timestamp,
    }
    /// `PUT /workspaces/{workspace}/members/{user}`.
    request ListWorkspaceMember {
        /// What they are to be in this workspace: `admin`, `member` or `viewer`.
        role: String,
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
        /// Whether it is locked out: its keys are refused.
        disabled: bool,
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
    /// `PATCH /workspaces/{workspace}/agents/{agent}`. What is left out stays.
    request ChangeAgent {
        /// What it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        title: Option<String>,
        /// Whether its keys are refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        disabled: Option<bool>,
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
        /// The rooms it opens; a name that ends in `*` stands for all that begin so. Empty: every room.
        rooms: Vec<String>,
        /// When it was made.
        created_at: Timestamp,
        /// The person whose key it is: it never does more than they may at the moment. Keys that the operator made have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        created_by: Option<UserId>,
        /// Whether it is refused, because its agent is locked out or that person may no longer come in.
        suspended: bool,
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
        /// The rooms it opens, at most 100; a name that ends in `*` stands for all that begin so. Every room, when left out.
        #[serde(default)]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<String>>"))]
        rooms: Vec<String>,
        /// When it ends; never, when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        expires_at: Option<Timestamp>,
    }
    /// `POST /workspaces/{workspace}/keys/{key}/rotate`.
    request RotateApiKey {
        /// How long the old key goes on, in seconds: 86400 when left out, 2592000 at most, 0 to end it now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        overlap_seconds: Option<u32>,
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
}
