"""Whether to come back after a connection is lost, and when.

With full jitter, so that a thousand clients do not return at once.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ._error import HubError, hub_error
from ._protocol import CLOSE_CODES
from ._state import Connecting

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 20.0
# A connection that lasted so long was a good one: the waits begin anew.
STABLE_SECONDS = 5.0

# What the hub means by some of its close codes, for want of an `error` frame.
_CODES = {4401: "unauthenticated", 4403: "forbidden", 4409: "limit_reached"}


def backoff(attempt: int, chance: Callable[[], float] = random.random) -> float:
    """A random wait before retry `attempt` (1, 2, …), below a ceiling that doubles up to 20 s."""
    return chance() * min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(attempt - 1, 16))


async def wait_at_most(event: asyncio.Event, seconds: float) -> None:
    """Waits for an event, which it sets when time is up. (Before Python 3.12 `wait_for` may swallow a cancellation.)"""
    timer = asyncio.get_running_loop().call_later(seconds, event.set)
    try:
        await event.wait()
    finally:
        timer.cancel()


@dataclass(slots=True)
class Loss:
    """Why there is no socket any more, and what follows."""

    error: HubError
    then: Literal["stop", "token", "wait"]


class Pace:
    """Counts the attempts, and waits between them."""

    def __init__(self, renewable: bool) -> None:
        self.slot: float | None = None
        """From `goaway`: when to come back."""
        self._renewable = renewable
        self._attempt = 1
        self._refused = False
        self._cause: HubError | None = None
        self._until = 0.0
        self._hurry = asyncio.Event()

    @property
    def now(self) -> Connecting:
        """The attempt that begins now."""
        return Connecting(self._attempt, 0, self._cause)

    def lost(self, code: int, reason: str, lasted: float, refusal: HubError | None) -> Loss:
        """What follows a close code, after a welcome that was `lasted` seconds ago."""
        if lasted >= STABLE_SECONDS:
            self._attempt, self._refused, self._cause = 1, False, None
        known = CLOSE_CODES.get(code)
        reconnect = known.reconnect if known else True
        text = reason or (known.reason if known else "the connection broke")
        details = {"close_code": code}
        error = refusal or hub_error(_CODES.get(code, "closed"), text, retryable=reconnect, details=details)
        if code == 4401 and self._renewable and not self._refused:
            self._refused = True
            return Loss(error, "token")
        return Loss(error, "wait" if reconnect else "stop")

    def plan(self, error: HubError) -> Connecting:
        """Sets the time of the next attempt."""
        now = asyncio.get_running_loop().time()
        wait = max(backoff(self._attempt), (error.retry_after_ms or 0) / 1000)
        if self.slot is not None:
            wait = max(0.0, self.slot - now)
        planned = Connecting(self._attempt, round(wait * 1000), error)
        self.slot, self._cause, self._until = None, error, now + wait
        self._attempt += 1
        self._hurry.clear()
        return planned

    async def wait(self) -> None:
        """Waits for the planned time, or until somebody is in a hurry."""
        await wait_at_most(self._hurry, self._until - asyncio.get_running_loop().time())

    def hurry(self) -> None:
        """Ends the wait."""
        self._hurry.set()
