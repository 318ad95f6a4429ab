"""The protocol's types and constants.

Made from `clients/typescript/src/protocol.ts`; to refresh it: GENERIC_CORP_REFRESH=1 pytest tests/test_protocol.py
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias


class CloseCode(NamedTuple):
    """Why the hub ended a connection, and whether a client should connect again by itself."""

    reason: str
    reconnect: bool


SUBPROTOCOL = "generic-corp.v1"
MAX_APPEND_BYTES = 49152
MAX_HISTORY_PAGE = 500
MAX_IN_FLIGHT = 128

CLOSE_CODES: dict[int, CloseCode] = {
    1000: CloseCode("closed by the client", reconnect=False),
    1002: CloseCode("WebSocket protocol error", reconnect=False),
    1007: CloseCode("text is not UTF-8", reconnect=False),
    1009: CloseCode("message too large; use a stream", reconnect=False),
    1011: CloseCode("internal error", reconnect=True),
    1012: CloseCode("the hub restarts; reconnect and resume", reconnect=True),
    1013: CloseCode("the hub is overloaded; try again later", reconnect=True),
    4400: CloseCode("too many malformed frames", reconnect=False),
    4401: CloseCode("no valid token; sign in again", reconnect=False),
    4403: CloseCode("access was withdrawn", reconnect=False),
    4408: CloseCode("no sign of life in time", reconnect=True),
    4409: CloseCode("too many connections", reconnect=False),
    4410: CloseCode("ended by an administrator", reconnect=False),
    4429: CloseCode("rate limit ignored", reconnect=True),
    4430: CloseCode("no progress in reading; reconnect and resume", reconnect=True),
}


StreamId: TypeAlias = str
"""An output stream inside a room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Asks a producer to stop; it is told now or when it returns."""

    type: ClassVar[str] = "cancel"

    id: str | None = None
    """Chosen by the client; the one reply carries it."""
    stream: StreamId
    """The stream whose producer should stop."""
    reason: str | None = None
    """Why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientInfo:
    """Name and version of a client program."""

    name: str
    """For instance `deploy-bot`."""
    version: str
    """For instance `1.4.0`."""


Token: TypeAlias = str
"""A credential on its way in; never shown by `Debug`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """Opens the conversation, or renews the token of an open one."""

    type: ClassVar[str] = "hello"

    id: str | None = None
    """Chosen by the client; the one reply carries it."""
    token: Token | None = field(default=None, repr=False)
    """Access token or API key; left out when the `Authorization` header had it."""
    client: ClientInfo | None = None
    """The program that connects."""
    binary: bool | None = None
    """Whether stream bytes may come as binary frames."""


Slug: TypeAlias = str
"""A name of 1 to 64 characters: `a`–`z`, `0`–`9`, `-`, `_` and `.`, beginning with a letter or digit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Reads a page of a room's log; always ascending."""

    type: ClassVar[str] = "history"

    id: str | None = None
    """Chosen by the client; the one reply carries it."""
    room: Slug
    """The room's name."""
    before: int | None = None
    """Events before this `seq`, the newest of them."""
    after: int | None = None
    """Events after this `seq`, the oldest of them."""
    limit: int | None = None
    """At most this many, 500 at the most; 100 when left out."""
    kinds: tuple[str, ...] = ()
    """Only events of these kinds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Follows a room's log, presence and ephemeral messages."""

    type: ClassVar[str] = "join"

    id: str | None = None
    """Chosen by the client; the one reply carries it."""
    room: Slug
    """The room's name."""
    after: int | None = None
    """Resume: the last `seq` the client has. What follows it will be sent."""
    epoch: str | None = None
    """Resume: the log's epoch that `after` belongs to."""
    tail: int | None = None
    """Without `after`, or when it cannot be honoured: begin this many events before the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Stops following one room or one stream."""

    type: ClassVar[str] = "leave"

    id: str | None = None
    """Chosen by the client; the one reply carries it."""
    room: Slug | None = None
    """The room to leave."""
    stream: StreamId | None = None
    """The stream to stop reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Says what this connection is doing, in every room it has joined."""

    type: ClassVar[str] = "presence"

    id: str | None = None
    """Chosen by the client; the one reply carries it."""
    state: str
    """`online`, `idle`, `running`, `waiting`, `error` or a word of your own."""
    text: str | None = None
    """A short text beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Appends an event to a room's log. The `ok` means committed."""

    type: ClassVar[str] = "publish"

    id: str | None = None
    """Chosen by the client; the one reply carries it."""
    room: Slug
    """The room's name; joining it first is not needed."""
    key: str | None = None
    """Idempotency key: a retry with the same key and content gets the first answer. The hub makes one where it is missing."""
    kind: str | None = None
    """What it is; `message` when left out."""
    body: Any
    """The content: any JSON value."""
    mentions: tuple[Slug, ...] = ()
    """Names addressed by it."""
    reply_to: int | None = None
    """The `seq` it answers to."""
    ephemeral: bool | None = None
    """Skip the log: only who is connected and keeps up sees it, once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamAppend:
    """Appends bytes to a stream. `stream.ack` tells how far it is durable."""

    type: ClassVar[str] = "stream.append"

    id: str | None = None
    """Chosen by the client; the one reply carries it."""
    stream: StreamId
    """The stream."""
    offset: int
    """Where these bytes begin. Bytes that are stored already are skipped, so resending is harmless."""
    text: str | None = None
    """The bytes as text."""
    base64: str | None = None
    """The bytes in base64 (RFC 4648, with padding)."""


StreamOutcome: TypeAlias = Literal["completed", "failed", "cancelled", "interrupted"]
"""How a stream ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamClose:
    """Ends a stream."""

    type: ClassVar[str] = "stream.close"

    id: str | None = None
    """Chosen by the client; the one reply carries it."""
    stream: StreamId
    """The stream."""
    offset: int
    """Its final length; must equal what is stored."""
    outcome: StreamOutcome
    """`completed`, `failed` or `cancelled`."""
    exit_code: int | None = None
    """The exit status of the tool."""
    metadata: Any = None
    """Anything worth keeping beside the bytes, for instance token usage."""


StreamRole: TypeAlias = Literal["text", "reasoning", "args", "stdout", "stderr", "file", "data"]
"""What a stream carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOpen:
    """Opens an output stream; the producer's connection holds its lease."""

    type: ClassVar[str] = "stream.open"

    id: str | None = None
    """Chosen by the client; the one reply carries it."""
    room: Slug
    """The room it belongs to."""
    key: str | None = None
    """Idempotency key: opening again with it finds the same stream and its length."""
    name: str
    """The name to show, for instance the command."""
    role: StreamRole | None = None
    """What it carries."""
    media_type: str | None = None
    """Its media type; `text/x-ansi` when left out."""
    tool_call: str | None = None
    """The tool call it belongs to."""
    parent: StreamId | None = None
    """The stream it belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRead:
    """Reads a stream's bytes: `stream.data` frames, then `stream.closed` at its end."""

    type: ClassVar[str] = "stream.read"

    id: str | None = None
    """Chosen by the client; the one reply carries it."""
    stream: StreamId
    """The stream."""
    offset: int | None = None
    """Begin at this byte."""
    tail_bytes: int | None = None
    """Or begin this many bytes before the end."""
    follow: bool | None = None
    """Go on as it grows, until it is closed or left. `true` when left out."""


ClientFrame: TypeAlias = (
    Hello | Join | Leave | Publish | History | StreamOpen | StreamAppend | StreamClose | StreamRead | Cancel | Presence
)
"""A frame from a client. Unknown types and fields are refused by name."""

SenderKind: TypeAlias = Literal["user", "agent", "system"]
"""What kind of principal did something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who did something: kind, id and the name at that time."""

    kind: SenderKind
    """Person, agent or the hub."""
    id: str
    """The principal's id."""
    name: str
    """The name to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelNotice:
    """The frame `cancel` of the hub."""

    stream: StreamId
    """The stream to stop."""
    by: Sender
    """Who asks."""
    reason: str | None = None
    """Why."""


Timestamp: TypeAlias = datetime
"""A moment, in milliseconds since 1970-01-01T00:00:00Z."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ephemeral:
    """The frame `ephemeral` of the hub."""

    room: Slug
    """The room's name."""
    time: Timestamp
    """When the hub took it."""
    sender: Sender
    """Who sent it."""
    kind: str
    """What it is."""
    body: Any
    """The content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of a room's log."""

    room: Slug
    """The room's name."""
    seq: int
    """The position in the room's log: 1, 2, 3… without gaps."""
    time: Timestamp
    """When the hub accepted it."""
    sender: Sender
    """Who sent it."""
    kind: str
    """What it is: `message` for chat, `stream.opened` and `stream.closed` by the hub, else the sender's own."""
    body: Any
    """The content, any JSON value; for `message` an object with `text` or A2A `parts`."""
    key: str | None = None
    """The idempotency key it was sent with."""
    mentions: tuple[Slug, ...] = ()
    """Names addressed by it."""
    reply_to: int | None = None
    """The `seq` it answers to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The frame `error` of the hub."""

    id: str | None = None
    """The request's `id`, when it had one that could be read."""
    code: str
    """What a program acts on."""
    message: str
    """What a person acts on."""
    retryable: bool
    """Whether the same request may succeed later."""
    retry_after_ms: int | None = None
    """Not before this."""
    details: Any = None
    """Facts that belong to the code, for instance `length` with `stream_offset`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goaway:
    """The frame `goaway` of the hub."""

    reason: str
    """Why, for people."""
    reconnect_after_ms: int
    """This client's slot: reconnect not before."""


ConnectionId: TypeAlias = str
"""One authenticated socket's life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A connection that is in a room, as others see it."""

    connection: ConnectionId
    """The connection."""
    sender: Sender
    """Who is connected."""
    state: str
    """What it says it is doing: `online`, `idle`, `running`, `waiting`, `error` or its own word."""
    text: str | None = None
    """A short text beside the state."""
    client: ClientInfo | None = None
    """The program, as given in `hello`."""
    since: Timestamp
    """Since when it is in the room."""


StreamState: TypeAlias = Literal["open", "completed", "failed", "cancelled", "interrupted"]
"""Where a stream stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamInfo:
    """A stream and where it stands."""

    stream: StreamId
    """The stream."""
    room: Slug
    """The room it was opened in."""
    name: str
    """The name to show, for instance the command."""
    role: StreamRole
    """What it carries."""
    media_type: str
    """Its media type, for instance `text/x-ansi`."""
    tool_call: str | None = None
    """The tool call it belongs to, in the producer's own words."""
    parent: StreamId | None = None
    """The stream it belongs to."""
    sender: Sender
    """Who writes it."""
    state: StreamState
    """Open, or how it ended."""
    length: int
    """Bytes stored."""
    opened_at: Timestamp
    """When it was opened."""
    opened_seq: int
    """The `seq` of its `stream.opened` event."""
    closed_at: Timestamp | None = None
    """When it was closed."""
    exit_code: int | None = None
    """The exit status given at the close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The frame `joined` of the hub."""

    id: str | None = None
    """The `id` of the `join` it answers."""
    room: Slug
    """The room's name."""
    head: int
    """The newest `seq`; 0 in an empty room."""
    epoch: str
    """The log's epoch; give it back with `after`."""
    after: int
    """Events after this `seq` follow."""
    recovered: bool
    """Whether `after` was honoured. `false` on a first join, and when the epoch differs, `after` lies beyond the head, or events after it were removed: then read the history."""
    members: tuple[Member, ...]
    """Who is in the room; empty when there are more than `MAX_MEMBERS_SHOWN`."""
    member_count: int
    """How many connections are in the room."""
    streams: tuple[StreamInfo, ...]
    """Streams being written now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Okay:
    """The frame `ok` of the hub."""

    id: str
    """The request's `id`."""
    result: Any = None
    """What it asked for; see each request in `docs/protocol.md`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceChange:
    """The frame `presence` of the hub."""

    room: Slug
    """The room's name."""
    full: bool | None = None
    """Whether `changed` is everyone, to replace what the client holds."""
    changed: tuple[Member, ...]
    """Who came or changed."""
    left: tuple[ConnectionId, ...]
    """Connections that went."""
    member_count: int
    """How many connections are in the room now. Beyond `MAX_MEMBERS_SHOWN` only this is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """The frame `reset` of the hub."""

    room: Slug | None = None
    """The room, when its cursor was reset."""
    stream: StreamId | None = None
    """The stream, when its cursor was reset."""
    reason: str
    """Why, for people."""
    position: int
    """What follows comes after this `seq` or begins at this byte."""
    epoch: str | None = None
    """The log's epoch from here on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamAck:
    """The frame `stream.ack` of the hub."""

    stream: StreamId
    """The stream."""
    offset: int
    """Everything before this byte is committed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamClosed:
    """The frame `stream.closed` of the hub."""

    stream: StreamId
    """The stream."""
    offset: int
    """Its final length."""
    outcome: StreamOutcome
    """How it ended."""
    exit_code: int | None = None
    """The exit status, where one was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamData:
    """The frame `stream.data` of the hub."""

    stream: StreamId
    """The stream."""
    offset: int
    """Where these bytes begin."""
    text: str | None = None
    """The bytes, where they are UTF-8."""
    base64: str | None = None
    """The bytes in base64, where they are not (a character may be cut by the end of a chunk)."""


UsageLevel: TypeAlias = Literal["info", "warn", "over", "hard"]
"""How near a limit is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The frame `usage` of the hub."""

    level: UsageLevel
    """How near."""
    meter: str
    """What is counted, for instance `messages_per_hour`."""
    used: int
    """How much is used."""
    limit: int
    """How much there is."""
    resets_at: Timestamp
    """When the count begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes and counts a client must keep to."""

    max_frame_bytes: int
    """Largest WebSocket message."""
    max_append_bytes: int
    """Largest stream append."""
    max_rooms: int
    """Most rooms joined at a time."""
    max_streams: int
    """Most streams read at a time."""
    max_in_flight: int
    """Requests that may wait for their reply before the hub stops reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Message quota of a connection: what the plan gives, and what is used."""

    plan: str
    """The plan it comes from."""
    messages_per_second: int
    """Sustained rate."""
    message_burst: int
    """Messages at once."""
    bytes_per_second: int
    """Sustained rate of payload bytes."""
    byte_burst: int
    """Payload bytes at once."""
    messages_per_hour: int
    """Messages in an hour, counted from the connection's first message."""
    messages_this_hour: int
    """Messages used in this hour."""
    hour_resets_at: Timestamp
    """When the hour ends and the count begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """The hub that answers."""

    version: str
    """Its version."""
    node: str
    """Which node."""
    time: Timestamp
    """Its clock."""


WorkspaceId: TypeAlias = str
"""A space inside an organization; a connection belongs to exactly one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceRef:
    """A workspace by id and names."""

    id: WorkspaceId
    """Its id."""
    slug: Slug
    """Its name in URLs."""
    name: str
    """Its name for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """The answer to `hello`: who is who, and what holds on this connection."""

    id: str | None = None
    """The `id` of the `hello` it answers."""
    connection: ConnectionId
    """This connection."""
    workspace: WorkspaceRef
    """The workspace it belongs to."""
    you: Sender
    """Who the hub takes you for."""
    scopes: tuple[str, ...]
    """What you may do: `read`, `publish`, `stream`, `admin`."""
    server: ServerInfo
    """The hub."""
    heartbeat_ms: int
    """The hub pings this often; a socket silent for twice as long is closed."""
    limits: Limits
    """Sizes and counts."""
    quota: Quota
    """Message quota of this connection."""
    token_expires_at: Timestamp | None = None
    """When the token ends; renew it with `hello` before."""


ServerFrame: TypeAlias = (
    Welcome
    | Joined
    | Okay
    | Failure
    | Ephemeral
    | StreamData
    | StreamAck
    | StreamClosed
    | CancelNotice
    | PresenceChange
    | Usage
    | Reset
    | Goaway
    | Event
)
"""A frame from the hub. A client ignores types and fields it does not know."""

ErrorCode: TypeAlias = Literal[
    "invalid_json",
    "invalid_frame",
    "unknown_type",
    "unknown_field",
    "invalid",
    "conflict",
    "idempotency_conflict",
    "unauthenticated",
    "invalid_token",
    "token_expired",
    "invalid_credentials",
    "forbidden",
    "origin_not_allowed",
    "not_found",
    "method_not_allowed",
    "timeout",
    "too_large",
    "unsupported_media_type",
    "range_not_satisfiable",
    "stream_offset",
    "stream_closed",
    "limit_reached",
    "rate_limited",
    "quota_exceeded",
    "unsupported",
    "overloaded",
    "unavailable",
    "shutting_down",
    "storage_full",
    "internal",
]
"""Why a request failed; the connection lives on. The same codes are used over HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The `result` of `publish`."""

    seq: int | None = None
    """The event's position in the room's log; left out for an ephemeral one."""
    time: Timestamp
    """When the hub accepted it."""
    duplicate: bool
    """Whether the key was used before, so that this is the first answer again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """The `result` of `history`, ascending by `seq`."""

    events: tuple[Event, ...]
    """The events."""
    head: int
    """The newest `seq` of the room."""
    epoch: str
    """The log's epoch."""
    oldest: int
    """The smallest `seq` that is kept: 1 unless older events were removed."""
    more: bool
    """Whether there are more in the direction asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOpened:
    """The `result` of `stream.open`."""

    stream: StreamId
    """The stream."""
    seq: int
    """The `seq` of its `stream.opened` event."""
    offset: int
    """Go on from this byte: 0, or what an earlier life of the producer has stored."""
    duplicate: bool
    """Whether the key was used before."""
    handle: int | None = None
    """For binary frames on this connection."""
    state: StreamState
    """Open, or how it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamReading:
    """The `result` of `stream.read`."""

    info: StreamInfo
    """The stream as it stands."""
    offset: int
    """Bytes from here on follow."""
    handle: int | None = None
    """For binary frames on this connection."""


SERVER_FRAMES: dict[str, type[ServerFrame]] = {
    "welcome": Welcome,
    "joined": Joined,
    "ok": Okay,
    "error": Failure,
    "ephemeral": Ephemeral,
    "stream.data": StreamData,
    "stream.ack": StreamAck,
    "stream.closed": StreamClosed,
    "cancel": CancelNotice,
    "presence": PresenceChange,
    "usage": Usage,
    "reset": Reset,
    "goaway": Goaway,
    "event": Event,
}
