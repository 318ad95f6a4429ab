"""Whether the types have everything that the hub says."""

from dataclasses import fields, is_dataclass


def known(value: object, said: object) -> None:
    """Fails where something was said that the types do not have."""
    if isinstance(value, tuple):
        assert isinstance(said, list)
        for part, words in zip(value, said, strict=True):
            known(part, words)
    elif is_dataclass(value):
        assert isinstance(said, dict)
        names = {field.name for field in fields(value)}
        assert said.keys() - {"type"} <= names
        for name in said.keys() & names:
            known(getattr(value, name), said[name])
