"""A place in a room's log, and what may lie between two of them."""

from dataclasses import dataclass
from typing import NamedTuple


class Cursor(NamedTuple):
    """A place in a room's log. Store `str(room.cursor)`, and give it to `join` another day.

    As text it is `epoch:seq`, as in the `Last-Event-ID` of the hub's Server-Sent Events.
    """

    seq: int
    """The newest `seq` that was handed out."""
    epoch: str
    """The log that it belongs to."""

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Reads what `str` wrote."""
        epoch, colon, seq = text.strip().rpartition(":")
        if not colon or not seq.isdecimal():
            raise ValueError("a cursor looks like b07d0006:218")
        return cls(int(seq), epoch)


@dataclass(frozen=True, slots=True)
class Gap:
    """The log could not be followed from where it was: read the history, if what it holds is needed."""

    reason: str
    """Why, for people."""
    from_seq: int
    """The last `seq` before it."""
    to_seq: int
    """The next event comes after this `seq`."""
    epoch: str
    """The log's epoch from here on."""
