"""Makes `_protocol.py` from the TypeScript client's `protocol.ts`, which is made from the Rust crate `protocol`."""

import re
from pathlib import Path

CLIENT = Path(__file__).parents[1]
SOURCE = CLIENT.parent / "typescript" / "src" / "protocol.ts"
TARGET = CLIENT / "src" / "generic_corp" / "_protocol.py"
REFRESH = "GENERIC_CORP_REFRESH=1 pytest tests/test_protocol.py"
WIDTH = 120

HEAD = f'''"""The protocol's types and constants.

Made from `clients/typescript/src/protocol.ts`; to refresh it: {REFRESH}
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias


class CloseCode(NamedTuple):
    """Why the hub ended a connection, and whether a client should connect again by itself."""

    reason: str
    reconnect: bool

'''

PRIMITIVES = {"string": "str", "number": "int", "boolean": "bool", "unknown": "Any"}

DECLARATION = re.compile(
    r"^/\*\* (?P<docs>[^\n]*?) \*/\nexport type (?P<name>\w+) = (?P<value>\{\n.*?^\}|[^\n]*?);$",
    re.MULTILINE | re.DOTALL,
)
FIELD = re.compile(r"^  /\*\* (.*?) \*/\n  (\w+)(\??): (.*),$", re.MULTILINE)
VARIANT = re.compile(r'\{ "type": "([\w.]+)" \} & (\w+)')
CONSTANT = re.compile(r'^export const (\w+) = (\d+|".*");$', re.MULTILINE)
CLOSE_CODE = re.compile(r'^  (\d+): \{ reason: "(.*)", reconnect: (true|false) \},$', re.MULTILINE)


def python_type(typescript: str) -> str:
    """The Python type for one of TypeScript."""
    if array := re.fullmatch(r"Array<(.*)>", typescript):
        return f"tuple[{python_type(array[1])}, ...]"
    return PRIMITIVES.get(typescript, typescript)


def prose(docs: str) -> str:
    """Documentation without Rust's links."""
    return re.sub(r"\[`(?:\w+::)*(\w+)`\]", r"`\1`", docs).replace("\\", "\\\\")


def wrapped(name: str, begin: str, items: list[str], end: str, separator: str) -> str:
    """A declaration on one line, or on one line for each item."""
    line = f"{name}{begin}{separator.join(items)}{end}"
    if len(line) <= WIDTH:
        return line
    if separator == " | ":
        inner = separator.join(items)
        return f"{name}(\n    " + (inner if len(inner) + 4 <= WIDTH else "\n    | ".join(items)) + "\n)"
    return f"{name}{begin}\n    " + ",\n    ".join(items) + f",\n{end}"


def record(name: str, docs: str, body: str, tag: str | None) -> str:
    """A dataclass; those that a client sends know their `type`."""
    lines = [
        "@dataclass(frozen=True, slots=True, kw_only=True)",
        f"class {name}:",
        f'    """{docs}"""',
        "",
    ]
    if tag:
        lines += [f'    type: ClassVar[str] = "{tag}"', ""]
    for text, field, optional, kind in FIELD.findall(body):
        python = python_type(kind)
        if python == "Token":
            python += " | None = field(default=None, repr=False)"
        elif optional:
            python += " = ()" if python.startswith("tuple") else " | None = None"
            python = python.replace("Any | None", "Any")
        lines += [f"    {field}: {python}", f'    """{prose(text)}"""']
    return "\n".join(lines)


def constants(source: str) -> str:
    """The numbers and the table of close codes."""
    text = "".join(f"{name} = {value}\n" for name, value in CONSTANT.findall(source))
    text += "\nCLOSE_CODES: dict[int, CloseCode] = {\n"
    for code, reason, reconnect in CLOSE_CODE.findall(source):
        text += f'    {code}: CloseCode("{reason}", reconnect={reconnect.title()}),\n'
    return text + "}\n"


def generate() -> str:
    """The whole file."""
    source = SOURCE.read_text()
    declarations = [match.groupdict() for match in DECLARATION.finditer(source)]
    values = {each["name"]: each["value"] for each in declarations}
    sent = {name: tag for tag, name in VARIANT.findall(values["ClientFrame"])}
    heard = {name: tag for tag, name in VARIANT.findall(values["ServerFrame"])}
    parts = [HEAD + "\n" + constants(source)]
    for each in declarations:
        name, value, docs = each["name"], each["value"], prose(each["docs"])
        if value.startswith("{\n"):
            docs = f"The frame `{heard[name]}` of the hub." if docs.startswith("See `") else docs
            parts.append(record(name, docs, value, sent.get(name)))
            continue
        alias = f"{name}: TypeAlias = "
        if variants := [variant for _, variant in VARIANT.findall(value)]:
            text = wrapped(alias, "", variants, "", " | ")
        elif value == "string":
            text = alias + ("datetime" if name == "Timestamp" else "str")
        else:
            text = wrapped(alias, "Literal[", value.split(" | "), "]", ", ")
        parts.append(f'{text}\n"""{docs}"""')
    table = "".join(f'    "{tag}": {name},\n' for name, tag in heard.items())
    parts.append(f"SERVER_FRAMES: dict[str, type[ServerFrame]] = {{\n{table}}}")
    text = "\n\n".join(parts) + "\n"
    # Two blank lines around classes, one between the rest, as the formatter wants it.
    text = re.sub(r"\n+(@dataclass)", r"\n\n\n\1", text)
    return re.sub(r'(\n    """[^\n]*"""\n)\n+(?=\w)', r"\1\n\n", text)


def declared() -> int:
    """How many types the source exports; none must be overlooked."""
    return len(re.findall(r"^export type \w+ =", SOURCE.read_text(), re.MULTILINE))
