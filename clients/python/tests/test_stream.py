"""Output streams: written and read across whatever happens, against the real hub."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from conftest import BeginHub
from real_hub import RealHub, take, until

from generic_corp import Hub, HubError, LimitError, StreamInfo
from generic_corp._reader import HIGH_WATER_BYTES as READER_BYTES
from generic_corp._writer import HIGH_WATER_BYTES as WRITER_BYTES
from generic_corp._writer import PIECE_BYTES


async def whole(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def info(hub: Hub, stream: str) -> StreamInfo:
    """The stream as it stands."""
    async with hub.read(stream, follow=False, tail_bytes=0) as reader:
        return await reader.info()


async def test_a_stream_is_written_followed_read_again_and_asked_to_stop(hub: RealHub) -> None:
    sable, yuki = await hub.bot("sable"), await hub.bot("yuki")
    room = await yuki.join("bots")
    out = await sable.open_stream("bots", "numbers", role="text", media_type="text/plain")
    reader = yuki.read(out.id)
    opened = await reader.info()
    assert (opened.name, opened.role, opened.media_type) == ("numbers", "text", "text/plain")
    text = "".join(f"{number} é\n" for number in range(20_000))
    await out.write(text)
    assert out.cancel_notice is None
    await yuki.cancel(out.id, "enough")
    notice = await out.wait_cancelled()
    assert notice is not None
    assert (notice.reason, notice.by.name) == ("enough", "yuki")
    await out.close(exit_code=3, metadata={"tokens": 7})
    data = text.encode()
    assert await whole(reader) == data
    assert reader.closed is not None
    assert (reader.closed.outcome, reader.closed.exit_code, reader.offset) == ("failed", 3, len(data))
    assert await whole(yuki.read(out.id, offset=100_000)) == data[100_000:]
    assert await whole(yuki.read(out.id, tail_bytes=10, follow=False)) == data[-10:]
    assert "".join([piece async for piece in yuki.read(out.id).text()]) == text
    begun, ended = await take(room, 2)
    assert (begun.kind, ended.kind, ended.body["metadata"]) == ("stream.opened", "stream.closed", {"tokens": 7})
    with pytest.raises(HubError) as closed:
        await out.write("more")
    assert closed.value.code == "stream_closed"
    with pytest.raises(HubError) as beyond:
        await take(yuki.read(out.id, offset=len(data) + 1), 1)
    assert beyond.value.code == "stream_offset"


async def test_bytes_that_are_no_text_arrive_as_they_are(hub: RealHub) -> None:
    sable = await hub.bot("sable")
    data = bytes(range(256)) * 500 + b"\x1b" * 40_000 + "é".encode() * 30_001
    async with sable.open_stream("bots", "bytes", media_type="application/octet-stream") as out:
        await out.write(data[:7])
        await out.write(bytearray(data[7:100_000]))
        await out.write(memoryview(data)[100_000:])
        await out.write("")
        with pytest.raises(TypeError):
            await out.write(7)  # type: ignore[arg-type]
        assert out.offset == len(data)
        await out.flush()
        assert out.stored == len(data)
    assert await whole(sable.read(out.id)) == data
    text = "".join([piece async for piece in sable.read(out.id).text()])
    assert text == data.decode(errors="replace")


async def test_writer_and_reader_go_on_when_the_hub_is_killed(hub: RealHub) -> None:
    sable, yuki = await hub.bot("sable"), await hub.bot("yuki")
    out = await sable.open_stream("bots", "steady")
    reader = yuki.read(out.id)
    reading = asyncio.create_task(whole(reader))
    written = ""
    stop = asyncio.Event()

    async def write() -> None:
        nonlocal written
        line = 0
        while not stop.is_set():
            line += 1
            text = f"\x1b[3{line % 8}mline {line}\x1b[0m é\n"
            written += text
            await out.write(text)
            await asyncio.sleep(0)

    writing = asyncio.create_task(write())
    for _ in range(3):
        stored = out.stored
        await until(lambda stored=stored: out.stored > stored + 10_000, "work going on")
        await hub.crash(sable, yuki)
    stop.set()
    await writing
    await out.close(exit_code=0)
    assert (await reading).decode() == written
    assert reader.closed is not None
    assert reader.closed.outcome == "completed"


async def test_a_writer_waits_for_a_hub_that_takes_nothing(hub: RealHub) -> None:
    sable = await hub.bot("sable")
    out = await sable.open_stream("bots", "large")
    hub.freeze()
    writing = asyncio.create_task(out.write(b"x" * 3 * WRITER_BYTES))
    await until(lambda: out.offset - out.stored > WRITER_BYTES - PIECE_BYTES, "as much as may be kept")
    assert out.offset - out.stored <= WRITER_BYTES
    assert not writing.done()
    hub.thaw()
    await writing
    await out.close()
    assert (await info(sable, out.id)).length == 3 * WRITER_BYTES


async def test_a_slow_reader_holds_little_and_gets_all(hub: RealHub) -> None:
    sable, yuki = await hub.bot("sable"), await hub.bot("yuki")
    async with sable.open_stream("bots", "large") as out:
        reader = yuki.read(out.id)
        await reader.info()
        data = bytes(range(251)) * 20_000
        await out.write(data)
        await out.flush()
        await until(lambda: reader._paused, "the pause")
        assert reader._held <= READER_BYTES + 64 * 1024
        first = (await take(reader, 1))[0]
        await hub.crash(sable, yuki)
        await out.write("the end")
    assert first + await whole(reader) == data + b"the end"


async def test_a_reader_stops_and_goes_on_another_day(hub: RealHub) -> None:
    sable = await hub.bot("sable")
    async with sable.open_stream("bots", "words") as out:
        await out.write("one two ")
        await out.flush()
        async with sable.read(out.id) as reader:
            assert await take(reader, 1) == [b"one two "]
            with pytest.raises(HubError) as twice:
                sable.read(out.id)
            assert twice.value.code == "conflict"
            offset = reader.offset
        assert [piece async for piece in reader] == []
        await out.write("three")
    assert await whole(sable.read(out.id, offset=offset)) == b"three"
    with pytest.raises(HubError) as nowhere:
        await take(sable.read("01a213da-39c5-7773-9d3d-a4c57e47b25e"), 1)
    assert nowhere.value.code == "not_found"
    with pytest.raises(ValueError, match="not both"):
        sable.read(out.id, offset=1, tail_bytes=1)


async def test_a_key_finds_the_same_stream_again(hub: RealHub) -> None:
    sable = await hub.bot("sable")
    out = await sable.open_stream("bots", "job", key="job-1")
    await out.write("half")
    await out.flush()
    await sable.close()
    sable = await hub.bot("sable")
    async with sable.open_stream("bots", "job", key="job-1") as again:
        assert (again.id, again.offset) == (out.id, 4)
        await again.write(" and half")
    assert await whole(sable.read(out.id)) == b"half and half"
    with pytest.raises(HubError) as ended:
        await sable.open_stream("bots", "job", key="job-1")
    assert ended.value.code == "stream_closed"


async def test_an_exception_ends_the_stream_as_failed_and_a_cancellation_as_cancelled(hub: RealHub) -> None:
    sable = await hub.bot("sable")
    with pytest.raises(ZeroDivisionError):
        async with sable.open_stream("bots", "fails") as out:
            await out.write("before")
            await out.write(str(1 // 0))
    failed = await info(sable, out.id)
    assert (failed.state, failed.length) == ("failed", 6)

    opened = asyncio.Event()

    async def work() -> None:
        nonlocal out
        async with sable.open_stream("bots", "endless") as out:
            await out.write("before")
            opened.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await opened.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await info(sable, out.id)).state == "cancelled"

    with pytest.raises(ConnectionError):
        async with sable.open_stream("bots", "away") as out:
            await hub.kill()
            await out.write("never stored")
            raise ConnectionError
    assert out._key not in sable._connection.sessions


async def test_appends_beyond_the_rate_are_sent_again_in_time(begin_hub: BeginHub) -> None:
    hub = await begin_hub(plan={"bytes_per_second": 400_000, "byte_burst": 200_000})
    await hub.room("bots")
    sable = await hub.bot("sable")
    data = bytes(range(100)) * 6_000
    async with sable.open_stream("bots", "fast") as out:
        await out.write(data)
    assert await whole(sable.read(out.id)) == data
    assert sable.state.name == "live"


async def test_a_stream_beyond_the_quota_is_a_limit_error(begin_hub: BeginHub) -> None:
    hub = await begin_hub(plan={"messages_per_hour": 1})
    await hub.room("bots")
    sable = await hub.bot("sable")
    async with sable.open_stream("bots", "the last one") as out:
        await out.write("still taken")
        with pytest.raises(LimitError) as used_up:
            await sable.open_stream("bots", "one too many")
    assert used_up.value.code == "quota_exceeded"
    assert (await info(sable, out.id)).state == "completed"


async def test_a_stream_that_the_hub_has_ended_says_so(begin_hub: BeginHub) -> None:
    hub = await begin_hub(LOG__STREAM_LEASE_SECONDS="5")
    await hub.room("bots")
    sable, yuki = await hub.bot("sable"), await hub.bot("yuki")
    out = await sable.open_stream("bots", "job", key="job-1")
    api = f"/workspaces/main/streams/{out.id}/close"
    await out.write("half")
    await out.flush()
    hub.token, admin = (await hub.new_key("sable", scopes=["read", "publish", "stream"]))[0], hub.token
    await hub.api(api, {"offset": 4, "outcome": "failed"})
    hub.token = admin
    await out.write("more")
    with pytest.raises(HubError) as ended:
        await out.flush()
    assert ended.value.code == "stream_closed"
    assert await out.wait_cancelled() is None
    assert await whole(yuki.read(out.id)) == b"half"
