"""Where a connection stands, as a program or a person wants to know it."""

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from ._error import HubError


@dataclass(frozen=True, slots=True)
class Connecting:
    """Not connected."""

    name: ClassVar[Literal["connecting"]] = "connecting"
    attempt: int
    """Counts from 1, and begins anew after a connection that lasted."""
    retry_in_ms: int
    """When the next attempt begins; 0 while one runs."""
    cause: HubError | None = None
    """Why the last attempt failed, or the last connection broke."""


@dataclass(frozen=True, slots=True)
class CatchingUp:
    """Connected again; what was missed arrives: `done` of `total` events."""

    name: ClassVar[Literal["catching_up"]] = "catching_up"
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Live:
    """Connected, and nothing is missing."""

    name: ClassVar[Literal["live"]] = "live"


@dataclass(frozen=True, slots=True)
class Closed:
    """Over: by `close()`, or for the reason in `error`. It will not connect again."""

    name: ClassVar[Literal["closed"]] = "closed"
    error: HubError | None = None


State: TypeAlias = Connecting | CatchingUp | Live | Closed
