"""Writes an output stream.

Bytes are kept until the hub has stored them, so nothing is lost or doubled when the connection breaks. Small writes
that have to wait go out together. A writer that is faster than the hub waits.
"""

import asyncio
import base64
import contextlib
from types import TracebackType
from typing import Any

from ._codec import MalformedError, decode, to_json
from ._connection import Connection
from ._error import HubError, from_failure
from ._log import log
from ._pace import backoff
from ._protocol import (
    CancelNotice,
    Failure,
    Okay,
    ServerFrame,
    StreamAck,
    StreamAppend,
    StreamClose,
    StreamOpen,
    StreamOpened,
    StreamOutcome,
)
from ._requests import Reply
from ._session import Key

# Beyond it `write` waits.
HIGH_WATER_BYTES = 1 << 20
# In base64 and with its envelope, a piece still fits into one frame.
PIECE_BYTES = 32 * 1024
LARGEST_TEXT_BYTES = 60 * 1024
# Appends that may wait for their answer; what is written meanwhile is kept, and goes out together.
IN_FLIGHT = 8
# How long an aborted stream may take to say so; after that the hub closes it by itself.
ABORT_SECONDS = 5.0


class StreamWriter:
    """An open stream of this program.

    As `async with` it is closed at the end: as completed, after an exception as failed, and when the task is
    cancelled as cancelled.
    """

    def __init__(self, connection: Connection, opening: StreamOpen, opened: StreamOpened) -> None:
        self.id = opened.stream
        """The stream's id."""
        self.cancel_notice: CancelNotice | None = None
        """Who asked to stop, and why; `None` as long as nobody has."""
        self._connection = connection
        self._opening = opening
        self._key: Key = ("write", opened.stream)
        # The first byte that is kept: the hub has stored everything before it.
        self._stored = self._sent = opened.offset
        self._kept = bytearray()
        self._in_flight = 0
        # Until the lease is taken again, the hub may know less than was sent.
        self._opening_again = False
        # An append was refused: those behind it are too, and are to be answered before it is sent again.
        self._holding = False
        self._rested = False
        self._refusals = 0
        self._closing = False
        self._error: HubError | None = None
        self._turn = asyncio.Lock()
        self._news = asyncio.Event()
        self._cancelled = asyncio.Event()

    @property
    def offset(self) -> int:
        """The offset of the next byte that is written."""
        return self._stored + len(self._kept)

    @property
    def stored(self) -> int:
        """How many bytes the hub has stored."""
        return self._stored

    async def write(self, data: str | bytes | bytearray | memoryview) -> None:
        """Appends, as soon as there is room. When it is cancelled, `offset` tells how much was taken."""
        whole = data.encode() if isinstance(data, str) else bytes(memoryview(data))
        async with self._turn:
            for at in range(0, len(whole), PIECE_BYTES):
                await self._until(HIGH_WATER_BYTES - PIECE_BYTES)
                if self._closing:
                    raise HubError("the stream is closed", code="stream_closed")
                self._kept += whole[at : at + PIECE_BYTES]
                self._flush()

    async def flush(self) -> None:
        """Waits until everything that was written is stored."""
        await self._until(0)

    async def wait_cancelled(self) -> CancelNotice | None:
        """Waits until somebody asks to stop, or the stream has ended, which is `None`."""
        await self._cancelled.wait()
        return self.cancel_notice

    async def close(
        self, *, exit_code: int | None = None, outcome: StreamOutcome | None = None, metadata: Any = None
    ) -> None:
        """Waits until everything is stored, then ends the stream.

        `outcome` is `completed` when left out, and `failed` with an exit code other than 0.
        """
        self._closing = True
        await self._until(0)
        frame = StreamClose(
            stream=self.id,
            offset=self._stored,
            outcome=outcome or ("failed" if exit_code else "completed"),
            exit_code=exit_code,
            metadata=metadata,
        )
        self._connection.forget(self._key, self)
        self._cancelled.set()
        await self._connection.command(frame, None)

    async def abort(self, outcome: StreamOutcome = "failed") -> None:
        """Ends the stream as it stands: what was not sent yet is left out. Does not raise, and takes 5 s at most."""
        self._closing = True
        del self._kept[max(self._sent - self._stored, 0) :]
        with contextlib.suppress(HubError, asyncio.TimeoutError):
            await asyncio.wait_for(self.close(outcome=outcome), ABORT_SECONDS)
        self._fail(HubError("the stream was aborted", code="stream_closed"))

    async def __aenter__(self) -> "StreamWriter":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            await self.abort("cancelled" if isinstance(error, asyncio.CancelledError) else "failed")
        elif not self._closing:
            await self.close()

    def resume(self) -> None:
        """Takes the lease again; the answer tells how far the hub has got. For the connection."""
        self._in_flight = 0
        self._holding = False
        self._opening_again = True
        self._connection.ask(self._opening, self._opened_again)

    def backlog(self) -> tuple[int, int]:
        """Streams are not counted; for the connection."""
        return 0, 0

    def receive(self, frame: ServerFrame, _size: int) -> None:
        """Takes a frame; for the connection."""
        match frame:
            case StreamAck():
                self._acknowledged(frame.offset)
            case CancelNotice():
                self.cancel_notice = frame
                self._cancelled.set()

    def end(self, error: HubError | None) -> None:
        """Nothing more can be written; for the connection."""
        self._error = self._error or error or HubError("the connection was closed")
        self._cancelled.set()
        self._news.set()

    def _opened_again(self, reply: Reply) -> None:
        self._opening_again = False
        if isinstance(reply, Failure):
            error = from_failure(reply)
            if error.retryable:
                self._opening_again = True
                self._connection.later(self._rest(error), self.resume)
            else:
                self._fail(error)
        elif isinstance(reply, Okay):
            self._go_on(reply)

    def _go_on(self, reply: Okay) -> None:
        try:
            opened = decode(StreamOpened, reply.result)
        except MalformedError:
            self._fail(HubError("the answer to `stream.open` cannot be read", code="unreadable"))
            return
        if opened.state != "open":
            self._fail(HubError(f"the hub ended the stream: {opened.state}", code="stream_closed"))
        elif opened.offset < self._stored:
            self._fail(HubError("the hub has lost bytes that it had stored", code="stream_offset"))
        else:
            self._sent = self._stored
            self._acknowledged(opened.offset)

    def _acknowledged(self, offset: int) -> None:
        if offset > self._stored:
            del self._kept[: offset - self._stored]
            self._stored = offset
            self._sent = max(self._sent, offset)
            self._refusals = 0
            self._news.set()
        self._flush()

    def _flush(self) -> None:
        while not (self._error or self._opening_again or self._holding) and self._in_flight < IN_FLIGHT:
            piece = bytes(self._kept[self._sent - self._stored :][:PIECE_BYTES])
            if not piece or not self._connection.ask(self._append(piece), self._answered):
                return
            self._sent += len(piece)
            self._in_flight += 1

    def _append(self, piece: bytes) -> StreamAppend:
        """As text where the piece is whole UTF-8 and its JSON fits into a frame, else in base64."""
        with contextlib.suppress(UnicodeDecodeError):
            text = piece.decode()
            if len(to_json(text).encode()) <= LARGEST_TEXT_BYTES:
                return StreamAppend(stream=self.id, offset=self._sent, text=text)
        return StreamAppend(stream=self.id, offset=self._sent, base64=base64.b64encode(piece).decode())

    def _answered(self, reply: Reply) -> None:
        self._in_flight -= 1
        if isinstance(reply, Failure):
            self._refused(from_failure(reply))
        self._send_again()
        self._flush()

    def _refused(self, error: HubError) -> None:
        # Those behind a refused append begin beyond the end.
        behind = error.code == "stream_offset" and self._holding
        length = error.details.get("length") if isinstance(error.details, dict) else None
        lost = error.code == "stream_offset" and isinstance(length, int) and length < self._stored
        if lost or not (error.retryable or error.code == "stream_offset"):
            self._fail(error)
        elif not behind:
            self._holding, self._rested = True, False
            self._connection.later(self._rest(error), self._has_rested)

    def _rest(self, error: HubError) -> float:
        self._refusals += 1
        if error.code == "quota_exceeded":
            log.warning("stream %s waits: %s", self.id, error)
        return max(backoff(self._refusals), (error.retry_after_ms or 0) / 1000)

    def _has_rested(self) -> None:
        self._rested = True
        self._send_again()

    def _send_again(self) -> None:
        if self._holding and self._rested and not self._in_flight:
            self._holding = False
            self._sent = self._stored
            self._flush()

    def _fail(self, error: HubError) -> None:
        self._connection.forget(self._key, self)
        self.end(error)

    async def _until(self, most: int) -> None:
        """Waits until no more than so many bytes are kept."""
        while not self._error and len(self._kept) > most:
            self._news.clear()
            await self._news.wait()
        if self._error:
            raise self._error.again()
