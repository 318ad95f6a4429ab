"""The connection's life: tokens, keys, limits, and what becomes of it when the hub goes."""

import asyncio
import logging
from datetime import datetime, timedelta, timezone

import pytest
from conftest import BeginHub
from real_hub import RealHub, read_all, take, until

from generic_corp import AuthError, Closed, Connecting, Hub, HubError, LimitError, State, TokenReason, connect


async def test_a_key_comes_from_the_environment_and_never_into_a_log(
    hub: RealHub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret, _ = await hub.new_key("sable")
    monkeypatch.delenv("GENERIC_CORP_API_KEY", raising=False)
    with pytest.raises(AuthError, match="GENERIC_CORP_API_KEY"):
        await connect(hub.url, workspace="main")
    monkeypatch.setenv("GENERIC_CORP_API_KEY", f"{secret}\n")
    monkeypatch.setenv("GENERIC_CORP_URL", hub.url)
    async with connect(workspace="main") as sable:
        assert sable.welcome.you.name == "sable"
        await sable.publish("bots", "hello")
    assert secret not in caplog.text
    assert secret not in repr(vars(sable._connection))


async def test_what_waiting_does_not_change_is_raised(hub: RealHub) -> None:
    secret, _ = await hub.new_key("sable")
    with pytest.raises(AuthError) as wrong:
        await hub.connect(token="gck_wrong")
    assert (wrong.value.code, wrong.value.retryable) == ("invalid_token", False)
    with pytest.raises(HubError) as nowhere:
        await connect(hub.url, workspace="nowhere", token=secret)
    assert nowhere.value.code == "not_found"
    for url in ("ftp://127.0.0.1", "127.0.0.1:8080", f"http://user:{secret}@127.0.0.1"):
        with pytest.raises(ValueError, match="address") as address:
            connect(url, workspace="main", token=secret)
        assert secret not in str(address.value)


async def test_a_token_is_renewed_in_place(hub: RealHub) -> None:
    reasons: list[TokenReason] = []
    secrets: list[str] = []

    async def token(why: TokenReason) -> str:
        reasons.append(why)
        ends = datetime.now(timezone.utc) + timedelta(seconds=3 if why == "connect" else 60)
        secret, _ = await hub.new_key("sable", expires_at=ends.isoformat())
        secrets.append(secret)
        return secret

    sable = await hub.connect(token=token)
    first = sable.welcome
    room = await sable.join("bots")
    await until(lambda: sable.welcome.token_expires_at != first.token_expires_at, "the renewal")
    assert (reasons, len(set(secrets))) == (["connect", "renew"], 2)
    assert sable.welcome.connection == first.connection
    assert first.token_expires_at is not None
    ended = (first.token_expires_at - datetime.now(timezone.utc)).total_seconds()
    await asyncio.sleep(max(0.0, ended) + 1.5)
    await room.publish("the first token has ended")
    assert [event.seq for event in await take(room, 1)] == [1]
    assert sable.welcome.connection == first.connection


async def test_a_callback_that_blocks_holds_nobody_up_and_stops_it_with_an_auth_error(hub: RealHub) -> None:
    secret, _ = await hub.new_key("sable")
    loop = asyncio.get_running_loop()
    answers: list[str | Exception] = [secret]

    async def ask() -> str | Exception:
        return answers[-1]

    def token(_why: TokenReason) -> str:
        # The loop has to run on while this waits for it.
        answer = asyncio.run_coroutine_threadsafe(ask(), loop).result(10)
        if isinstance(answer, Exception):
            raise answer
        return answer

    sable = await hub.connect(token=token)

    def cause() -> str:
        sable.retry_now()
        return str(sable.state.cause) if isinstance(sable.state, Connecting) else ""

    answers.append(RuntimeError("the vault is away"))
    await hub.kill()
    await until(lambda: cause() == "no token to connect with", "an attempt without a token")
    answers.append(secret)
    await hub.come_back(sable)
    await sable.publish("bots", "hello")
    answers.append(AuthError("signed out"))
    await hub.kill()
    await until(lambda: cause() == "" and isinstance(sable.state, Closed), "the end")
    assert isinstance(sable.state, Closed)
    assert isinstance(sable.state.error, AuthError)
    with pytest.raises(AuthError, match="signed out"):
        await sable.publish("bots", "hello")


async def test_a_revoked_key_ends_everything_with_an_auth_error(hub: RealHub) -> None:
    secret, key = await hub.new_key("sable")
    sable = await hub.connect(token=secret)
    room = await sable.join("bots")
    out = await sable.open_stream("bots", "steady")
    assert (await take(room, 1))[0].kind == "stream.opened"
    await hub.api(f"/workspaces/main/keys/{key}", method="DELETE")
    with pytest.raises(AuthError) as ended:
        await take(room, 1)
    assert (ended.value.code, ended.value.details) == ("forbidden", {"close_code": 4403})
    assert isinstance(sable.state, Closed)
    for refused in (sable.publish("bots", "hello"), out.write("more"), sable.join("bots").__aenter__()):
        with pytest.raises(AuthError):
            await refused
    with pytest.raises(AuthError):
        sable.read(out.id)


async def test_a_used_up_quota_is_a_limit_error(begin_hub: BeginHub) -> None:
    hub = await begin_hub(plan={"messages_per_hour": 3})
    await hub.room("bots")
    sable = await hub.bot("sable")
    for number in range(3):
        await sable.publish("bots", str(number))
    with pytest.raises(LimitError) as used_up:
        await sable.publish("bots", "one too many", key="k")
    error = used_up.value
    assert (error.code, error.retryable) == ("quota_exceeded", True)
    assert error.retry_after_ms
    assert error.retry_after_ms > 0
    assert "resets_at" in error.details
    assert [event.seq for event in (await sable.history("bots")).events] == [1, 2, 3]


async def test_too_fast_is_a_limit_error_that_says_when(begin_hub: BeginHub) -> None:
    hub = await begin_hub(plan={"messages_per_second": 2, "message_burst": 5})
    await hub.room("bots")
    sable = await hub.bot("sable")
    answers = await asyncio.gather(*(sable.publish("bots", str(each)) for each in range(10)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, LimitError)]
    assert {error.code for error in refused} == {"rate_limited"}
    await asyncio.sleep(max(error.retry_after_ms or 0 for error in refused) / 1000)
    await sable.publish("bots", "in time")


async def publish_steadily(hub: Hub, room: str, stop: asyncio.Event) -> int:
    """One message after the other; gives how many."""
    count = 0
    while not stop.is_set():
        count += 1
        await hub.publish(room, str(count), key=f"message-{count}", timeout=60)
    return count


@pytest.mark.parametrize("ending", ["kill", "terminate"])
async def test_nothing_is_lost_or_twice_when_the_hub_is(hub: RealHub, ending: str) -> None:
    sable, yuki = await hub.bot("sable"), await hub.bot("yuki")
    states: list[State] = []
    yuki.on_state(states.append)
    room = await yuki.join("bots")
    stop = asyncio.Event()
    work = asyncio.create_task(publish_steadily(sable, "bots", stop))
    seen = []
    for _ in range(3):
        seen += await take(room, 20)
        await getattr(hub, ending)()
        await hub.come_back(sable, yuki)
    stop.set()
    count = await work
    seen += await take(room, count - len(seen))
    assert [event.seq for event in seen] == list(range(1, count + 1))
    assert [event.body["text"] for event in seen] == [str(number) for number in range(1, count + 1)]
    page = await sable.history("bots", limit=1)
    assert page.head == count
    names = [state.name for state in states]
    assert names.count("connecting") >= 3
    assert names[-1] == "live"
    assert any(isinstance(state, Connecting) and state.cause for state in states)


async def test_a_hub_that_goes_on_purpose_gives_a_slot(hub: RealHub) -> None:
    sable = await hub.bot("sable")
    states: list[State] = []
    sable.on_state(states.append)
    await hub.terminate()
    await until(lambda: states, "the end of the connection")
    assert isinstance(states[0], Connecting)
    # `drain_seconds` is 1.
    assert states[0].retry_in_ms <= 1_000
    assert states[0].attempt == 1
    assert str(states[0].cause) == "the hub restarts; reconnect and resume"


async def test_it_waits_for_a_hub_that_is_away_and_can_be_ended_meanwhile(
    hub: RealHub, caplog: pytest.LogCaptureFixture
) -> None:
    secret, _ = await hub.new_key("sable")
    await hub.kill()
    states: list[State] = []
    connecting = asyncio.create_task(hub.connect(token=secret, on_state=states.append))
    await until(lambda: len(states) >= 5, "attempts")
    attempts = [state for state in states if isinstance(state, Connecting)]
    assert attempts == states
    assert [state.attempt for state in attempts[:5]] == [1, 1, 2, 2, 3]
    assert [bool(state.cause) for state in attempts[:3]] == [False, True, True]
    assert attempts[0].retry_in_ms == 0
    assert 0 <= attempts[1].retry_in_ms <= 500
    connecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    assert isinstance(states[-1], Closed)
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(told) == 1
    assert told[0].startswith("the hub cannot be reached: ")
    connecting = asyncio.create_task(hub.connect(token=secret))
    await hub.start()
    sable = await connecting
    assert sable.state.name == "live"
    await hub.kill()
    await until(lambda: isinstance(sable.state, Connecting) and sable.state.retry_in_ms, "the wait")
    sable.retry_now()
    await asyncio.wait_for(sable.close(), 5)
    assert repr(sable.state) == "Closed(error=None)"


async def test_a_hub_that_falls_silent_is_given_up(hub: RealHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generic_corp._socket.PING_SECONDS", 0.2)
    sable = await hub.bot("sable")
    room = await sable.join("bots")
    hub.freeze()
    await until(lambda: isinstance(sable.state, Connecting), "the silence is noticed")
    publishing = asyncio.create_task(room.publish("hello"))
    hub.thaw()
    monkeypatch.undo()

    def connected() -> bool:
        sable.retry_now()
        return sable.state.name == "live"

    await until(connected, "the client is back")
    assert [event.seq for event in await take(room, 1)] == [(await publishing).seq]


async def test_closing_ends_iterators_and_refuses_the_rest(hub: RealHub) -> None:
    sable = await hub.bot("sable")
    room = await sable.join("bots")
    out = await sable.open_stream("bots", "steady")
    reader = sable.read(out.id)
    reading = [asyncio.create_task(read_all(each)) for each in (room, reader)]
    publishing = asyncio.gather(*(sable.publish("bots", str(each)) for each in range(50)), return_exceptions=True)
    await asyncio.sleep(0)
    await sable.close()
    for answer in await publishing:
        assert not isinstance(answer, BaseException) or (isinstance(answer, HubError) and answer.code == "closed")
    for task in reading:
        await task
    with pytest.raises(HubError, match="closed"):
        await out.write("more")
    await sable.close()


async def test_draining_stores_what_was_asked_for_and_takes_nothing_new(hub: RealHub) -> None:
    sable, yuki = await hub.bot("sable"), await hub.bot("yuki")
    out = await sable.open_stream("bots", "steady")
    publishing = asyncio.gather(*(sable.publish("bots", str(each)) for each in range(200)))
    await out.write("x" * 500_000)
    draining = asyncio.create_task(sable.drain())
    await asyncio.sleep(0)
    with pytest.raises(HubError, match="drains"):
        await sable.publish("bots", "too late")
    await draining
    assert isinstance(sable.state, Closed)
    assert len(await publishing) == 200
    assert (await yuki.history("bots", limit=1)).head == 201
    assert sum(map(len, [piece async for piece in yuki.read(out.id, follow=False)])) == 500_000
    await hub.kill()
    lost = asyncio.gather(yuki.publish("bots", "never"), return_exceptions=True)
    await asyncio.sleep(0)
    with pytest.raises(HubError) as late:
        await yuki.drain(timeout=0.2)
    assert late.value.code == "no_answer"
    assert isinstance((await lost)[0], HubError)
