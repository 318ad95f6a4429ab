"""One WebSocket: text out through a bounded queue, messages in. It knows nothing of frames."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import quote, urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.http11 import Response
from websockets.typing import Subprotocol

from ._error import HubError, hub_error
from ._protocol import SUBPROTOCOL

OPEN_SECONDS = 10.0
# How long the closing handshake may take before the socket is cut.
CLOSE_SECONDS = 2.0
# After so long a silence the hub is asked for a sign of life, and given up when none comes for as long again.
PING_SECONDS = 20.0
# A page of history comes near a megabyte; whoever sends far more is no hub.
MAX_MESSAGE_BYTES = 8 << 20
# Beyond it the hub takes nothing: the socket is given up, and what waits is sent again on the next one.
MAX_OUTBOX = 4096
# No close frame came.
BROKEN = 1006

try:
    VERSION = version("generic-corp")
except PackageNotFoundError:
    # Run from a folder of sources.
    VERSION = "0"

# The library writes each message into its debug log, and the first one holds the token.
_log = logging.getLogger("generic_corp.websocket")
_log.setLevel(logging.INFO)


def socket_url(base: str, workspace: str) -> str:
    """`http://host/base` and a workspace to `ws://host/base/ws/{workspace}`."""
    parts = urlsplit(base)
    scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
    if not scheme or not parts.hostname:
        raise ValueError("the hub's address begins with http://, https://, ws:// or wss://")
    if "@" in parts.netloc:
        raise ValueError("the hub's address holds no credentials; give `token`")
    path = f"{parts.path.rstrip('/')}/ws/{quote(workspace, safe='')}"
    return urlunsplit((scheme, parts.netloc, path, "", ""))


class _Connect(connect):
    """Follows no redirect: the token would be said to whoever is named."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Socket:
    """An open WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._outbox: deque[str] = deque()
        self._waiting = asyncio.Event()

    @classmethod
    async def open(cls, url: str) -> "Socket":
        """Connects; `HubError` says whether that may be tried again."""
        try:
            connection = await _Connect(
                url,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                open_timeout=OPEN_SECONDS,
                close_timeout=CLOSE_SECONDS,
                ping_interval=PING_SECONDS,
                ping_timeout=PING_SECONDS,
                user_agent_header=f"generic-corp-python/{VERSION}",
                logger=_log,
            )
        except InvalidStatus as refused:
            raise _refusal(refused.response) from refused
        except (OSError, EOFError, asyncio.TimeoutError, InvalidHandshake) as error:
            message = f"the hub cannot be reached: {error or type(error).__name__}"
            raise HubError(message, code="unavailable", retryable=True) from error
        return cls(connection)

    def send(self, text: str) -> None:
        """Queues a message; never waits."""
        if len(self._outbox) >= MAX_OUTBOX:
            self.abort()
        else:
            self._outbox.append(text)
            self._waiting.set()

    async def pump(self) -> None:
        """Sends what is queued, as fast as the hub takes it, until the socket is closed."""
        try:
            while True:
                await self._waiting.wait()
                while self._outbox:
                    await self._connection.send(self._outbox.popleft())
                self._waiting.clear()
        except ConnectionClosed:
            # The reader says why.
            return

    async def messages(self) -> AsyncIterator[str | bytes]:
        """What the hub says, until the socket is closed."""
        try:
            while True:
                yield await self._connection.recv()
        except ConnectionClosed:
            return

    @property
    def closed_with(self) -> tuple[int, str]:
        """The hub's close code and reason."""
        frame = self._connection.protocol.close_rcvd
        return (frame.code, frame.reason) if frame else (BROKEN, "")

    def abort(self) -> None:
        """Cuts the socket at once."""
        self._connection.transport.abort()

    async def close(self) -> None:
        """Says goodbye."""
        await self._connection.close()


def _refusal(response: Response) -> HubError:
    """The hub says by problem details whether to come back; whoever says none is a proxy, and may be gone soon."""
    try:
        problem = json.loads(response.body)
        code, detail, retryable = problem["code"], problem["detail"], problem["retryable"]
        wait, details = problem.get("retry_after_ms"), problem.get("details")
    except (ValueError, TypeError, KeyError, AttributeError):
        message = f"the hub cannot be reached: HTTP status {response.status_code}"
        return HubError(message, code="unavailable", retryable=True)
    wait = wait if isinstance(wait, int) else None
    return hub_error(str(code), str(detail), retryable=bool(retryable), retry_after_ms=wait, details=details)
