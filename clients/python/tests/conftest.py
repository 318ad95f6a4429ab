"""What tests are given."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from known import known
from real_hub import PROGRAM, RealHub

from generic_corp import ServerFrame
from generic_corp import _connection as connection
from generic_corp._codec import decode_message

BeginHub = Callable[..., Awaitable[RealHub]]


@pytest.fixture(scope="session", autouse=True)
def _program() -> None:
    if not PROGRAM.exists():
        pytest.exit(f"there is no hub at {PROGRAM}; build it with `cargo build`, or set GENERIC_CORP_BIN", 1)


@pytest_asyncio.fixture
async def begin_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BeginHub]:
    """Starts a hub with settings and a plan of one's own. What it says is held to the types."""
    hubs: list[RealHub] = []
    unknown: list[str] = []

    def decode(text: str) -> list[ServerFrame]:
        frames = decode_message(text)
        try:
            known(frames[0], json.loads(text))
        except (AssertionError, IndexError):
            unknown.append(text)
        return frames

    monkeypatch.setattr(connection, "decode_message", decode)

    async def begin(**options: object) -> RealHub:
        hubs.append(await RealHub.begin(tmp_path, **options))  # type: ignore[arg-type]
        return hubs[-1]

    yield begin
    for hub in hubs:
        await hub.end()
    assert not unknown


@pytest_asyncio.fixture
async def hub(begin_hub: BeginHub) -> RealHub:
    """A hub with the room `bots`."""
    hub = await begin_hub()
    await hub.room("bots")
    return hub
