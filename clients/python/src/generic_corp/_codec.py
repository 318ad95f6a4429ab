"""Between JSON and the protocol's types. What the hub says is checked here, and nowhere else."""

import json
import types
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from ._protocol import SERVER_FRAMES, ClientFrame, ServerFrame

T = TypeVar("T")
_Read = Callable[[Any], Any]


class MalformedError(ValueError):
    """The hub said what is no frame; the words are not shown, for they may be anybody's."""


def to_json(value: object) -> str:
    """JSON as short as it gets; `TypeError` or `ValueError` for what JSON cannot hold."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Half of a surrogate pair cannot be sent.
    text.encode()
    return text


def encode(frame: ClientFrame) -> str:
    """A frame as text. What is not given is left out."""
    return to_json({"type": frame.type, **_plain(frame)})


def _plain(value: Any) -> dict[str, Any]:
    plain = {}
    for field in fields(value):
        part = getattr(value, field.name)
        if part == field.default or (field.default == () and not part):
            continue
        plain[field.name] = _plain(part) if is_dataclass(part) else part
    return plain


def decode_message(text: str) -> list[ServerFrame]:
    """The frames of a message, without those of types that are not known."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedError("no JSON") from error
    frames = []
    for each in message if isinstance(message, list) else [message]:
        if not isinstance(each, dict) or not isinstance(each.get("type"), str):
            raise MalformedError("no frame")
        kind = SERVER_FRAMES.get(each["type"])
        if kind:
            frames.append(decode(kind, each))
    return frames


def decode(kind: type[T], value: object) -> T:
    """A value of the protocol; fields that are not known are left out."""
    read = _reader(kind)
    made: T = read(value)
    return made


_readers: dict[Any, _Read] = {}


def _reader(kind: Any) -> _Read:
    read = _readers.get(kind)
    if not read:
        read = _readers[kind] = _make_reader(kind)
    return read


def _make_reader(kind: Any) -> _Read:
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _record(kind)
    if origin is tuple:
        return _array(_reader(arguments[0]))
    if origin in (Union, types.UnionType):
        (inner,) = (each for each in arguments if each is not types.NoneType)
        return _optional(_reader(inner))
    if kind is datetime:
        return _moment
    # A literal lists what is known now; other words may come within this version of the protocol.
    return _anything if kind is Any else _exact(str if origin is Literal else kind)


def _record(kind: Any) -> _Read:
    readers = [(field.name, _reader(field.type)) for field in fields(kind)]
    required = {field.name for field in fields(kind) if field.default is MISSING}

    def read(value: Any) -> Any:
        if not isinstance(value, dict) or not required <= value.keys():
            raise MalformedError(f"no {kind.__name__}")
        return kind(**{name: part(value[name]) for name, part in readers if name in value})

    return read


def _array(item: _Read) -> _Read:
    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise MalformedError("no array")
        return tuple(map(item, value))

    return read


def _optional(inner: _Read) -> _Read:
    def read(value: Any) -> Any:
        return None if value is None else inner(value)

    return read


def _exact(kind: type) -> _Read:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise MalformedError(f"no {kind.__name__}")
        return value

    return read


def _moment(value: Any) -> datetime:
    try:
        # Before Python 3.11 `Z` is not read.
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    except (AttributeError, TypeError, ValueError) as error:
        raise MalformedError("no time") from error


def _anything(value: Any) -> Any:
    return value
