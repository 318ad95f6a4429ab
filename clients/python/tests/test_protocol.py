"""The types are those of the protocol, and what the documentation shows can be read."""

import json
import os
import re
from datetime import datetime, timezone
from typing import Any

import generate
import pytest
from known import known

from generic_corp import _protocol as protocol
from generic_corp._codec import MalformedError, decode, decode_message, encode, to_json

DOCUMENTATION = generate.CLIENT.parents[1] / "docs" / "protocol.md"


def examples(kind: str) -> list[tuple[str, Any]]:
    """The documentation's blocks of a kind: what an answer's result is, and the JSON."""
    text = DOCUMENTATION.read_text()
    found = re.findall(rf"^```json {kind}(?: (\w+))?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(result, json.loads(block)) for result, block in found]


def test_the_types_are_those_of_the_typescript_client() -> None:
    fresh = generate.generate()
    if os.environ.get("GENERIC_CORP_REFRESH"):
        generate.TARGET.write_text(fresh)
    assert generate.TARGET.read_text() == fresh, f"_protocol.py is out of date; refresh it: {generate.REFRESH}"
    assert len(generate.DECLARATION.findall(generate.SOURCE.read_text())) == generate.declared()


@pytest.mark.parametrize(("result", "frame"), examples("server"), ids=repr)
def test_each_frame_of_the_hub_that_is_shown_is_read_whole(result: str, frame: dict[str, Any]) -> None:
    (read,) = decode_message(json.dumps(frame))
    known(read, frame)
    if result and result != "Offset":
        known(decode(getattr(protocol, result), frame["result"]), frame["result"])


@pytest.mark.parametrize(("_", "message"), examples("client"), ids=repr)
def test_each_frame_of_a_client_that_is_shown_can_be_said(_: str, message: Any) -> None:
    kinds: dict[str, Any] = {}
    for name in re.findall(r"\w+", str(protocol.ClientFrame)):
        kind = getattr(protocol, name, None)
        if kind and hasattr(kind, "type"):
            kinds[kind.type] = kind
    for frame in message if isinstance(message, list) else [message]:
        parts: dict[str, Any] = {}
        for key, value in frame.items():
            parts[key] = tuple(value) if isinstance(value, list) else value
        if client := parts.get("client"):
            parts["client"] = protocol.ClientInfo(**client)
        kind = kinds[parts.pop("type")]
        assert json.loads(encode(kind(**parts))) == frame


def test_what_is_not_given_is_left_out() -> None:
    publish = protocol.Publish(room="lobby", body=None, mentions=("ada",), reply_to=0)
    assert encode(publish) == '{"type":"publish","room":"lobby","body":null,"mentions":["ada"],"reply_to":0}'
    read = protocol.StreamRead(stream="s", follow=False)
    assert encode(read) == '{"type":"stream.read","stream":"s","follow":false}'


def test_a_token_is_not_shown() -> None:
    assert "gck_" not in repr(protocol.Hello(token="gck_secret"))


def test_json_is_what_json_can_hold() -> None:
    assert to_json({"é": 1}) == '{"é":1}'
    for value in (float("inf"), "\ud800"):
        with pytest.raises(ValueError, match=r"JSON|surrogates"):
            to_json(value)


def test_values_are_checked_and_unknown_ones_left_out() -> None:
    sender = decode(protocol.Sender, {"kind": "robot", "id": "a", "name": "r2", "colour": "blue"})
    assert (sender.kind, sender.name) == ("robot", "r2")
    info = decode(protocol.ServerInfo, {"version": "1", "node": "n", "time": "2026-01-02T03:04:05.678Z"})
    assert info.time == datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=timezone.utc)
    wrongs: list[object] = [None, [], {"kind": "agent", "id": "a"}, {"kind": 1, "id": "a", "name": "b"}]
    for wrong in wrongs:
        with pytest.raises(MalformedError):
            decode(protocol.Sender, wrong)
