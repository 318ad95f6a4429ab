"""A connection to one workspace of a hub, and how it is made."""

import asyncio
import os
import secrets
from collections.abc import Callable, Sequence
from typing import Any

from ._connection import Connection
from ._cursor import Cursor
from ._error import HubError
from ._opening import Opening
from ._protocol import (
    Cancel,
    ClientInfo,
    Event,
    History,
    HistoryPage,
    Presence,
    Publish,
    Published,
    ServerFrame,
    StreamOpen,
    StreamOpened,
    StreamRole,
    Welcome,
)
from ._reader import StreamReader
from ._room import Room
from ._socket import VERSION, socket_url
from ._state import State
from ._token import Credentials, TokenSource
from ._writer import StreamWriter

URL_VARIABLE = "GENERIC_CORP_URL"
DEFAULT_URL = "http://127.0.0.1:8080"
# How long a request waits for its answer, reconnects included.
REQUEST_SECONDS = 30.0


class Hub:
    """A connection to one workspace of a hub. As `async with` it is closed at the end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def state(self) -> State:
        """Where the connection stands: `Connecting`, `CatchingUp`, `Live` or `Closed`."""
        return self._connection.state

    @property
    def welcome(self) -> Welcome:
        """Who the hub takes this program for (`you`), its limits and quota, as said last."""
        if not self._connection.welcome:
            raise HubError("the hub has not said welcome")
        return self._connection.welcome

    def on_state(self, listener: Callable[[State], object]) -> Callable[[], None]:
        """Hears of each change of `state`; returns how to stop. Listeners must not block."""
        return self._connection.states.add(listener)

    def on_frame(self, listener: Callable[[ServerFrame], object]) -> Callable[[], None]:
        """Hears of each frame of the hub, for instance `Usage`; returns how to stop."""
        return self._connection.frames.add(listener)

    def join(
        self,
        room: str,
        *,
        after: Cursor | str | int | None = None,
        epoch: str | None = None,
        tail: int | None = None,
    ) -> Opening[Room]:
        """Joins a room: `room = await hub.join(…)`, or `async with hub.join(…) as room`.

        `after` is a stored cursor, or a `seq` with its `epoch`. Without it, or when the hub does not know it any
        more, events begin `tail` before the end.
        """
        cursor = Cursor.parse(after) if isinstance(after, str) else after
        if isinstance(cursor, int):
            cursor = Cursor(cursor, epoch or "")
        return Opening(lambda: Room(self, self._connection, room, cursor, tail)._begin())

    async def publish(
        self,
        room: str,
        body: Any,
        *,
        key: str | None = None,
        kind: str | None = None,
        mentions: Sequence[str] = (),
        reply_to: Event | int | None = None,
        ephemeral: bool = False,
        timeout: float | None = REQUEST_SECONDS,
    ) -> Published:
        """Appends an event to a room; when it returns, the event is stored.

        A string is the text of a `message`. After a reconnect it is sent again by itself, and stored once because of
        its `key`, which is made where it is missing. To try again after a `no_answer`, give the same key.
        """
        if isinstance(body, str) and kind in (None, "message"):
            body = {"text": body}
        frame = Publish(
            room=room,
            key=None if ephemeral else key or secrets.token_hex(16),
            kind=kind,
            body=body,
            mentions=tuple(mentions),
            reply_to=reply_to.seq if isinstance(reply_to, Event) else reply_to,
            ephemeral=ephemeral or None,
        )
        return await self._connection.request(frame, Published, timeout)

    async def history(
        self,
        room: str,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int | None = None,
        kinds: Sequence[str] = (),
    ) -> HistoryPage:
        """A page of a room's log, without joining it; see `Room.history`."""
        frame = History(room=room, before=before, after=after, limit=limit, kinds=tuple(kinds))
        return await self._connection.request(frame, HistoryPage, REQUEST_SECONDS)

    def read(
        self, stream: str, *, offset: int | None = None, tail_bytes: int | None = None, follow: bool = True
    ) -> StreamReader:
        """Reads a stream's bytes, from `offset` or `tail_bytes` before the end; with `follow` as it grows."""
        if offset is not None and tail_bytes is not None:
            raise ValueError("give `offset` or `tail_bytes`, not both")
        reader = StreamReader(self._connection, stream, offset, tail_bytes, follow)
        self._connection.follow(("read", stream), reader)
        return reader

    def open_stream(
        self,
        room: str,
        name: str,
        *,
        role: StreamRole | None = None,
        media_type: str | None = None,
        key: str | None = None,
        tool_call: str | None = None,
        parent: str | None = None,
    ) -> Opening[StreamWriter]:
        """Opens an output stream: `out = await hub.open_stream(…)`, or `async with hub.open_stream(…) as out`.

        Opening again with the same `key` goes on with the same stream, at `out.offset`.
        """
        frame = StreamOpen(
            room=room,
            key=key or secrets.token_hex(16),
            name=name,
            role=role,
            media_type=media_type,
            tool_call=tool_call,
            parent=parent,
        )
        return Opening(lambda: self._open_stream(frame))

    async def _open_stream(self, frame: StreamOpen) -> StreamWriter:
        life = self._connection.life
        opened = await self._connection.request(frame, StreamOpened, REQUEST_SECONDS)
        if opened.state != "open":
            raise HubError(f"this key's stream has ended: {opened.state}", code="stream_closed")
        writer = StreamWriter(self._connection, frame, opened)
        self._connection.follow(("write", writer.id), writer, begun_in=life)
        return writer

    async def presence(self, state: str, text: str | None = None) -> None:
        """Says what this connection is doing, in every room that it has joined, also after a reconnect."""
        self._connection.presence = Presence(state=state, text=text)
        await self._connection.command(self._connection.presence, REQUEST_SECONDS)

    async def cancel(self, stream: str, reason: str | None = None) -> None:
        """Asks a stream's producer to stop."""
        await self._connection.command(Cancel(stream=stream, reason=reason), REQUEST_SECONDS)

    def retry_now(self) -> None:
        """Ends the wait before the next attempt to connect."""
        self._connection.retry_now()

    async def drain(self, timeout: float | None = REQUEST_SECONDS) -> None:
        """Takes nothing new, waits until all that was asked for is answered and all that was written is stored, and
        closes. Raises `no_answer` when that takes longer than `timeout`; it is closed all the same.
        """
        self._connection.draining = True
        try:
            await asyncio.wait_for(self._connection.settle(), timeout)
        except asyncio.TimeoutError:
            raise HubError("not everything was stored in time", code="no_answer", retryable=True) from None
        finally:
            await self.close()

    async def close(self) -> None:
        """Closes the connection for good; iterators hand out what they hold, and end."""
        await self._connection.close()

    async def __aenter__(self) -> "Hub":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def connect(
    url: str | None = None,
    *,
    workspace: str,
    token: str | TokenSource | None = None,
    client: ClientInfo | None = None,
    on_state: Callable[[State], object] | None = None,
) -> Opening[Hub]:
    """Connects to a hub, as `async with connect(…) as hub` or `hub = await connect(…)`.

    It waits until the hub has said welcome, and for as long as the hub is away; only what waiting does not change is
    raised, for instance `AuthError`. After an interruption it connects again by itself, with growing random waits,
    and resumes every room and stream where it was.

    `url` is the hub's address; when left out, that in GENERIC_CORP_URL or else http://127.0.0.1:8080. `token` is an
    API key or access token, or a callback that gives one; when left out, the key in GENERIC_CORP_API_KEY. The
    callback is told why it is asked: to `connect`, to `renew` a token before it ends, or because the last one was
    `refused`. It may be a coroutine function; any other runs in a thread. An `AuthError` from it stops for good.
    """
    address = socket_url(url or os.environ.get(URL_VARIABLE) or DEFAULT_URL, workspace)
    info = client or ClientInfo(name="generic-corp-python", version=VERSION)

    async def begin() -> Hub:
        connection = Connection(address, Credentials(token), info)
        if on_state:
            connection.states.add(on_state)
        connection.start()
        try:
            await connection.ready()
        except BaseException:
            await connection.close()
            raise
        return Hub(connection)

    return Opening(begin)
