"""A room as a cursor: the position in its log, what follows it, who is there, and what may have been missed."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ._connection import Connection
from ._cursor import Cursor, Gap
from ._error import HubError, from_failure
from ._feed import Feed
from ._listeners import Listeners
from ._log import log
from ._pace import backoff
from ._protocol import (
    MAX_HISTORY_PAGE,
    Ephemeral,
    Event,
    Failure,
    HistoryPage,
    Join,
    Joined,
    Leave,
    Member,
    PresenceChange,
    Published,
    Reset,
    ServerFrame,
)
from ._requests import Reply
from ._session import Key

if TYPE_CHECKING:
    from ._hub import Hub


class Room:
    """A joined room, and the iterator over its events: every one, in order, once.

    As `async with` it is left at the end.
    """

    def __init__(self, hub: "Hub", connection: Connection, name: str, after: Cursor | None, tail: int | None) -> None:
        self.name = name
        self._hub = hub
        self._connection = connection
        self._key: Key = ("room", name)
        self._tail = tail
        # The last event that came over the socket.
        self._position = after
        self._joined: Joined | None = None
        self._first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._following = False
        self._catch_up: tuple[int, int] | None = None
        self._refusals = 0
        self._members: dict[str, Member] = {}
        self._gaps: Listeners[Gap] = Listeners()
        self._presence: Listeners[Mapping[str, Member]] = Listeners()
        self._ephemeral: Listeners[Ephemeral] = Listeners()
        self._feed = Feed(self._page, self._tell_gap)
        if after:
            self._feed.begin(after)

    @property
    def cursor(self) -> Cursor:
        """Where the reader stands: behind the event that was handed out last. Store it to go on from there."""
        return self._feed.cursor

    @property
    def joined(self) -> Joined:
        """What the hub said at the last join: `head`, `recovered`, the `streams` that are open."""
        if not self._joined:
            raise HubError(f"room `{self.name}` is not joined yet")
        return self._joined

    @property
    def members(self) -> Mapping[str, Member]:
        """Who is in the room now, by connection."""
        return MappingProxyType(self._members)

    def __aiter__(self) -> "Room":
        return self

    async def __anext__(self) -> Event:
        return await self._feed.next()

    async def __aenter__(self) -> "Room":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    def on_gap(self, listener: Callable[[Gap], object]) -> Callable[[], None]:
        """Hears of what was missed, between the events before it and after it; returns how to stop."""
        return self._gaps.add(listener)

    def on_presence(self, listener: Callable[[Mapping[str, Member]], object]) -> Callable[[], None]:
        """Hears when `members` changed; returns how to stop."""
        return self._presence.add(listener)

    def on_ephemeral(self, listener: Callable[[Ephemeral], object]) -> Callable[[], None]:
        """Hears of what skips the log; returns how to stop."""
        return self._ephemeral.add(listener)

    async def publish(
        self,
        body: Any,
        *,
        key: str | None = None,
        kind: str | None = None,
        mentions: Sequence[str] = (),
        reply_to: Event | int | None = None,
        ephemeral: bool = False,
        timeout: float | None = 30.0,
    ) -> Published:
        """Appends an event to this room; see `Hub.publish`."""
        return await self._hub.publish(
            self.name,
            body,
            key=key,
            kind=kind,
            mentions=mentions,
            reply_to=reply_to,
            ephemeral=ephemeral,
            timeout=timeout,
        )

    async def history(
        self,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int | None = None,
        kinds: Sequence[str] = (),
    ) -> HistoryPage:
        """A page of the log, ascending: the newest `before` a `seq`, or the oldest `after` one."""
        return await self._hub.history(self.name, before=before, after=after, limit=limit, kinds=kinds)

    def leave(self) -> None:
        """Stops following the room; what was received already is still handed out."""
        if self._connection.forget(self._key, self):
            self._connection.say(Leave(room=self.name))
            self.end(None)

    async def _begin(self) -> "Room":
        self._connection.follow(self._key, self)
        try:
            await self._first
        except BaseException:
            self.leave()
            raise
        return self

    def resume(self) -> None:
        """Joins where this room stands; for the connection."""
        self._catch_up = None
        self._following = False
        after, epoch = self._position or (None, None)
        self._connection.ask(Join(room=self.name, after=after, epoch=epoch or None, tail=self._tail), self._answered)

    def backlog(self) -> tuple[int, int] | None:
        """How much of what was missed has come; for the connection."""
        if not self._following:
            return None
        if not self._catch_up or not self._position:
            return 0, 0
        start, end = self._catch_up
        return min(self._position.seq, end) - start, end - start

    def receive(self, frame: ServerFrame, size: int) -> None:
        """Takes a frame; for the connection."""
        match frame:
            case Event():
                self._event(frame, size)
            case PresenceChange():
                self._changed(frame)
            case Ephemeral():
                self._ephemeral.tell(frame)
            case Reset() if self._position:
                self._skip(frame.reason, frame.position, frame.epoch or self._position.epoch)

    def end(self, error: HubError | None) -> None:
        """Nothing more comes; for the connection."""
        if not self._first.done():
            self._first.set_exception(error.again() if error else HubError("the room was left"))
            # Whoever has stopped to wait for it does not ask any more.
            self._first.exception()
        self._feed.end(error)

    def _answered(self, reply: Reply) -> None:
        if isinstance(reply, Joined):
            self._refusals = 0
            self._welcomed(reply)
        elif isinstance(reply, Failure):
            self._refused(from_failure(reply))

    def _welcomed(self, joined: Joined) -> None:
        before, again = self._position, self._joined is not None
        self._joined, self._following = joined, True
        self._position = Cursor(joined.after, joined.epoch)
        if not before:
            self._feed.begin(self._position)
        elif not joined.recovered:
            self._feed.skip("the hub does not know this position", joined.after, joined.epoch)
        elif not before.epoch:
            self._feed.begin(self._position)
        if again and joined.head > joined.after:
            self._catch_up = (joined.after, joined.head)
        self._members = {member.connection: member for member in joined.members}
        self._presence.tell(self.members)
        if not self._first.done():
            self._first.set_result(None)
        self._connection.progress()

    def _refused(self, error: HubError) -> None:
        if error.retryable and self._joined:
            self._refusals += 1
            wait = max(backoff(self._refusals), (error.retry_after_ms or 0) / 1000)
            self._connection.later(wait, self.resume)
            return
        self._connection.forget(self._key, self)
        self.end(error)

    def _event(self, event: Event, size: int) -> None:
        # A repeat; and what was on its way before the join was answered comes again.
        if not self._following or not self._position or event.seq <= self._position.seq:
            return
        self._position = self._position._replace(seq=event.seq)
        self._feed.push(event, size)
        if self._catch_up:
            if event.seq >= self._catch_up[1]:
                self._catch_up = None
            self._connection.progress()

    def _skip(self, reason: str, position: int, epoch: str) -> None:
        self._position = Cursor(position, epoch)
        self._catch_up = None
        self._feed.skip(reason, position, epoch)
        self._connection.progress()

    def _changed(self, change: PresenceChange) -> None:
        members = {} if change.full else self._members
        for gone in change.left:
            members.pop(gone, None)
        for member in change.changed:
            members[member.connection] = member
        self._members = members
        self._presence.tell(self.members)

    async def _page(self, after: int) -> HistoryPage:
        return await self.history(after=after, limit=MAX_HISTORY_PAGE)

    def _tell_gap(self, gap: Gap) -> None:
        if not self._gaps:
            log.warning("room %s: %s; nothing between %d and %d", self.name, gap.reason, gap.from_seq, gap.to_seq)
        self._gaps.tell(gap)
