"""A room's events at the reader's own pace.

Live copies wait in a bounded queue. When it is full they are left out, and the history is read from where the reader
stands: a slow reader costs its position and never more memory.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace

from ._cursor import Cursor, Gap
from ._error import HubError
from ._pace import backoff, wait_at_most
from ._protocol import Event, HistoryPage

# Beyond either of them live copies are left out, and read from the history later.
QUEUE_EVENTS = 1024
QUEUE_BYTES = 4 << 20

ReadHistory = Callable[[int], Awaitable[HistoryPage]]


class Feed:
    """What one reader has still to get."""

    def __init__(self, read_history: ReadHistory, tell_gap: Callable[[Gap], None]) -> None:
        self.cursor = Cursor(0, "")
        self._read_history = read_history
        self._tell_gap = tell_gap
        self._queue: deque[tuple[Event | Gap, int]] = deque()
        self._held = 0
        # The newest `seq` that came over the socket.
        self._newest = 0
        # Events are missing between the cursor, or the end of the queue, and what comes live.
        self._behind = False
        # Changes when what was read of the history meanwhile is of no use.
        self._turn = 0
        self._failures = 0
        self._reading = False
        self._ended = False
        self._error: HubError | None = None
        self._news = asyncio.Event()

    def begin(self, cursor: Cursor) -> None:
        """Says what the reader has already."""
        self.cursor = cursor
        self._newest = cursor.seq

    def push(self, event: Event, size: int) -> None:
        """Takes an event that came live."""
        self._newest = event.seq
        if self._behind:
            return
        if len(self._queue) >= QUEUE_EVENTS or self._held + size > QUEUE_BYTES:
            self._behind = True
        else:
            self._put(event, size)

    def skip(self, reason: str, position: int, epoch: str) -> None:
        """The log goes on behind `position`; what the reader had still to get before it is gone."""
        last = self._queue[-1][0] if self._queue else None
        if self._behind or epoch != self.cursor.epoch or isinstance(last, Gap):
            self._clear()
        self._newest = position
        self._turn += 1
        # Where it begins is known when the reader comes to it.
        self._put(Gap(reason, 0, position, epoch), 0)

    def end(self, error: HubError | None) -> None:
        """Nothing more comes."""
        self._ended, self._error = True, error
        self._news.set()

    async def next(self) -> Event:
        """The next event; `StopAsyncIteration` when this side has ended it. To be cancelled as you like."""
        if self._reading:
            raise RuntimeError("another task reads this room already")
        self._reading = True
        try:
            return await self._next()
        finally:
            self._reading = False

    async def _next(self) -> Event:
        while True:
            self._news.clear()
            if event := self._take():
                return event
            if self._ended:
                if self._error:
                    raise self._error.again()
                raise StopAsyncIteration
            if self._behind and not self._queue:
                await self._catch_up()
            else:
                await self._news.wait()

    def _take(self) -> Event | None:
        while self._queue:
            item, size = self._queue[0]
            self._queue.popleft()
            self._held -= size
            if isinstance(item, Gap):
                gap = replace(item, from_seq=self.cursor.seq)
                self.cursor = Cursor(item.to_seq, item.epoch)
                self._tell_gap(gap)
            elif item.seq > self.cursor.seq + 1:
                # A hole. The history knows more, unless the log goes on elsewhere anyway.
                self._drop_to_gap()
                self._behind = self._behind or not self._queue
            elif item.seq > self.cursor.seq:
                self.cursor = self.cursor._replace(seq=item.seq)
                return item
        return None

    async def _catch_up(self) -> None:
        turn = self._turn
        try:
            page = await self._read_history(self.cursor.seq)
        except HubError as error:
            if not error.retryable and not self._ended:
                raise
            await self._pause((error.retry_after_ms or 0) / 1000)
            return
        if turn != self._turn:
            return
        first = page.events[0].seq if page.events else page.oldest
        if page.epoch != self.cursor.epoch or (not page.events and first <= self.cursor.seq + 1):
            # The socket is about to tell why.
            await self._pause(0)
            return
        self._failures = 0
        if first > self.cursor.seq + 1:
            self._put(Gap("older events are not kept", 0, first - 1, page.epoch), 0)
        for event in page.events:
            self._put(event, 0)
        # Nothing comes in between: this runs without a break, and what comes live is put behind it.
        last = page.events[-1].seq if page.events else first - 1
        self._behind = last < self._newest

    async def _pause(self, at_least: float) -> None:
        self._failures += 1
        await wait_at_most(self._news, max(at_least, backoff(self._failures)))

    def _put(self, item: Event | Gap, size: int) -> None:
        self._queue.append((item, size))
        self._held += size
        self._news.set()

    def _drop_to_gap(self) -> None:
        while self._queue and isinstance(self._queue[0][0], Event):
            self._held -= self._queue.popleft()[1]

    def _clear(self) -> None:
        self._queue.clear()
        self._held = 0
        self._behind = False
