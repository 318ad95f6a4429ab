// Generated from the Rust crate `protocol`; to refresh it:
// GENERIC_CORP_REFRESH=1 cargo test -p generic-corp-protocol --features typescript

import type { ClientInfo, ConnectionId, Quota, Sender, Slug, Timestamp, WorkspaceId } from "../protocol.js";

/** Who may come into a workspace. */
export type WorkspaceAccess = "everyone" | "listed";

/** A workspace. */
export type Workspace = {
  /** Id. */
  id: WorkspaceId,
  /** Name in URLs. */
  slug: Slug,
  /** Name for people. */
  name: string,
  /** Who may come in. */
  access: WorkspaceAccess,
  /** When it was made. */
  created_at: Timestamp,
};

/** `POST /organizations/{organization}/workspaces`. */
export type NewWorkspace = {
  /** Name in URLs. */
  slug: Slug,
  /** Name for people; the slug when left out. */
  name?: string,
};

/** `PATCH /workspaces/{workspace}`. What is left out stays. */
export type ChangeWorkspace = {
  /** Name for people. */
  name?: string,
  /** Who may come in. */
  access?: WorkspaceAccess,
};

/** A person. */
export type UserId = string;

/** A person who is listed in a workspace. Owners and admins of the organization come in without. */
export type WorkspaceMember = {
  /** Who. */
  user: UserId,
  /** E-mail address. */
  email: string,
  /** Name to show. */
  name: string,
  /** What they are in this workspace: `admin`, `member` or `viewer`. */
  role: string,
  /** Since when they are listed. */
  added_at: Timestamp,
};

/** `PUT /workspaces/{workspace}/members/{user}`. */
export type ListWorkspaceMember = {
  /** What they are to be in this workspace: `admin`, `member` or `viewer`. */
  role: string,
};

/** A room inside a workspace. On the wire rooms go by their name. */
export type RoomId = string;

/** A room. */
export type Room = {
  /** Id. */
  id: RoomId,
  /** Name. */
  name: Slug,
  /** What it is about. */
  topic: string,
  /** The newest `seq` of its log. */
  head: number,
  /** The log's epoch. */
  epoch: string,
  /** When the newest event came. */
  last_at?: Timestamp,
  /** Connections in it on this node. */
  members: number,
  /** Streams being written. */
  open_streams: number,
  /** When it was made. */
  created_at: Timestamp,
};

/** `POST /workspaces/{workspace}/rooms`. */
export type NewRoom = {
  /** Name. */
  name: Slug,
  /** What it is about. */
  topic?: string,
};

/** A program that connects by API key. */
export type AgentId = string;

/** A program of a workspace. */
export type Agent = {
  /** Id. */
  id: AgentId,
  /** Name, by which it is mentioned. */
  name: Slug,
  /** What it is for. */
  title: string,
  /** Whether it is locked out: its keys are refused. */
  disabled: boolean,
  /** When it was made. */
  created_at: Timestamp,
};

/** `POST /workspaces/{workspace}/agents`. */
export type NewAgent = {
  /** Name, by which it is mentioned. */
  name: Slug,
  /** What it is for. */
  title?: string,
};

/** `PATCH /workspaces/{workspace}/agents/{agent}`. What is left out stays. */
export type ChangeAgent = {
  /** What it is for. */
  title?: string,
  /** Whether its keys are refused. */
  disabled?: boolean,
};

/** An API key, the public part. */
export type ApiKeyId = string;

/** An API key, without its secret. */
export type ApiKey = {
  /** Id. */
  id: ApiKeyId,
  /** The agent it speaks for. */
  agent: Slug,
  /** Name for people. */
  name: string,
  /** How the key begins, to tell keys apart. */
  prefix: string,
  /** `read`, `publish`, `stream`, `admin`. */
  scopes: Array<string>,
  /** The rooms it opens; a name that ends in `*` stands for all that begin so. Empty: every room. */
  rooms: Array<string>,
  /** When it was made. */
  created_at: Timestamp,
  /** The person whose key it is: it never does more than they may at the moment. Keys that the operator made have none. */
  created_by?: UserId,
  /** Whether it is refused, because its agent is locked out or that person may no longer come in. */
  suspended: boolean,
  /** When it ends. */
  expires_at?: Timestamp,
  /** When it was last used, to the minute. */
  last_used_at?: Timestamp,
};

/** `POST /workspaces/{workspace}/keys`. */
export type NewApiKey = {
  /** The agent it speaks for; made when there is none of that name. */
  agent: Slug,
  /** Name for people. */
  name?: string,
  /** `read`, `publish`, `stream` when left out. */
  scopes?: Array<string>,
  /** The rooms it opens, at most 100; a name that ends in `*` stands for all that begin so. Every room, when left out. */
  rooms?: Array<string>,
  /** When it ends; never, when left out. */
  expires_at?: Timestamp,
};

/** A new API key: the only time its secret is shown. */
export type NewApiKeySecret = {
  /** The key as listed. */
  key: ApiKey,
  /** The key itself. */
  secret: string,
};

/** `POST /workspaces/{workspace}/keys/{key}/rotate`. */
export type RotateApiKey = {
  /** How long the old key goes on, in seconds: 86400 when left out, 2592000 at most, 0 to end it now. */
  overlap_seconds?: number,
};

/** A live connection, `GET /workspaces/{workspace}/connections`. */
export type Connection = {
  /** Id. */
  id: ConnectionId,
  /** Who is connected. */
  sender: Sender,
  /** The program, as given in `hello`. */
  client?: ClientInfo,
  /** Peer address. */
  address: string,
  /** Since when. */
  connected_at: Timestamp,
  /** Rooms joined. */
  rooms: number,
  /** Streams being read. */
  streams: number,
  /** Messages received from it. */
  messages_received: number,
  /** Payload bytes received from it. */
  bytes_received: number,
  /** Frames sent to it. */
  frames_sent: number,
  /** Requests refused by its quota. */
  rejected: number,
  /** Its message quota. */
  quota: Quota,
};
