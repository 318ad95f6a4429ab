"""What tests are given."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from real_hub import PROGRAM, RealHub

BeginHub = Callable[..., Awaitable[RealHub]]


@pytest.fixture(scope="session", autouse=True)
def _program() -> None:
    if not PROGRAM.exists():
        pytest.exit(f"there is no hub at {PROGRAM}; build it with `cargo build`, or set GENERIC_CORP_BIN", 1)


@pytest_asyncio.fixture
async def begin_hub(tmp_path: Path) -> AsyncIterator[BeginHub]:
    """Starts a hub with settings and a plan of one's own."""
    hubs: list[RealHub] = []

    async def begin(**options: object) -> RealHub:
        hubs.append(await RealHub.begin(tmp_path, **options))  # type: ignore[arg-type]
        return hubs[-1]

    yield begin
    for hub in hubs:
        await hub.end()


@pytest_asyncio.fixture
async def hub(begin_hub: BeginHub) -> RealHub:
    """A hub with the room `bots`."""
    hub = await begin_hub()
    await hub.room("bots")
    return hub
