"""Rooms: what a bot may rely on, against the real hub."""

import asyncio
import shutil

import pytest
from real_hub import RealHub, read_all, take, until

from generic_corp import Cursor, Ephemeral, Gap, Hub, HubError
from generic_corp._feed import QUEUE_EVENTS


async def publish_many(hub: Hub, room: str, count: int) -> None:
    """Numbered messages, a hundred at a time."""
    for start in range(1, count + 1, 100):
        await asyncio.gather(*(hub.publish(room, str(number)) for number in range(start, start + 100)))


async def test_two_bots_talk_and_a_key_used_twice_is_stored_once(hub: RealHub) -> None:
    sable, yuki = await hub.bot("sable"), await hub.bot("yuki")
    here, there = await sable.join("bots"), await yuki.join("bots")
    first = await here.publish("hello", key="k1", mentions=["yuki"])
    again = await here.publish("hello", key="k1", mentions=["yuki"])
    assert (again.seq, again.duplicate) == (first.seq, True)
    (event,) = await take(there, 1)
    assert (event.seq, event.sender.name, event.body) == (first.seq, "sable", {"text": "hello"})
    assert event.mentions == ("yuki",)
    answer = await there.publish({"text": "I read you"}, reply_to=event)
    hello, reply = await take(here, 2)
    assert (hello.seq, reply.seq, reply.reply_to) == (event.seq, answer.seq, event.seq)
    with pytest.raises(HubError) as refused:
        await here.publish("other", key="k1")
    assert (refused.value.code, refused.value.retryable) == ("idempotency_conflict", False)
    page = await sable.history("bots", limit=1)
    assert [each.seq for each in page.events] == [answer.seq]
    assert (page.head, page.more) == (answer.seq, True)


async def test_a_stored_cursor_goes_on_another_day(hub: RealHub) -> None:
    sable = await hub.bot("sable")
    async with sable.join("bots") as room:
        await publish_many(sable, "bots", 100)
        seen = await take(room, 40)
        stored = str(room.cursor)
    await sable.close()
    sable = await hub.bot("sable")
    room = await sable.join("bots", after=stored)
    assert room.joined.recovered
    seen += await take(room, 60)
    assert [event.seq for event in seen] == list(range(1, 101))
    epoch = Cursor.parse(stored).epoch
    await room.publish("one more")
    room.leave()
    for after, of in ((Cursor(100, epoch), None), (100, epoch), (100, None)):
        async with sable.join("bots", after=after, epoch=of) as again:
            (event,) = await take(again, 1)
            assert (event.seq, again.cursor) == (101, Cursor(101, epoch))
    async with sable.join("bots", tail=2) as last:
        assert [event.seq for event in await take(last, 2)] == [100, 101]
    with pytest.raises(ValueError, match="cursor"):
        sable.join("bots", after="yesterday")


async def test_a_reader_that_falls_behind_is_served_from_the_history(hub: RealHub) -> None:
    sable, yuki = await hub.bot("sable"), await hub.bot("yuki")
    room = await yuki.join("bots")
    await publish_many(sable, "bots", 3_000)
    await until(lambda: room._feed._newest == 3_000, "everything has come over the socket")
    assert len(room._feed._queue) <= QUEUE_EVENTS
    seen = await take(room, 2_000)
    await publish_many(sable, "bots", 1_500)
    seen += await take(room, 2_500)
    await room.publish("the end")
    seen += await take(room, 1)
    assert [event.seq for event in seen] == list(range(1, 4_502))
    assert sorted(int(event.body["text"]) for event in seen[:3_000]) == list(range(1, 3_001))


async def test_large_events_are_bounded_by_their_bytes(hub: RealHub) -> None:
    sable, yuki = await hub.bot("sable"), await hub.bot("yuki")
    room = await yuki.join("bots")
    for number in range(150):
        await sable.publish("bots", f"{number} {'x' * 50_000}")
    await until(lambda: room._feed._newest == 150, "everything has come over the socket")
    assert len(room._feed._queue) < 100
    assert [event.seq for event in await take(room, 150)] == list(range(1, 151))


async def test_a_position_in_another_log_is_a_gap(hub: RealHub, caplog: pytest.LogCaptureFixture) -> None:
    sable = await hub.bot("sable")
    await publish_many(sable, "bots", 100)
    room = await sable.join("bots", after=7, epoch="another")
    assert not room.joined.recovered
    gaps: list[Gap] = []
    room.on_gap(gaps.append)
    await room.publish("hello")
    (event,) = await take(room, 1)
    assert event.seq == 101
    assert [(gap.from_seq, gap.to_seq, gap.epoch) for gap in gaps] == [(7, 100, room.cursor.epoch)]
    room.leave()
    room = await sable.join("bots", after=3, epoch="another")
    await room.publish("hello")
    await take(room, 1)
    assert "room bots: " in caplog.text


async def test_a_restored_database_is_a_gap_between_two_events(hub: RealHub) -> None:
    sable = await hub.bot("sable")
    room = await sable.join("bots")
    await publish_many(sable, "bots", 100)
    await hub.kill()
    shutil.copytree(hub.folder, hub.folder / "copy")
    await hub.come_back(sable)
    await publish_many(sable, "bots", 100)
    await hub.kill()
    for file in hub.folder.glob("hub.db*"):
        file.unlink()
    for file in (hub.folder / "copy").glob("hub.db*"):
        if not file.name.endswith(".lock"):
            shutil.copy(file, hub.folder)
    order: list[object] = []
    room.on_gap(order.append)
    await hub.come_back(sable)
    published = await room.publish("after the restore")
    while not order or isinstance(order[-1], Gap):
        order += await take(room, 1)
    gap, event = order
    assert isinstance(gap, Gap)
    assert (gap.from_seq, gap.to_seq, gap.epoch) == (0, 100, room.joined.epoch)
    assert (published.seq, room.cursor) == (101, Cursor(101, gap.epoch))
    assert event is not gap


async def test_presence_is_seen_and_said_again_after_a_reconnect(hub: RealHub) -> None:
    sable, yuki = await hub.bot("sable"), await hub.bot("yuki")
    here = await sable.join("bots")
    heard: list[int] = []
    here.on_presence(lambda members: heard.append(len(members)))
    await yuki.join("bots")
    await yuki.presence("running", "cargo test")

    def works() -> bool:
        states = {(member.sender.name, member.state, member.text) for member in here.members.values()}
        return ("yuki", "running", "cargo test") in states

    await until(works, "the state of yuki")
    assert 2 in heard
    await hub.crash(sable, yuki)
    await until(lambda: len(here.members) == 2 and works(), "the state of yuki, again")
    await yuki.close()
    await until(lambda: len(here.members) == 1, "yuki is gone")


async def test_what_skips_the_log_is_heard_once(hub: RealHub) -> None:
    sable, yuki = await hub.bot("sable"), await hub.bot("yuki")
    room = await yuki.join("bots")
    heard: list[Ephemeral] = []
    stop = room.on_ephemeral(heard.append)
    told = await sable.publish("bots", {"on": True}, kind="typing", ephemeral=True)
    assert told.seq is None
    await until(lambda: heard, "the notice")
    assert [(each.sender.name, each.kind, each.body) for each in heard] == [("sable", "typing", {"on": True})]
    stop()
    await sable.publish("bots", {"on": False}, kind="typing", ephemeral=True)
    await sable.publish("bots", "done")
    assert [event.seq for event in await take(room, 1)] == [1]
    assert len(heard) == 1


async def test_rooms_are_joined_side_by_side_and_each_once(hub: RealHub) -> None:
    names = [f"room-{number}" for number in range(40)]
    await asyncio.gather(*map(hub.room, names))
    sable = await hub.bot("sable")
    joining = [sable.join(name).__aenter__() for name in names]
    rooms = await asyncio.gather(*joining)
    twice = await asyncio.gather(*(sable.join("bots").__aenter__() for _ in range(3)), return_exceptions=True)
    codes = [each.code for each in twice if isinstance(each, HubError)]
    assert codes == ["conflict", "conflict"]
    await asyncio.gather(*(room.publish("hello") for room in rooms))
    events = [(await take(room, 1))[0] for room in rooms]
    assert [event.room for event in events] == names
    rooms[0].leave()
    again = await sable.join(names[0], after=0)
    assert [event.seq for event in await take(again, 1)] == [1]


async def test_a_room_that_is_not_there_raises_and_holds_nobody_back(hub: RealHub) -> None:
    sable = await hub.bot("sable")
    with pytest.raises(HubError) as refused:
        await sable.join("nowhere")
    assert refused.value.code == "not_found"
    assert sable.state.name == "live"
    await sable.publish("bots", "hello")


async def test_a_room_that_was_left_gives_what_it_holds_and_ends(hub: RealHub) -> None:
    sable = await hub.bot("sable")
    room = await sable.join("bots")
    await publish_many(sable, "bots", 100)
    await until(lambda: room._feed._newest == 100, "everything has come over the socket")
    room.leave()
    assert len(await read_all(room)) == 100


async def test_a_wait_that_is_given_up_loses_nothing(hub: RealHub) -> None:
    sable = await hub.bot("sable")
    room = await sable.join("bots")
    seen: list[int] = []
    work = asyncio.create_task(publish_many(sable, "bots", 500))
    while len(seen) < 500:
        try:
            seen.append((await asyncio.wait_for(room.__anext__(), 0.001)).seq)
        except asyncio.TimeoutError:
            continue
    await work
    assert seen == list(range(1, 501))
    waiting = asyncio.create_task(room.__anext__())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="another task"):
        await room.__anext__()
    waiting.cancel()


async def test_what_cannot_be_sent_is_refused_here(hub: RealHub) -> None:
    sable = await hub.bot("sable")
    with pytest.raises(HubError) as large:
        await sable.publish("bots", "é" * 40_000)
    assert large.value.code == "too_large"
    for body in ({"half": "\ud800"}, {"number": float("nan")}):
        with pytest.raises(ValueError, match=r"surrogates|JSON"):
            await sable.publish("bots", body)
    with pytest.raises(TypeError):
        await sable.publish("bots", {"set": {1}})
    await sable.publish("bots", "still here")
    assert sable.state.name == "live"
