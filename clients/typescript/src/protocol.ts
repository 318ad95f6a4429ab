// Generated from the Rust crate `protocol`; to refresh it:
// GENERIC_CORP_REFRESH=1 cargo test -p generic-corp-protocol --features typescript

export type * from "./rest/workspace.js";
export type * from "./rest/log.js";
export type * from "./rest/organization.js";
export type * from "./rest/usage.js";
export type * from "./rest/account.js";
export type * from "./rest/hub.js";

export const SUBPROTOCOL = "generic-corp.v1";
export const MAX_APPEND_BYTES = 49152;
export const MAX_HISTORY_PAGE = 500;
export const MAX_IN_FLIGHT = 128;

/** Why the hub ended a connection, and whether a client should connect again by itself. */
export const CLOSE_CODES: Record<number, { reason: string; reconnect: boolean }> = {
  1000: { reason: "closed by the client", reconnect: false },
  1002: { reason: "WebSocket protocol error", reconnect: false },
  1007: { reason: "text is not UTF-8", reconnect: false },
  1009: { reason: "message too large; use a stream", reconnect: false },
  1011: { reason: "internal error", reconnect: true },
  1012: { reason: "the hub restarts; reconnect and resume", reconnect: true },
  1013: { reason: "the hub is overloaded; try again later", reconnect: true },
  4400: { reason: "too many malformed frames", reconnect: false },
  4401: { reason: "no valid token; sign in again", reconnect: false },
  4403: { reason: "access was withdrawn", reconnect: false },
  4408: { reason: "no sign of life in time", reconnect: true },
  4409: { reason: "too many connections", reconnect: false },
  4410: { reason: "ended by an administrator", reconnect: false },
  4429: { reason: "rate limit ignored", reconnect: true },
  4430: { reason: "no progress in reading; reconnect and resume", reconnect: true },
};

/** An output stream inside a room. */
export type StreamId = string;

/** Asks a producer to stop; it is told now or when it returns. */
export type Cancel = {
  /** Chosen by the client; the one reply carries it. */
  id?: string,
  /** The stream whose producer should stop. */
  stream: StreamId,
  /** Why, for people. */
  reason?: string,
};

/** Name and version of a client program. */
export type ClientInfo = {
  /** For instance `deploy-bot`. */
  name: string,
  /** For instance `1.4.0`. */
  version: string,
};

/** A credential on its way in; never shown by `Debug`. */
export type Token = string;

/** Opens the conversation, or renews the token of an open one. */
export type Hello = {
  /** Chosen by the client; the one reply carries it. */
  id?: string,
  /** Access token or API key; left out when the `Authorization` header had it. */
  token?: Token,
  /** The program that connects. */
  client?: ClientInfo,
  /** Whether stream bytes may come as binary frames. */
  binary?: boolean,
};

/** A name of 1 to 64 characters: `a`–`z`, `0`–`9`, `-`, `_` and `.`, beginning with a letter or digit. */
export type Slug = string;

/** Reads a page of a room's log; always ascending. */
export type History = {
  /** Chosen by the client; the one reply carries it. */
  id?: string,
  /** The room's name. */
  room: Slug,
  /** Events before this `seq`, the newest of them. */
  before?: number,
  /** Events after this `seq`, the oldest of them. */
  after?: number,
  /** At most this many, 500 at the most; 100 when left out. */
  limit?: number,
  /** Only events of these kinds. */
  kinds?: Array<string>,
};

/** Follows a room's log, presence and ephemeral messages. */
export type Join = {
  /** Chosen by the client; the one reply carries it. */
  id?: string,
  /** The room's name. */
  room: Slug,
  /** Resume: the last `seq` the client has. What follows it will be sent. */
  after?: number,
  /** Resume: the log's epoch that `after` belongs to. */
  epoch?: string,
  /** Without `after`, or when it cannot be honoured: begin this many events before the end. */
  tail?: number,
};

/** Stops following one room or one stream. */
export type Leave = {
  /** Chosen by the client; the one reply carries it. */
  id?: string,
  /** The room to leave. */
  room?: Slug,
  /** The stream to stop reading. */
  stream?: StreamId,
};

/** Says what this connection is doing, in every room it has joined. */
export type Presence = {
  /** Chosen by the client; the one reply carries it. */
  id?: string,
  /** `online`, `idle`, `running`, `waiting`, `error` or a word of your own. */
  state: string,
  /** A short text beside it. */
  text?: string,
};

/** Appends an event to a room's log. The `ok` means committed. */
export type Publish = {
  /** Chosen by the client; the one reply carries it. */
  id?: string,
  /** The room's name; joining it first is not needed. */
  room: Slug,
  /** Idempotency key: a retry with the same key and content gets the first answer. The hub makes one where it is missing. */
  key?: string,
  /** What it is; `message` when left out. */
  kind?: string,
  /** The content: any JSON value. */
  body: unknown,
  /** Names addressed by it. */
  mentions?: Array<Slug>,
  /** The `seq` it answers to. */
  reply_to?: number,
  /** Skip the log: only who is connected and keeps up sees it, once. */
  ephemeral?: boolean,
};

/** Appends bytes to a stream. `stream.ack` tells how far it is durable. */
export type StreamAppend = {
  /** Chosen by the client; the one reply carries it. */
  id?: string,
  /** The stream. */
  stream: StreamId,
  /** Where these bytes begin. Bytes that are stored already are skipped, so resending is harmless. */
  offset: number,
  /** The bytes as text. */
  text?: string,
  /** The bytes in base64 (RFC 4648, with padding). */
  base64?: string,
};

/** How a stream ended. */
export type StreamOutcome = "completed" | "failed" | "cancelled" | "interrupted";

/** Ends a stream. */
export type StreamClose = {
  /** Chosen by the client; the one reply carries it. */
  id?: string,
  /** The stream. */
  stream: StreamId,
  /** Its final length; must equal what is stored. */
  offset: number,
  /** `completed`, `failed` or `cancelled`. */
  outcome: StreamOutcome,
  /** The exit status of the tool. */
  exit_code?: number,
  /** Anything worth keeping beside the bytes, for instance token usage. */
  metadata?: unknown,
};

/** What a stream carries. */
export type StreamRole = "text" | "reasoning" | "args" | "stdout" | "stderr" | "file" | "data";

/** Opens an output stream; the producer's connection holds its lease. */
export type StreamOpen = {
  /** Chosen by the client; the one reply carries it. */
  id?: string,
  /** The room it belongs to. */
  room: Slug,
  /** Idempotency key: opening again with it finds the same stream and its length. */
  key?: string,
  /** The name to show, for instance the command. */
  name: string,
  /** What it carries. */
  role?: StreamRole,
  /** Its media type; `text/x-ansi` when left out. */
  media_type?: string,
  /** The tool call it belongs to. */
  tool_call?: string,
  /** The stream it belongs to. */
  parent?: StreamId,
};

/** Reads a stream's bytes: `stream.data` frames, then `stream.closed` at its end. */
export type StreamRead = {
  /** Chosen by the client; the one reply carries it. */
  id?: string,
  /** The stream. */
  stream: StreamId,
  /** Begin at this byte. */
  offset?: number,
  /** Or begin this many bytes before the end. */
  tail_bytes?: number,
  /** Go on as it grows, until it is closed or left. `true` when left out. */
  follow?: boolean,
};

/** A frame from a client. Unknown types and fields are refused by name. */
export type ClientFrame = { "type": "hello" } & Hello | { "type": "join" } & Join | { "type": "leave" } & Leave | { "type": "publish" } & Publish | { "type": "history" } & History | { "type": "stream.open" } & StreamOpen | { "type": "stream.append" } & StreamAppend | { "type": "stream.close" } & StreamClose | { "type": "stream.read" } & StreamRead | { "type": "cancel" } & Cancel | { "type": "presence" } & Presence;

/** What kind of principal did something. */
export type SenderKind = "user" | "agent" | "system";

/** Who did something: kind, id and the name at that time. */
export type Sender = {
  /** Person, agent or the hub. */
  kind: SenderKind,
  /** The principal's id. */
  id: string,
  /** The name to show. */
  name: string,
};

/** See [`ServerFrame::Cancel`]. */
export type CancelNotice = {
  /** The stream to stop. */
  stream: StreamId,
  /** Who asks. */
  by: Sender,
  /** Why. */
  reason?: string,
};

/** A moment, in milliseconds since 1970-01-01T00:00:00Z. */
export type Timestamp = string;

/** See [`ServerFrame::Ephemeral`]. */
export type Ephemeral = {
  /** The room's name. */
  room: Slug,
  /** When the hub took it. */
  time: Timestamp,
  /** Who sent it. */
  sender: Sender,
  /** What it is. */
  kind: string,
  /** The content. */
  body: unknown,
};

/** One entry of a room's log. */
export type Event = {
  /** The room's name. */
  room: Slug,
  /** The position in the room's log: 1, 2, 3… without gaps. */
  seq: number,
  /** When the hub accepted it. */
  time: Timestamp,
  /** Who sent it. */
  sender: Sender,
  /** What it is: `message` for chat, `stream.opened` and `stream.closed` by the hub, else the sender's own. */
  kind: string,
  /** The content, any JSON value; for `message` an object with `text` or A2A `parts`. */
  body: unknown,
  /** The idempotency key it was sent with. */
  key?: string,
  /** Names addressed by it. */
  mentions?: Array<Slug>,
  /** The `seq` it answers to. */
  reply_to?: number,
};

/** See [`ServerFrame::Error`]. */
export type Failure = {
  /** The request's `id`, when it had one that could be read. */
  id?: string,
  /** What a program acts on. */
  code: string,
  /** What a person acts on. */
  message: string,
  /** Whether the same request may succeed later. */
  retryable: boolean,
  /** Not before this. */
  retry_after_ms?: number,
  /** Facts that belong to the code, for instance `length` with `stream_offset`. */
  details?: unknown,
};

/** See [`ServerFrame::Goaway`]. */
export type Goaway = {
  /** Why, for people. */
  reason: string,
  /** This client's slot: reconnect not before. */
  reconnect_after_ms: number,
};

/** One authenticated socket's life. */
export type ConnectionId = string;

/** A connection that is in a room, as others see it. */
export type Member = {
  /** The connection. */
  connection: ConnectionId,
  /** Who is connected. */
  sender: Sender,
  /** What it says it is doing: `online`, `idle`, `running`, `waiting`, `error` or its own word. */
  state: string,
  /** A short text beside the state. */
  text?: string,
  /** The program, as given in `hello`. */
  client?: ClientInfo,
  /** Since when it is in the room. */
  since: Timestamp,
};

/** Where a stream stands. */
export type StreamState = "open" | "completed" | "failed" | "cancelled" | "interrupted";

/** A stream and where it stands. */
export type StreamInfo = {
  /** The stream. */
  stream: StreamId,
  /** The room it was opened in. */
  room: Slug,
  /** The name to show, for instance the command. */
  name: string,
  /** What it carries. */
  role: StreamRole,
  /** Its media type, for instance `text/x-ansi`. */
  media_type: string,
  /** The tool call it belongs to, in the producer's own words. */
  tool_call?: string,
  /** The stream it belongs to. */
  parent?: StreamId,
  /** Who writes it. */
  sender: Sender,
  /** Open, or how it ended. */
  state: StreamState,
  /** Bytes stored. */
  length: number,
  /** When it was opened. */
  opened_at: Timestamp,
  /** The `seq` of its `stream.opened` event. */
  opened_seq: number,
  /** When it was closed. */
  closed_at?: Timestamp,
  /** The exit status given at the close. */
  exit_code?: number,
};

/** See [`ServerFrame::Joined`]. */
export type Joined = {
  /** The `id` of the `join` it answers. */
  id?: string,
  /** The room's name. */
  room: Slug,
  /** The newest `seq`; 0 in an empty room. */
  head: number,
  /** The log's epoch; give it back with `after`. */
  epoch: string,
  /** Events after this `seq` follow. */
  after: number,
  /** Whether `after` was honoured. `false` on a first join, and when the epoch differs, `after` lies beyond the head, or events after it were removed: then read the history. */
  recovered: boolean,
  /** Who is in the room; empty when there are more than [`crate::limit::MAX_MEMBERS_SHOWN`]. */
  members: Array<Member>,
  /** How many connections are in the room. */
  member_count: number,
  /** Streams being written now. */
  streams: Array<StreamInfo>,
};

/** See [`ServerFrame::Ok`]. */
export type Okay = {
  /** The request's `id`. */
  id: string,
  /** What it asked for; see each request in `docs/protocol.md`. */
  result?: unknown,
};

/** See [`ServerFrame::Presence`]. */
export type PresenceChange = {
  /** The room's name. */
  room: Slug,
  /** Whether `changed` is everyone, to replace what the client holds. */
  full?: boolean,
  /** Who came or changed. */
  changed: Array<Member>,
  /** Connections that went. */
  left: Array<ConnectionId>,
  /** How many connections are in the room now. Beyond [`crate::limit::MAX_MEMBERS_SHOWN`] only this is told. */
  member_count: number,
};

/** See [`ServerFrame::Reset`]. */
export type Reset = {
  /** The room, when its cursor was reset. */
  room?: Slug,
  /** The stream, when its cursor was reset. */
  stream?: StreamId,
  /** Why, for people. */
  reason: string,
  /** What follows comes after this `seq` or begins at this byte. */
  position: number,
  /** The log's epoch from here on. */
  epoch?: string,
};

/** See [`ServerFrame::StreamAck`]. */
export type StreamAck = {
  /** The stream. */
  stream: StreamId,
  /** Everything before this byte is committed. */
  offset: number,
};

/** See [`ServerFrame::StreamClosed`]. */
export type StreamClosed = {
  /** The stream. */
  stream: StreamId,
  /** Its final length. */
  offset: number,
  /** How it ended. */
  outcome: StreamOutcome,
  /** The exit status, where one was given. */
  exit_code?: number,
};

/** See [`ServerFrame::StreamData`]. */
export type StreamData = {
  /** The stream. */
  stream: StreamId,
  /** Where these bytes begin. */
  offset: number,
  /** The bytes, where they are UTF-8. */
  text?: string,
  /** The bytes in base64, where they are not (a character may be cut by the end of a chunk). */
  base64?: string,
};

/** How near a limit is. */
export type UsageLevel = "info" | "warn" | "over" | "hard";

/** See [`ServerFrame::Usage`]. */
export type Usage = {
  /** How near. */
  level: UsageLevel,
  /** What is counted, for instance `messages_per_hour`. */
  meter: string,
  /** How much is used. */
  used: number,
  /** How much there is. */
  limit: number,
  /** When the count begins anew. */
  resets_at: Timestamp,
};

/** Sizes and counts a client must keep to. */
export type Limits = {
  /** Largest WebSocket message. */
  max_frame_bytes: number,
  /** Largest stream append. */
  max_append_bytes: number,
  /** Most rooms joined at a time. */
  max_rooms: number,
  /** Most streams read at a time. */
  max_streams: number,
  /** Requests that may wait for their reply before the hub stops reading. */
  max_in_flight: number,
};

/** Message quota of a connection: what the plan gives, and what is used. */
export type Quota = {
  /** The plan it comes from. */
  plan: string,
  /** Sustained rate. */
  messages_per_second: number,
  /** Messages at once. */
  message_burst: number,
  /** Sustained rate of payload bytes. */
  bytes_per_second: number,
  /** Payload bytes at once. */
  byte_burst: number,
  /** Messages in an hour, counted from the connection's first message. */
  messages_per_hour: number,
  /** Messages used in this hour. */
  messages_this_hour: number,
  /** When the hour ends and the count begins anew. */
  hour_resets_at: Timestamp,
};

/** The hub that answers. */
export type ServerInfo = {
  /** Its version. */
  version: string,
  /** Which node. */
  node: string,
  /** Its clock. */
  time: Timestamp,
};

/** A space inside an organization; a connection belongs to exactly one. */
export type WorkspaceId = string;

/** A workspace by id and names. */
export type WorkspaceRef = {
  /** Its id. */
  id: WorkspaceId,
  /** Its name in URLs. */
  slug: Slug,
  /** Its name for people. */
  name: string,
};

/** The answer to `hello`: who is who, and what holds on this connection. */
export type Welcome = {
  /** The `id` of the `hello` it answers. */
  id?: string,
  /** This connection. */
  connection: ConnectionId,
  /** The workspace it belongs to. */
  workspace: WorkspaceRef,
  /** Who the hub takes you for. */
  you: Sender,
  /** What you may do: `read`, `publish`, `stream`, `admin`. */
  scopes: Array<string>,
  /** The hub. */
  server: ServerInfo,
  /** The hub pings this often; a socket silent for twice as long is closed. */
  heartbeat_ms: number,
  /** Sizes and counts. */
  limits: Limits,
  /** Message quota of this connection. */
  quota: Quota,
  /** When the token ends; renew it with `hello` before. */
  token_expires_at?: Timestamp,
};

/** A frame from the hub. A client ignores types and fields it does not know. */
export type ServerFrame = { "type": "welcome" } & Welcome | { "type": "joined" } & Joined | { "type": "ok" } & Okay | { "type": "error" } & Failure | { "type": "ephemeral" } & Ephemeral | { "type": "stream.data" } & StreamData | { "type": "stream.ack" } & StreamAck | { "type": "stream.closed" } & StreamClosed | { "type": "cancel" } & CancelNotice | { "type": "presence" } & PresenceChange | { "type": "usage" } & Usage | { "type": "reset" } & Reset | { "type": "goaway" } & Goaway | { "type": "event" } & Event;

/** Why a request failed; the connection lives on. The same codes are used over HTTP. */
export type ErrorCode = "invalid_json" | "invalid_frame" | "unknown_type" | "unknown_field" | "invalid" | "conflict" | "idempotency_conflict" | "unauthenticated" | "invalid_token" | "token_expired" | "invalid_credentials" | "forbidden" | "origin_not_allowed" | "not_found" | "method_not_allowed" | "timeout" | "too_large" | "unsupported_media_type" | "range_not_satisfiable" | "stream_offset" | "stream_closed" | "limit_reached" | "rate_limited" | "quota_exceeded" | "unsupported" | "overloaded" | "unavailable" | "shutting_down" | "storage_full" | "internal";

/** The `result` of `publish`. */
export type Published = {
  /** The event's position in the room's log; left out for an ephemeral one. */
  seq?: number,
  /** When the hub accepted it. */
  time: Timestamp,
  /** Whether the key was used before, so that this is the first answer again. */
  duplicate: boolean,
};

/** The `result` of `history`, ascending by `seq`. */
export type HistoryPage = {
  /** The events. */
  events: Array<Event>,
  /** The newest `seq` of the room. */
  head: number,
  /** The log's epoch. */
  epoch: string,
  /** The smallest `seq` that is kept: 1 unless older events were removed. */
  oldest: number,
  /** Whether there are more in the direction asked for. */
  more: boolean,
};

/** The `result` of `stream.open`. */
export type StreamOpened = {
  /** The stream. */
  stream: StreamId,
  /** The `seq` of its `stream.opened` event. */
  seq: number,
  /** Go on from this byte: 0, or what an earlier life of the producer has stored. */
  offset: number,
  /** Whether the key was used before. */
  duplicate: boolean,
  /** For binary frames on this connection. */
  handle?: number,
  /** Open, or how it ended. */
  state: StreamState,
};

/** The `result` of `stream.read`. */
export type StreamReading = {
  /** The stream as it stands. */
  info: StreamInfo,
  /** Bytes from here on follow. */
  offset: number,
  /** For binary frames on this connection. */
  handle?: number,
};
