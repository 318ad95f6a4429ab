"""What the READMEs show is what runs, and what is packed is whole."""

import asyncio
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from real_hub import RealHub, take, until

CLIENT = Path(__file__).parents[1]


def blocks(path: Path) -> list[str]:
    """The blocks of Python in a page."""
    return re.findall(r"^```python\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", [False, True], ids=["quickstart", "echo_bot"])
async def test_the_bots_that_are_shown_answer(hub: RealHub, example: bool) -> None:
    code = (CLIENT / "examples/echo_bot.py").read_text() if example else blocks(CLIENT / "README.md")[0]
    assert example or len([line for line in code.splitlines() if line]) <= 10
    visitor = await hub.bot("visitor")
    lobby = await visitor.join("lobby")
    secret, _ = await hub.new_key("guest")
    env = os.environ | {"GENERIC_CORP_URL": hub.url, "GENERIC_CORP_API_KEY": secret}
    bot = await asyncio.create_subprocess_exec(sys.executable, "-c", code, env=env)
    try:
        await until(lambda: len(lobby.members) == 2, "the bot is in the lobby")
        asked = await lobby.publish("@guest hello", mentions=["guest"])
        question, answer = await take(lobby, 2)
        assert question.seq == asked.seq == answer.reply_to
        assert (answer.sender.name, answer.body) == ("guest", {"text": "I read you"})
        if example:
            opened, closed = await take(lobby, 2)
            assert (opened.kind, closed.body["outcome"]) == ("stream.opened", "completed")
            assert b"".join([piece async for piece in visitor.read(opened.body["stream"])]) == b"1\n2\n3\n"
    finally:
        bot.kill()
        await bot.wait()


def test_the_first_page_quotes_the_example() -> None:
    _, _, code = (CLIENT / "examples/echo_bot.py").read_text().partition("\n\n")
    assert blocks(CLIENT.parents[1] / "README.md") == [code]


def test_what_is_shown_can_be_read() -> None:
    for block in blocks(CLIENT / "README.md"):
        body = "".join(f"    {line}\n" for line in block.splitlines())
        compile(f"async def page():\n{body}", "README.md", "exec")


def test_the_package_says_that_it_is_typed(tmp_path: Path) -> None:
    build = "from hatchling.build import build_wheel; import sys; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=CLIENT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "generic_corp/py.typed" in names
    assert all(name.startswith(("generic_corp/", "generic_corp-")) for name in names)
