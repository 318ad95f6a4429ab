"""Requests that wait for their reply.

Those of a caller outlive a socket: after a reconnect they are sent again as the very same text, which is harmless
because whatever creates something carries an idempotency key. Those of a room or stream belong to one socket.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ._error import HubError, from_failure
from ._protocol import Failure, Joined, Okay

# Most requests that may wait at a time; further ones are refused as `too_much_pending`.
MAX_PENDING = 512

Reply: TypeAlias = Okay | Failure | Joined
Send: TypeAlias = Callable[[str], bool]


@dataclass(slots=True)
class _Pending:
    text: str
    kind: str
    # What skips the log must not be seen twice.
    once: bool
    answer: "asyncio.Future[Okay]"
    sent: int = 0


class Requests:
    """All requests of a connection, by their id."""

    def __init__(self) -> None:
        self._pending: dict[str, _Pending] = {}
        self._asked: dict[str, Callable[[Reply], None]] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._last = 0

    def next_id(self) -> str:
        """An id that was not used before."""
        self._last += 1
        return f"c{self._last}"

    async def wait(self, id: str, kind: str, text: str, send: Send, timeout: float | None, *, once: bool) -> Okay:
        """Sends a request now or on the next socket, and waits for its reply."""
        if len(self._pending) >= MAX_PENDING:
            message = f"{MAX_PENDING} requests wait for their answer already"
            raise HubError(message, code="too_much_pending", retryable=True)
        pending = _Pending(text, kind, once, asyncio.get_running_loop().create_future())
        self._pending[id] = pending
        self._idle.clear()
        pending.sent += send(text)
        try:
            answered, _ = await asyncio.wait([pending.answer], timeout=timeout)
        finally:
            del self._pending[id]
            if not self._pending:
                self._idle.set()
            if not pending.answer.cancel() and not pending.answer.cancelled():
                # Whoever has stopped to wait does not ask for it.
                pending.answer.exception()
        if not answered:
            raise _no_answer(f"no answer to `{kind}` in {timeout} s", pending)
        return pending.answer.result()

    def ask(self, id: str, text: str, send: Send, answered: Callable[[Reply], None]) -> bool:
        """Sends a request on this socket alone; `answered` is not called once the socket is gone."""
        if not send(text):
            return False
        self._asked[id] = answered
        return True

    def settle(self, reply: Reply) -> bool:
        """Hands a reply to whoever waits for it; `False` when nobody does."""
        if reply.id is None:
            return False
        if answered := self._asked.pop(reply.id, None):
            answered(reply)
            return True
        pending = self._pending.get(reply.id)
        if not pending or pending.answer.done():
            return False
        if isinstance(reply, Okay):
            pending.answer.set_result(reply)
        elif isinstance(reply, Failure):
            self._failed(pending, reply)
        return True

    def _failed(self, pending: _Pending, failure: Failure) -> None:
        # The hub goes; the next one gets the same request.
        if failure.code == "shutting_down" and not pending.once:
            return
        # The close was stored before the connection broke, and the answer was lost with it.
        if failure.code == "stream_closed" and pending.kind == "stream.close" and pending.sent > 1:
            pending.answer.set_result(Okay(id=failure.id or ""))
        else:
            pending.answer.set_exception(from_failure(failure))

    def disconnected(self) -> None:
        """Forgets what belonged to the socket."""
        self._asked.clear()
        for pending in self._pending.values():
            if pending.once and pending.sent and not pending.answer.done():
                pending.answer.set_exception(_no_answer("the connection broke", pending))

    def resend(self, send: Send) -> None:
        """Sends everything on a new socket, in the order in which it was asked for."""
        for pending in self._pending.values():
            if not pending.answer.done():
                pending.sent += send(pending.text)

    def fail(self, error: HubError) -> None:
        """Ends every wait."""
        self._asked.clear()
        for pending in self._pending.values():
            if not pending.answer.done():
                pending.answer.set_exception(error.again())

    async def idle(self) -> None:
        """Waits until no request waits."""
        await self._idle.wait()


def _no_answer(what: str, pending: _Pending) -> HubError:
    again = "" if pending.once else "; whether it happened is not known, retry with the same key"
    return HubError(f"{what}{again}", code="no_answer", retryable=not pending.once)
