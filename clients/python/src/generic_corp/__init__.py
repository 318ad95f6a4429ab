"""The client of a generic-corp hub: durable rooms, output streams, resume after a reconnect. See `connect`."""

from ._cursor import Cursor, Gap
from ._error import AuthError, HubError, LimitError
from ._hub import Hub, connect
from ._protocol import (
    CLOSE_CODES,
    MAX_HISTORY_PAGE,
    SUBPROTOCOL,
    CancelNotice,
    ClientInfo,
    Ephemeral,
    ErrorCode,
    Event,
    HistoryPage,
    Joined,
    Member,
    Published,
    Sender,
    ServerFrame,
    StreamClosed,
    StreamInfo,
    StreamOutcome,
    StreamRole,
    Usage,
    Welcome,
)
from ._reader import StreamReader
from ._room import Room
from ._state import CatchingUp, Closed, Connecting, Live, State
from ._token import TokenReason, TokenSource
from ._writer import StreamWriter

__all__ = [
    "CLOSE_CODES",
    "MAX_HISTORY_PAGE",
    "SUBPROTOCOL",
    "AuthError",
    "CancelNotice",
    "CatchingUp",
    "ClientInfo",
    "Closed",
    "Connecting",
    "Cursor",
    "Ephemeral",
    "ErrorCode",
    "Event",
    "Gap",
    "HistoryPage",
    "Hub",
    "HubError",
    "Joined",
    "LimitError",
    "Live",
    "Member",
    "Published",
    "Room",
    "Sender",
    "ServerFrame",
    "State",
    "StreamClosed",
    "StreamInfo",
    "StreamOutcome",
    "StreamReader",
    "StreamRole",
    "StreamWriter",
    "TokenReason",
    "TokenSource",
    "Usage",
    "Welcome",
    "connect",
]
