"""What lives on a connection and outlives its sockets: rooms, and streams that are read or written."""

from typing import Literal, Protocol, TypeAlias, runtime_checkable

from ._error import HubError
from ._protocol import (
    CancelNotice,
    Ephemeral,
    Event,
    PresenceChange,
    Reset,
    ServerFrame,
    StreamAck,
    StreamClosed,
    StreamData,
)

Key: TypeAlias = tuple[Literal["room", "read", "write"], str]


class Session(Protocol):
    """A room or stream: what it says on a new socket, and how far it has caught up."""

    def resume(self) -> None:
        """Asks for what comes next; called on each new socket."""

    def receive(self, frame: ServerFrame, size: int) -> None:
        """Takes a frame of the hub, and about how many bytes it had."""

    def end(self, error: HubError | None) -> None:
        """Is over for good; without an error because this side wanted it."""

    def backlog(self) -> tuple[int, int] | None:
        """How much of how much has come since the reconnect; `None` while that is not known."""


@runtime_checkable
class Flushing(Protocol):
    """A session that has something to store."""

    async def flush(self) -> None:
        """Waits until it is stored."""


def addressed(frame: ServerFrame) -> Key | None:
    """The session that a frame is for."""
    match frame:
        case Event() | Ephemeral() | PresenceChange():
            return "room", frame.room
        case StreamData() | StreamClosed():
            return "read", frame.stream
        case StreamAck() | CancelNotice():
            return "write", frame.stream
        case Reset(room=str(room)):
            return "room", room
        case Reset(stream=str(stream)):
            return "read", stream
        case _:
            return None
