//! What an organization makes: workspaces, rooms, agents and their keys; and who is connected.

use crate::frame::Quota;
use crate::message::ClientInfo as Client;
use crate::{AgentId, ApiKeyId, ConnectionId, RoomId, Sender, Slug, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};

bodies! {
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
}
