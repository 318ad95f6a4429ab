"""A hub that says what no real one would: the other end of the socket is the test."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

SENDER = {"kind": "agent", "id": "a", "name": "sable"}
TIME = "2026-01-01T00:00:00.000Z"


def welcome(**more: object) -> dict[str, Any]:
    limits = {"max_frame_bytes": 65536, "max_append_bytes": 49152, "max_rooms": 100, "max_streams": 100}
    quota = {"plan": "free", "messages_per_second": 1, "message_burst": 1, "bytes_per_second": 1, "byte_burst": 1}
    return {
        "type": "welcome",
        "connection": "c",
        "workspace": {"id": "w", "slug": "main", "name": "Main"},
        "you": SENDER,
        "scopes": ["read"],
        "server": {"version": "0", "node": "n", "time": TIME},
        "heartbeat_ms": 25_000,
        "limits": {**limits, "max_in_flight": 128},
        "quota": {**quota, "messages_per_hour": 1, "messages_this_hour": 0, "hour_resets_at": TIME},
        **more,
    }


def event(seq: int, **more: object) -> dict[str, Any]:
    body = {"text": str(seq)}
    frame = {"type": "event", "room": "deploy", "seq": seq, "time": TIME, "sender": SENDER, "kind": "message"}
    return {**frame, "body": body, **more}


def joined(ask: dict[str, Any], head: int, after: int, **more: object) -> dict[str, Any]:
    frame = {"type": "joined", "id": ask["id"], "room": "deploy", "head": head, "epoch": "e1", "after": after}
    return {**frame, "recovered": False, "members": [], "member_count": 0, "streams": [], **more}


def page(ask: dict[str, Any], events: list[dict[str, Any]], head: int) -> dict[str, Any]:
    result = {"events": events, "head": head, "epoch": "e1", "oldest": 1, "more": False}
    return {"type": "ok", "id": ask["id"], "result": result}


class Line:
    """One connection of the client."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket

    async def say(self, *frames: object) -> None:
        """Each in a message of its own; text as it is."""
        for frame in frames:
            await self.socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def hear(self, kind: str) -> dict[str, Any]:
        """The next frame, which is of this type."""
        frame: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), 10))
        assert frame["type"] == kind, frame
        return frame

    async def end(self, code: int, reason: str = "") -> None:
        await self.socket.close(code, reason)


class FalseHub:
    """Takes connections, and hands them to the test one by one."""

    def __init__(self) -> None:
        self.url = ""
        self.refusal: Callable[[ServerConnection, Request], Response | None] = lambda _socket, _request: None
        self.handshakes = 0
        self._lines: asyncio.Queue[Line] = asyncio.Queue()

    async def line(self, answer: dict[str, Any] | None = None) -> Line:
        """The next connection, after its `hello`; welcomed, unless told otherwise."""
        line = await asyncio.wait_for(self._lines.get(), 30)
        hello = await line.hear("hello")
        assert hello["token"] == "t"
        await line.say(answer or welcome())
        return line

    async def serve(self, socket: ServerConnection) -> None:
        await self._lines.put(Line(socket))
        await socket.wait_closed()

    def check(self, socket: ServerConnection, request: Request) -> Response | None:
        self.handshakes += 1
        assert request.path == "/base/ws/main"
        assert "authorization" not in request.headers
        return self.refusal(socket, request)


@asynccontextmanager
async def false_hub() -> AsyncIterator[FalseHub]:
    hub = FalseHub()
    subprotocols = [Subprotocol("generic-corp.v1")]
    async with serve(
        hub.serve,
        "127.0.0.1",
        0,
        subprotocols=subprotocols,
        process_request=hub.check,
        compression=None,
        max_queue=None,
    ) as server:
        hub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/base/"
        yield hub
        for connection in list(server.connections):
            connection.transport.abort()


def problem(status: HTTPStatus, code: str, retryable: bool) -> Response:
    """Problem details, as the hub refuses a handshake with."""
    from websockets.datastructures import Headers

    body = json.dumps({"code": code, "detail": f"it is {code}", "retryable": retryable, "retry_after_ms": 1})
    return Response(status.value, status.phrase, Headers({"Content-Length": str(len(body))}), body.encode())
