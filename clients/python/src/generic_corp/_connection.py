"""The socket's life: connect, authenticate, renew the token, notice that it broke, wait, connect again.

What is to be said on each new socket comes from the sessions (rooms, streams) that live here.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from ._codec import MalformedError, decode, decode_message, encode
from ._error import AuthError, HubError, from_failure
from ._listeners import Listeners
from ._log import log
from ._pace import Loss, Pace
from ._protocol import (
    Cancel,
    ClientFrame,
    ClientInfo,
    Failure,
    Goaway,
    Hello,
    Joined,
    Okay,
    Presence,
    Publish,
    ServerFrame,
    StreamOpen,
    Welcome,
)
from ._requests import Reply, Requests
from ._session import Flushing, Key, Session, addressed
from ._socket import Socket
from ._state import CatchingUp, Closed, Connecting, Live, State
from ._token import Credentials, TokenReason

T = TypeVar("T")

# What a hub takes at least, until it has said its limit.
FRAME_BYTES = 64 * 1024
HELLO_SECONDS = 10.0


class Connection:
    """A connection to one workspace that comes back by itself."""

    def __init__(self, url: str, credentials: Credentials, client: ClientInfo) -> None:
        self.requests = Requests()
        self.sessions: dict[Key, Session] = {}
        self.states: Listeners[State] = Listeners()
        self.frames: Listeners[ServerFrame] = Listeners()
        self.presence = Presence(state="online")
        self.welcome: Welcome | None = None
        self.draining = False
        self.life = 1
        """Grows with each socket."""
        self.state: State = Connecting(1, 0)
        self._url, self._credentials, self._client = url, credentials, client
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._socket: Socket | None = None
        self._pace = Pace(credentials.renewable)
        self._welcomed_at: float | None = None
        # What the hub said on this socket instead of welcome.
        self._refusal: HubError | None = None
        # The callback wants no further token.
        self._stopped: AuthError | None = None
        self._timers: set[asyncio.TimerHandle] = set()
        self._renewal: asyncio.Task[None] | None = None
        self._main: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to connect."""
        self._main = asyncio.create_task(self._run(), name="generic_corp connection")

    async def ready(self) -> None:
        """Waits for the first welcome; raises when there never will be one."""
        await asyncio.shield(self._ready)

    @property
    def connected(self) -> bool:
        """Whether the hub has said welcome on the present socket."""
        return self._socket is not None and self._welcomed_at is not None

    def send(self, text: str) -> bool:
        """Sends on the present socket; `False` when there is none."""
        if not self._socket or self._welcomed_at is None:
            return False
        self._socket.send(text)
        return True

    def say(self, frame: ClientFrame) -> bool:
        """Sends a frame that needs no reply."""
        return self.send(encode(frame))

    def ask(self, frame: ClientFrame, answered: Callable[[Reply], None]) -> bool:
        """Sends a frame on this socket alone, and hands its reply on."""
        id = self.requests.next_id()
        return self.requests.ask(id, encode(replace(frame, id=id)), self.send, answered)

    async def request(self, frame: ClientFrame, answer: type[T], timeout: float | None) -> T:
        """Sends a frame now or after the next reconnect, and waits for its reply."""
        result = (await self._answered(frame, timeout)).result
        try:
            return decode(answer, result)
        except MalformedError as error:
            raise HubError(f"the answer to `{frame.type}` cannot be read", code="unreadable") from error

    async def command(self, frame: ClientFrame, timeout: float | None) -> None:
        """As `request`, where the reply says nothing more."""
        await self._answered(frame, timeout)

    async def _answered(self, frame: ClientFrame, timeout: float | None) -> Okay:
        if error := self.over:
            raise error
        if self.draining and isinstance(frame, Publish | StreamOpen | Cancel):
            raise HubError("the connection drains, and takes nothing new")
        id = self.requests.next_id()
        text = encode(replace(frame, id=id))
        # The hub would end the whole connection, and for good.
        most = self.welcome.limits.max_frame_bytes if self.welcome else FRAME_BYTES
        size = len(text.encode())
        if size > most:
            message = f"a message may have {most} bytes, this one has {size}; use a stream"
            raise HubError(message, code="too_large")
        once = isinstance(frame, Publish) and bool(frame.ephemeral)
        return await self.requests.wait(id, frame.type, text, self.send, timeout, once=once)

    def follow(self, key: Key, session: Session, *, begun_in: int | None = None) -> None:
        """Takes a session in, and lets it begin, unless it has begun in this very life of the connection."""
        if error := self.over:
            raise error
        if key in self.sessions:
            raise HubError(f"{key[0]} `{key[1]}` is open on this connection already", code="conflict")
        self.sessions[key] = session
        if self.connected and begun_in != self.life:
            session.resume()

    def forget(self, key: Key, session: Session) -> bool:
        """Lets a session go; `False` when it was not there any more."""
        if self.sessions.get(key) is not session:
            return False
        del self.sessions[key]
        self.progress()
        return True

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Acts after a while, unless the socket is gone by then."""

        def run() -> None:
            self._timers.discard(timer)
            act()

        timer = self._loop.call_later(seconds, run)
        self._timers.add(timer)

    def progress(self) -> None:
        """Is to be called when a session's backlog changed."""
        if not self.connected:
            return
        done = total = 0
        for session in self.sessions.values():
            backlog = session.backlog()
            if backlog is None:
                return
            done, total = done + backlog[0], total + backlog[1]
        self._set(CatchingUp(done, total) if done < total else Live())

    def retry_now(self) -> None:
        """Ends the wait before the next attempt."""
        self._pace.hurry()

    async def settle(self) -> None:
        """Waits until every request is answered and every written byte is stored."""
        for session in list(self.sessions.values()):
            if isinstance(session, Flushing):
                await session.flush()
        await self.requests.idle()

    @property
    def over(self) -> HubError | None:
        """Why nothing more can be asked for."""
        return _over(self.state.error) if isinstance(self.state, Closed) else None

    async def close(self) -> None:
        """Ends the connection for good."""
        self._end(None)
        main, self._main = self._main, None
        if main and main is not asyncio.current_task():
            main.cancel()
            await asyncio.wait([main])

    def _end(self, error: HubError | None) -> None:
        if isinstance(self.state, Closed):
            return
        self._set(Closed(error))
        over = _over(error)
        self.requests.fail(over)
        sessions, self.sessions = list(self.sessions.values()), {}
        for session in sessions:
            session.end(error)
        if not self._ready.done():
            self._ready.set_exception(over)
            # Whoever does not wait for it hears of the error by the state.
            self._ready.exception()

    async def _run(self) -> None:
        why: TokenReason = "connect"
        try:
            while not isinstance(self.state, Closed):
                self._set(self._pace.now)
                loss = await self._attempt(why)
                if loss.then == "stop":
                    self._end(loss.error)
                    return
                why = "refused" if loss.then == "token" else "connect"
                if loss.then == "wait":
                    planned = self._pace.plan(loss.error)
                    self._tell(planned)
                    self._set(planned)
                    await self._pace.wait()
        except Exception:
            log.exception("a fault of the client")
            self._end(HubError("a fault of the client", code="internal"))
            raise

    def _tell(self, planned: Connecting) -> None:
        """Whoever listens to no state sees in the log why nothing happens."""
        level = logging.WARNING if planned.attempt == 1 else logging.INFO
        log.log(level, "%s; the next attempt is in %d ms", planned.cause, planned.retry_in_ms)

    async def _attempt(self, why: TokenReason) -> Loss:
        """One socket's life."""
        self._refusal = None
        try:
            token = await self._credentials.get(why)
            socket = await Socket.open(self._url)
        except AuthError as error:
            return Loss(error, "stop")
        except HubError as error:
            return Loss(error, "wait" if error.retryable else "stop")
        pump = asyncio.create_task(socket.pump(), name="generic_corp sender")
        try:
            self._socket = socket
            self.later(HELLO_SECONDS, self._require_welcome)
            socket.send(encode(Hello(token=token, client=self._client)))
            async for message in socket.messages():
                self._read(message)
            if self._stopped:
                return Loss(self._stopped, "stop")
            lasted = self._loop.time() - self._welcomed_at if self._welcomed_at is not None else 0.0
            return self._pace.lost(*socket.closed_with, lasted, self._refusal)
        finally:
            self._disconnected()
            pump.cancel()
            await socket.close()

    def _require_welcome(self) -> None:
        if self._socket and not self.connected:
            self._socket.abort()

    def _disconnected(self) -> None:
        self.life += 1
        self._socket = self._welcomed_at = None
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self._renewal:
            self._renewal.cancel()
            self._renewal = None
        self.requests.disconnected()

    def _read(self, message: str | bytes) -> None:
        # Binary frames were not asked for.
        if isinstance(message, bytes):
            return
        try:
            frames = decode_message(message)
        except MalformedError as error:
            # Of an event that is lost here the next one tells, by its number.
            log.warning("the hub said what cannot be read: %s", error)
            return
        for frame in frames:
            self._receive(frame, len(message) // len(frames))

    def _receive(self, frame: ServerFrame, size: int) -> None:
        match frame:
            case Welcome():
                self._welcomed(frame)
            case Okay() | Joined():
                self.requests.settle(frame)
            case Failure():
                if not self.requests.settle(frame) and not self.connected:
                    self._refusal = from_failure(frame)
            case Goaway():
                self._leave_at(frame.reconnect_after_ms / 1000, frame.reason)
            case _:
                key = addressed(frame)
                session = self.sessions.get(key) if key else None
                if session:
                    session.receive(frame, size)
        self.frames.tell(frame)

    def _welcomed(self, welcome: Welcome) -> None:
        first = not self.connected
        self.welcome = welcome
        if self._renewal:
            self._renewal.cancel()
        if welcome.token_expires_at and self._credentials.renewable:
            left = (welcome.token_expires_at - welcome.server.time).total_seconds()
            self._renewal = asyncio.create_task(self._renew(max(left * 0.8, 1.0)))
        if not first:
            return
        self._welcomed_at = self._loop.time()
        if self.presence.state != "online" or self.presence.text:
            self.say(self.presence)
        for session in list(self.sessions.values()):
            session.resume()
        self.requests.resend(self.send)
        self.progress()
        if not self._ready.done():
            self._ready.set_result(None)

    async def _renew(self, wait: float) -> None:
        """Says `hello` again with a new token while the old one is still good for a fifth of its time."""
        await asyncio.sleep(wait)
        try:
            token = await self._credentials.get("renew")
        except AuthError as error:
            self._stopped = error
            if self._socket:
                self._socket.abort()
        except HubError as error:
            # The hub's 4401 will ask again.
            log.warning("the token was not renewed: %s", error)
        else:
            self.say(Hello(id=self.requests.next_id(), token=token, client=self._client))

    def _leave_at(self, seconds: float, reason: str) -> None:
        """The hub drains: come back in this client's slot, whether the hub has closed the socket by then or not."""
        self._pace.slot = self._loop.time() + seconds

        def leave() -> None:
            self._refusal = HubError(reason, retryable=True)
            if self._socket:
                self._socket.abort()

        self.later(seconds, leave)

    def _set(self, state: State) -> None:
        if isinstance(self.state, Closed) or (state == self.state and isinstance(state, Live)):
            return
        self.state = state
        self.states.tell(state)


def _over(error: HubError | None) -> HubError:
    return error.again() if error else HubError("the connection was closed")
