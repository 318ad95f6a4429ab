"""What a hub may say: what is new, what is broken, and what it refuses."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest
import pytest_asyncio
from false_hub import SENDER, TIME, FalseHub, Line, event, false_hub, joined, page, problem, welcome
from real_hub import take, until
from websockets.datastructures import Headers
from websockets.http11 import Response

from generic_corp import AuthError, Closed, Connecting, Gap, Hub, HubError, LimitError, Room, TokenReason, connect
from generic_corp import _connection as connection_module


@pytest_asyncio.fixture
async def hub() -> AsyncIterator[FalseHub]:
    async with false_hub() as hub:
        yield hub


async def connected(hub: FalseHub) -> tuple[Hub, Line]:
    connecting = asyncio.ensure_future(connect(hub.url, workspace="main", token="t"))
    line = await hub.line()
    return await connecting, line


async def in_room(hub: FalseHub, head: int = 10) -> tuple[Hub, Line, Room]:
    sable, line = await connected(hub)
    joining = asyncio.ensure_future(sable.join("deploy"))
    await line.say(joined(await line.hear("join"), head, head))
    return sable, line, await joining


async def test_what_is_new_is_ignored(hub: FalseHub) -> None:
    sable, line, room = await in_room(hub)
    await line.say(
        {"type": "weather", "degrees": 4},
        {**event(11), "mood": "good"},
        [event(12), {"type": "weather"}, event(13, kind="a.new.kind")],
        b"\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00abc",
        event(14, sender={**SENDER, "kind": "robot", "colour": "red"}),
    )
    events = await take(room, 4)
    assert [each.seq for each in events] == [11, 12, 13, 14]
    assert (events[2].kind, events[3].sender.kind) == ("a.new.kind", "robot")
    assert events[0].time.isoformat() == "2026-01-01T00:00:00+00:00"
    await sable.close()


@pytest.mark.parametrize(
    "broken",
    [
        "no JSON",
        "[" * 100_000,
        "null",
        '"event"',
        '[{"type":7}]',
        '{"no":"type"}',
        {"type": "event", "room": "deploy"},
        event(11) | {"seq": "11"},
        event(11) | {"seq": True},
        event(11, time="yesterday"),
        event(11, sender=None),
        event(11, mentions="yuki"),
        event(11, mentions=[7]),
        {"type": "error", "code": "internal"},
        {"type": "goaway", "reason": "", "reconnect_after_ms": None},
        {"type": "ok", "id": 7},
    ],
    ids=repr,
)
async def test_what_is_broken_is_left_out_and_an_event_that_it_held_comes_from_the_history(
    hub: FalseHub, broken: object, caplog: pytest.LogCaptureFixture
) -> None:
    sable, line, room = await in_room(hub)
    await line.say(broken, event(12))
    reading = asyncio.create_task(take(room, 2))
    ask = await line.hear("history")
    assert ask["after"] == 10
    await line.say(page(ask, [event(11), event(12)], 12))
    assert [each.seq for each in await reading] == [11, 12]
    assert "cannot be read" in caplog.text
    assert "yesterday" not in caplog.text
    assert sable.state.name == "live"
    await sable.close()


async def test_an_answer_that_cannot_be_read_is_an_error_of_its_request(hub: FalseHub) -> None:
    sable, line = await connected(hub)
    publishing = asyncio.create_task(sable.publish("deploy", "hello"))
    ask = await line.hear("publish")
    await line.say({"type": "ok", "id": "c999"}, {"type": "ok", "id": ask["id"], "result": {"seq": "many"}})
    with pytest.raises(HubError) as unreadable:
        await publishing
    assert unreadable.value.code == "unreadable"
    reader = sable.read("s")
    await line.say({"type": "ok", "id": (await line.hear("stream.read"))["id"], "result": 7})
    with pytest.raises(HubError, match=r"stream\.read"):
        await take(reader, 1)
    await sable.close()


async def test_a_code_that_is_not_known_goes_by_retryable(hub: FalseHub) -> None:
    sable, line = await connected(hub)
    publishing = asyncio.create_task(sable.publish("deploy", "hello"))
    ask = await line.hear("publish")
    failure = {"type": "error", "id": ask["id"], "code": "asleep", "message": "shh", "retryable": True}
    await line.say({**failure, "retry_after_ms": 40, "details": {"snores": True}})
    with pytest.raises(HubError, match="shh") as refused:
        await publishing
    error = refused.value
    assert (error.code, error.retryable, error.retry_after_ms) == ("asleep", True, 40)
    assert error.details == {"snores": True}
    await sable.close()


async def test_a_publish_is_sent_again_as_the_same_text_and_an_ephemeral_one_is_not(hub: FalseHub) -> None:
    sable, line = await connected(hub)
    body = {"text": "hello"}
    publishing = asyncio.create_task(sable.publish("deploy", body))
    typing = asyncio.create_task(sable.publish("deploy", {"on": True}, kind="typing", ephemeral=True))
    first = await line.hear("publish")
    assert "key" not in await line.hear("publish")
    body["text"] = "changed meanwhile"
    refusal = {"type": "error", "id": first["id"], "code": "shutting_down", "message": "", "retryable": True}
    await line.say(refusal, {"type": "goaway", "reason": "restart", "reconnect_after_ms": 0})
    line = await hub.line()
    again = await line.hear("publish")
    assert again == first
    assert len(again["key"]) == 32
    await line.say({"type": "ok", "id": again["id"], "result": {"seq": 7, "time": TIME, "duplicate": True}})
    published = await publishing
    assert (published.seq, published.duplicate) == (7, True)
    with pytest.raises(HubError) as lost:
        await typing
    assert (lost.value.code, lost.value.retryable) == ("no_answer", False)
    await sable.close()


async def test_who_waits_too_long_or_for_too_much_is_told(hub: FalseHub) -> None:
    sable, _ = await connected(hub)
    with pytest.raises(HubError) as silent:
        await sable.publish("deploy", "hello", timeout=0.05)
    assert (silent.value.code, silent.value.retryable) == ("no_answer", True)
    publishing = asyncio.gather(*(sable.publish("deploy", str(n)) for n in range(513)), return_exceptions=True)
    await asyncio.sleep(0)
    await sable.close()
    codes = [error.code for error in await publishing if isinstance(error, HubError)]
    assert (codes.count("too_much_pending"), codes.count("closed")) == (1, 512)


async def test_a_hub_that_takes_nothing_is_given_up(hub: FalseHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generic_corp._socket.MAX_OUTBOX", 20)
    sable, _ = await connected(hub)
    publishing = asyncio.gather(*(sable.publish("deploy", "x" * 60_000) for _ in range(200)), return_exceptions=True)
    await until(lambda: isinstance(sable.state, Connecting), "the connection is given up")
    await sable.close()
    await publishing


async def test_gaps_are_told_in_their_place(hub: FalseHub) -> None:
    sable, line, room = await in_room(hub)
    order: list[object] = []
    room.on_gap(order.append)
    reset = {"type": "reset", "room": "deploy", "reason": "not kept", "epoch": "e1"}
    await line.say(event(11), {**reset, "position": 20}, event(21))
    await line.say({**reset, "position": 3, "epoch": "e2"}, event(4))
    await until(lambda: room._feed._newest == 4, "all has come")
    while len(order) < 2:
        order += await take(room, 1)
    gap, last = order
    # What was not handed out before the log became another one is not in it.
    assert isinstance(gap, Gap)
    assert (gap.from_seq, gap.to_seq, gap.epoch) == (10, 3, "e2")
    assert room.cursor == (4, "e2")
    await line.say({**reset, "position": 8, "epoch": "e2"}, event(9))
    order += await take(room, 1)
    assert [(each.from_seq, each.to_seq) for each in order if isinstance(each, Gap)] == [(10, 3), (4, 8)]
    await line.end(1012)
    line = await hub.line()
    join = await line.hear("join")
    assert (join["after"], join["epoch"]) == (9, "e2")
    await line.say(joined(join, 30, 30, epoch="e3"), event(31))
    order += await take(room, 1)
    assert [(each.from_seq, each.to_seq) for each in order if isinstance(each, Gap)][-1] == (9, 30)
    assert last is not gap
    await sable.close()


async def test_a_hole_before_another_log_is_in_the_gap(hub: FalseHub) -> None:
    sable, line, room = await in_room(hub)
    gaps: list[Gap] = []
    room.on_gap(gaps.append)
    await line.say(event(11), event(13))
    assert [each.seq for each in await take(room, 1)] == [11]
    await line.say({"type": "reset", "room": "deploy", "reason": "restored", "position": 3, "epoch": "e2"}, event(4))
    await until(lambda: room._feed._newest == 4, "all has come")
    assert [each.seq for each in await take(room, 1)] == [4]
    assert [(gap.from_seq, gap.to_seq, gap.epoch) for gap in gaps] == [(11, 3, "e2")]
    await sable.close()


async def test_older_events_that_are_not_kept_are_a_gap(hub: FalseHub) -> None:
    sable, line, room = await in_room(hub)
    gaps: list[Gap] = []
    room.on_gap(gaps.append)
    await line.say(event(15))
    reading = asyncio.create_task(take(room, 2))
    ask = await line.hear("history")
    refusal = {"type": "error", "id": ask["id"], "code": "unavailable", "message": "", "retryable": True}
    await line.say({**refusal, "retry_after_ms": 1})
    await line.say(page(await line.hear("history"), [event(14), event(15)], 15))
    assert [each.seq for each in await reading] == [14, 15]
    assert [(gap.from_seq, gap.to_seq) for gap in gaps] == [(10, 13)]
    await sable.close()


async def test_catching_up_is_counted_and_a_refused_join_is_tried_again(hub: FalseHub) -> None:
    sable, line, room = await in_room(hub)
    states: list[object] = []
    sable.on_state(lambda state: states.append((state.name, getattr(state, "done", None))))
    await line.end(1012)
    line = await hub.line()
    join = await line.hear("join")
    refusal = {"type": "error", "id": join["id"], "code": "rate_limited", "message": "", "retryable": True}
    await line.say({**refusal, "retry_after_ms": 5})
    join = await line.hear("join")
    await line.say(joined(join, 12, 10, recovered=True), event(10), event(11), event(12), event(13))
    assert [each.seq for each in await take(room, 3)] == [11, 12, 13]
    assert states[-3:] == [("catching_up", 0), ("catching_up", 1), ("live", None)]
    await line.end(1013)
    line = await hub.line()
    join = await line.hear("join")
    await line.say({"type": "error", "id": join["id"], "code": "not_found", "message": "gone", "retryable": False})
    with pytest.raises(HubError, match="gone"):
        await take(room, 1)
    assert sable.state.name == "live"
    await sable.close()


async def test_a_listener_that_fails_is_reported_and_keeps_nobody_from_hearing(hub: FalseHub) -> None:
    sable, line, room = await in_room(hub)
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context))
    heard: list[object] = []
    sable.on_frame(lambda _frame: 1 / 0)
    sable.on_frame(heard.append)
    await line.say(event(11))
    await take(room, 1)
    assert len(heard) == 1
    assert [type(context["exception"]) for context in reported] == [ZeroDivisionError]
    await sable.close()


@pytest.mark.parametrize(
    ("code", "kind"),
    [(1002, HubError), (1007, HubError), (1009, HubError), (4400, HubError), (4401, AuthError), (4403, AuthError)],
)
async def test_a_close_code_that_forbids_to_come_back_ends_it(hub: FalseHub, code: int, kind: type[HubError]) -> None:
    sable, line = await connected(hub)
    await line.end(code, "because")
    await until(lambda: isinstance(sable.state, Closed), "the end")
    assert isinstance(sable.state, Closed)
    assert type(sable.state.error) is kind
    with pytest.raises(kind, match="because"):
        await sable.publish("deploy", "hello")
    assert hub.handshakes == 1


async def test_what_is_said_instead_of_welcome_is_raised(hub: FalseHub) -> None:
    connecting = asyncio.ensure_future(connect(hub.url, workspace="main", token="t"))
    refusal = {"type": "error", "code": "limit_reached", "message": "too many", "retryable": False}
    line = await hub.line(refusal)
    await line.end(4409)
    with pytest.raises(LimitError, match="too many"):
        await connecting


async def test_a_refused_token_is_asked_for_once_more(hub: FalseHub) -> None:
    reasons: list[TokenReason] = []

    def token(why: TokenReason) -> str:
        reasons.append(why)
        return "t"

    connecting = asyncio.ensure_future(connect(hub.url, workspace="main", token=token))
    for _ in range(2):
        line = await hub.line({"type": "error", "code": "token_expired", "message": "old", "retryable": False})
        await line.end(4401)
    with pytest.raises(AuthError, match="old"):
        await connecting
    assert reasons == ["connect", "refused"]


async def test_silence_instead_of_welcome_is_given_up(hub: FalseHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "HELLO_SECONDS", 0.05)
    connecting = asyncio.ensure_future(connect(hub.url, workspace="main", token="t"))
    await hub.line({"type": "weather"})
    monkeypatch.setattr(connection_module, "HELLO_SECONDS", 10.0)
    await hub.line(welcome(scopes=["read", "publish"]))
    sable = await connecting
    assert sable.welcome.scopes == ("read", "publish")
    await sable.close()


async def test_a_refused_handshake_says_whether_to_come_back(hub: FalseHub) -> None:
    hub.refusal = lambda _socket, _request: problem(HTTPStatus.FORBIDDEN, "origin_not_allowed", retryable=False)
    with pytest.raises(AuthError) as refused:
        await connect(hub.url, workspace="main", token="t")
    assert refused.value.code == "origin_not_allowed"
    answers = [
        problem(HTTPStatus.SERVICE_UNAVAILABLE, "shutting_down", retryable=True),
        Response(502, "Bad Gateway", Headers({"Content-Length": "4"}), b"gone"),
        Response(307, "Temporary Redirect", Headers({"Location": "ws://127.0.0.1:9/", "Content-Length": "0"}), b""),
    ]
    hub.refusal = lambda _socket, _request: answers.pop(0) if answers else None
    causes: list[str] = []

    def note(state: object) -> None:
        if isinstance(state, Connecting) and state.cause and state.retry_in_ms:
            causes.append(f"{state.cause.code}: {state.cause}")

    connecting = asyncio.ensure_future(connect(hub.url, workspace="main", token="t", on_state=note))
    await hub.line()
    sable = await connecting
    assert causes == [
        "shutting_down: it is shutting_down",
        "unavailable: the hub cannot be reached: HTTP status 502",
        "unavailable: the hub cannot be reached: HTTP status 307",
    ]
    await sable.close()


async def test_a_stream_reader_skips_what_it_has_and_asks_again_for_what_is_missing(hub: FalseHub) -> None:
    sable, line = await connected(hub)
    reader = sable.read("s", tail_bytes=4)
    info: dict[str, object] = {
        "stream": "s",
        "room": "deploy",
        "name": "n",
        "role": "stdout",
        "media_type": "text/x-ansi",
    }
    info |= {"sender": SENDER, "state": "open", "length": 10, "opened_at": TIME, "opened_seq": 1}
    ask = await line.hear("stream.read")
    assert (ask["tail_bytes"], "offset" in ask, "follow" in ask) == (4, False, False)
    data = {"type": "stream.data", "stream": "s"}

    def reading(ask: dict[str, object], offset: int) -> dict[str, object]:
        return {"type": "ok", "id": ask["id"], "result": {"info": info, "offset": offset}}

    await line.say(reading(ask, 6), {**data, "offset": 6, "text": "abcd"}, {**data, "offset": 8, "base64": "Y2RlZg=="})
    assert await take(reader, 2) == [b"abcd", b"ef"]
    await line.say({**data, "offset": 20, "text": "beyond"})
    ask = await line.hear("stream.read")
    assert ask["offset"] == 12
    await line.say({**data, "offset": 26, "text": "too early"}, reading(ask, 12), {**data, "offset": 12, "text": "gh"})
    closed = {"type": "stream.closed", "stream": "s", "outcome": "completed"}
    await line.say({**closed, "offset": 99}, {**closed, "offset": 14})
    assert [piece async for piece in reader] == [b"gh"]
    lost = sable.read("s")
    await line.say(reading(await line.hear("stream.read"), 0))
    await line.say({"type": "reset", "stream": "s", "reason": "not stored", "position": 7})
    with pytest.raises(HubError, match="not stored") as reset:
        await take(lost, 1)
    assert (reset.value.code, reset.value.details) == ("stream_offset", {"length": 7})
    broken = sable.read("s")
    await line.say(reading(await line.hear("stream.read"), 0), {**data, "offset": 0, "base64": "%"})
    with pytest.raises(HubError, match="cannot be read"):
        await take(broken, 1)
    await sable.close()
