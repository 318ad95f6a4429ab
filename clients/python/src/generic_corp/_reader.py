"""Reads an output stream from a byte on, across reconnects.

When the reader does not keep up, the hub is asked to stop and later to go on from the next byte, so that little is
held here.
"""

import asyncio
import base64
import codecs
from collections import deque
from collections.abc import AsyncIterator

from ._codec import MalformedError, decode
from ._connection import Connection
from ._error import HubError, from_failure
from ._pace import backoff
from ._protocol import (
    Failure,
    Leave,
    Okay,
    Reset,
    ServerFrame,
    StreamClosed,
    StreamData,
    StreamInfo,
    StreamRead,
    StreamReading,
)
from ._requests import Reply
from ._session import Key

# Beyond it the hub is asked to stop, until all of it was read.
HIGH_WATER_BYTES = 1 << 20


class StreamReader:
    """The bytes of a stream, in order and each once, as an iterator over pieces of them.

    As `async with` it stops reading at the end.
    """

    def __init__(
        self, connection: Connection, stream: str, offset: int | None, tail_bytes: int | None, follow: bool
    ) -> None:
        self.id = stream
        self.closed: StreamClosed | None = None
        """How the stream ended; known once its last byte was handed out."""
        self._connection = connection
        self._key: Key = ("read", stream)
        self._tail_bytes = tail_bytes
        self._follow = follow
        # The next byte that is wanted of the hub; with `tail_bytes` the hub says where that is.
        self._wanted = offset if offset is not None else (0 if tail_bytes is None else None)
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._paused = False
        self._asking = False
        self._end: StreamClosed | None = None
        # Without `follow`: where the stream stood.
        self._until: int | None = None
        self._ended = False
        self._error: HubError | None = None
        self._refusals = 0
        self._news = asyncio.Event()
        self._info: asyncio.Future[StreamInfo] = asyncio.get_running_loop().create_future()

    @property
    def offset(self) -> int:
        """How many bytes lie before what comes next; `read` goes on from it another day."""
        return (self._wanted or 0) - self._held

    async def info(self) -> StreamInfo:
        """The stream as it stood when reading began."""
        return await asyncio.shield(self._info)

    async def text(self) -> AsyncIterator[str]:
        """The stream as text; what is no UTF-8 becomes U+FFFD."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        async for piece in self:
            if text := decoder.decode(piece):
                yield text
        if text := decoder.decode(b"", final=True):
            yield text

    def stop(self) -> None:
        """Stops reading."""
        if self._connection.forget(self._key, self):
            self._leave()
        self._pieces.clear()
        self.end(None)

    def __aiter__(self) -> "StreamReader":
        return self

    async def __anext__(self) -> bytes:
        while True:
            self._news.clear()
            if self._pieces:
                piece = self._pieces.popleft()
                self._held -= len(piece)
                if self._paused and not self._pieces:
                    self.resume()
                return piece
            if self._ended:
                self.closed = self._end
                if self._error:
                    raise self._error.again()
                raise StopAsyncIteration
            await self._news.wait()

    async def __aenter__(self) -> "StreamReader":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()

    def resume(self) -> None:
        """Asks for what comes next; for the connection."""
        if self._ended:
            return
        self._paused = bool(self._pieces)
        if self._paused:
            return
        tail_bytes = self._tail_bytes if self._wanted is None else None
        follow = None if self._follow else False
        read = StreamRead(stream=self.id, offset=self._wanted, tail_bytes=tail_bytes, follow=follow)
        self._asking = self._connection.ask(read, self._answered)

    def backlog(self) -> tuple[int, int]:
        """Streams are not counted; for the connection."""
        return 0, 0

    def receive(self, frame: ServerFrame, _size: int) -> None:
        """Takes a frame; for the connection."""
        match frame:
            case StreamData():
                self._data(frame)
            case StreamClosed():
                # Bytes that were left out while paused come first, after which the hub says it again.
                if not self._paused and (self._wanted or 0) >= frame.offset:
                    self._end = frame
                    self._finish()
            case Reset():
                details = {"length": frame.position}
                self._fail(HubError(frame.reason, code="stream_offset", details=details))

    def end(self, error: HubError | None) -> None:
        """Nothing more comes; for the connection."""
        if self._ended:
            return
        self._ended, self._error = True, error
        if not self._info.done():
            self._info.set_exception(error.again() if error else HubError("reading was stopped"))
            # Whoever does not ask for it hears of the error from the iterator.
            self._info.exception()
        self._news.set()

    def _finish(self) -> None:
        self._connection.forget(self._key, self)
        self.end(None)

    def _answered(self, reply: Reply) -> None:
        self._asking = False
        if isinstance(reply, Failure):
            self._refused(from_failure(reply))
        elif isinstance(reply, Okay):
            try:
                reading = decode(StreamReading, reply.result)
            except MalformedError:
                self._fail(HubError("the answer to `stream.read` cannot be read", code="unreadable"))
            else:
                self._began(reading)

    def _began(self, reading: StreamReading) -> None:
        self._refusals = 0
        if self._wanted is None:
            self._wanted = reading.offset
        if not self._info.done():
            self._info.set_result(reading.info)
            if not self._follow:
                self._until = reading.info.length
        if self._until is not None and self._wanted >= self._until:
            self._finish()

    def _refused(self, error: HubError) -> None:
        if error.retryable and self._info.done():
            self._refusals += 1
            self._connection.later(max(backoff(self._refusals), (error.retry_after_ms or 0) / 1000), self.resume)
        else:
            self._fail(error)

    def _fail(self, error: HubError) -> None:
        self._connection.forget(self._key, self)
        self.end(error)

    def _data(self, frame: StreamData) -> None:
        # What comes before the answer is still of an earlier reading.
        if self._ended or self._paused or self._asking or self._wanted is None:
            return
        try:
            data = _bytes_of(frame)
        except ValueError:
            self._fail(HubError("bytes of the stream cannot be read", code="unreadable"))
            return
        skip = self._wanted - frame.offset
        if skip < 0:
            self.resume()
        elif skip < len(data):
            self._take(data[skip:])

    def _take(self, piece: bytes) -> None:
        self._wanted = (self._wanted or 0) + len(piece)
        self._pieces.append(piece)
        self._held += len(piece)
        self._news.set()
        if self._until is not None and self._wanted >= self._until:
            self._finish()
        elif self._held > HIGH_WATER_BYTES:
            self._paused = True
            self._leave()

    def _leave(self) -> None:
        self._connection.say(Leave(stream=self.id))


def _bytes_of(data: StreamData) -> bytes:
    if data.text is not None:
        return data.text.encode()
    return base64.b64decode(data.base64 or "", validate=True)
