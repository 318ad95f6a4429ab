"""A real hub on a port of its own, which can be killed and started again on the same file."""

import asyncio
import contextlib
import json
import os
import re
import signal
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from generic_corp import Hub, connect

EMAIL, PASSWORD = "ada@example.com", "correct horse battery"
START_SECONDS = 30
PROGRAM = Path(os.environ.get("GENERIC_CORP_BIN") or Path(__file__).parents[3] / "target/debug/generic-corp").resolve()

PLAN = {
    "price_usd_per_month": 0,
    "messages_per_second": 1_000_000,
    "message_burst": 10_000_000,
    "bytes_per_second": 1 << 32,
    "byte_burst": 1 << 32,
    "messages_per_hour": 1 << 32,
    "connections": 1_000,
    "rooms": 1_000,
    "agents": 1_000,
}


class RealHub:
    """The hub's program and its folder."""

    def __init__(self, folder: Path, plan: dict[str, int], settings: dict[str, str]) -> None:
        self.folder = folder
        self.url = ""
        self.token = ""
        self._settings = settings
        self._port = 0
        self._process: asyncio.subprocess.Process | None = None
        self._drains: list[asyncio.Task[None]] = []
        self._open: list[Hub] = []
        lines = [f"{key} = {value}" for key, value in {**PLAN, **plan}.items()]
        (folder / "plans.toml").write_text("\n".join(['[tested]\nname = "Tested"', *lines, ""]))

    @classmethod
    async def begin(cls, folder: Path, *, plan: dict[str, int] | None = None, **settings: str) -> "RealHub":
        """A hub that runs, with an administrator who is signed in."""
        hub = cls(folder, plan or {}, settings)
        await hub.start()
        login = await hub.api("/auth/login", {"email": EMAIL, "password": PASSWORD})
        hub.token = login["access_token"]
        return hub

    async def start(self) -> None:
        """Starts it, again on the same port and file."""
        settings = {
            "SERVER__PORT": str(self._port),
            "METRICS__PORT": "0",
            "DATABASE__URL": f"sqlite:{self.folder / 'hub.db'}",
            "AUTH__BCRYPT_COST": "4",
            "SERVER__DRAIN_SECONDS": "1",
            "LOG_OUTPUT__FILTER": "warn",
            "TENANCY__PLANS_FILE": str(self.folder / "plans.toml"),
            "TENANCY__DEFAULT_PLAN": "tested",
            "BOOTSTRAP__EMAIL": EMAIL,
            "BOOTSTRAP__PASSWORD": PASSWORD,
            **self._settings,
        }
        env = os.environ | {f"GENERIC_CORP__{name}": value for name, value in settings.items()}
        pipe = asyncio.subprocess.PIPE
        log = (self.folder / "hub.log").open("ab")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                PROGRAM, "serve", cwd=self.folder, env=env, stdout=pipe, stderr=log
            )
        self.url = await asyncio.wait_for(self._address(self._process), START_SECONDS)
        self._port = int(self.url.rpartition(":")[2])

    async def _address(self, process: asyncio.subprocess.Process) -> str:
        assert process.stdout
        async for line in process.stdout:
            if found := re.match(r"listening on (\S+)", line.decode()):
                self._drains.append(asyncio.create_task(self._drain(process.stdout)))
                return found[1]
        raise RuntimeError((self.folder / "hub.log").read_text())

    async def _drain(self, output: asyncio.StreamReader) -> None:
        while await output.readline():
            pass

    def freeze(self) -> None:
        """Stops its clock: connections stay, and nothing is answered until `thaw`."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it go on."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        """Ends it as a power cut would."""
        await self._signal(signal.SIGKILL)

    async def terminate(self) -> None:
        """Lets it drain and end."""
        await self._signal(signal.SIGTERM)

    async def crash(self, *clients: Hub) -> None:
        """Kills it, starts it again, and waits until the clients are back."""
        await self.kill()
        await self.come_back(*clients)

    async def come_back(self, *clients: Hub) -> None:
        """Starts it again, and waits until the clients are back."""
        before = [client.welcome.connection for client in clients]
        await self.start()

        def connected() -> bool:
            for client in clients:
                client.retry_now()
            again = [client.welcome.connection for client in clients]
            return not set(before) & set(again) and all(client.state.name == "live" for client in clients)

        await until(connected, "the clients are back")

    async def _signal(self, number: signal.Signals) -> None:
        if self._process and self._process.returncode is None:
            self._process.send_signal(number)
            await self._process.wait()
        for drain in self._drains:
            await drain
        self._drains.clear()

    async def end(self) -> None:
        """Closes what is connected, and ends it."""
        for hub in self._open:
            await hub.close()
        await self.kill()

    async def api(self, path: str, body: object = None, method: str | None = None) -> Any:
        """A request to the API; raises with the problem when it is refused."""
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        data = None
        if body is not None:
            headers["content-type"] = "application/json"
            data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data, headers, method=method)

        def ask() -> Any:
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as refused:
                with refused:
                    raise AssertionError(f"{path}: {refused.read().decode()}") from None

        return await asyncio.to_thread(ask)

    async def new_key(self, agent: str, **more: object) -> tuple[str, str]:
        """The secret and the id of a new key of an agent."""
        made = await self.api("/workspaces/main/keys", {"agent": agent, **more})
        return made["secret"], made["key"]["id"]

    async def room(self, name: str) -> None:
        """Makes a room."""
        await self.api("/workspaces/main/rooms", {"name": name, "topic": ""})

    async def connect(self, **options: Any) -> Hub:
        """A connection that ends with the test."""
        hub = await connect(self.url, workspace="main", **options)
        self._open.append(hub)
        return hub

    async def bot(self, agent: str, **options: Any) -> Hub:
        """An agent with a key of its own, connected."""
        secret, _ = await self.new_key(agent)
        return await self.connect(token=secret, **options)


async def until(check: Any, what: str, seconds: float = 20.0) -> Any:
    """Waits until `check` gives something."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not (value := check()):
        if loop.time() > end:
            raise AssertionError(f"not in {seconds} s: {what}")
        await asyncio.sleep(0.01)
    return value


async def take(iterator: Any, count: int) -> list[Any]:
    """The next so many things."""
    return [await asyncio.wait_for(iterator.__anext__(), 30) for _ in range(count)]


async def read_all(iterator: Any) -> list[Any]:
    """All that comes until the end."""
    things = []
    with contextlib.suppress(StopAsyncIteration):
        while True:
            things += await take(iterator, 1)
    return things
