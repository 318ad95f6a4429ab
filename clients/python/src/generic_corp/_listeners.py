"""Callbacks. One that raises is reported to the event loop, and does not keep the others from hearing."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Listeners(Generic[T]):
    """Who hears of one kind of thing. They are called by the socket's reader, so they must not block."""

    def __init__(self) -> None:
        self._all: dict[object, Callable[[T], object]] = {}

    def __bool__(self) -> bool:
        return bool(self._all)

    def add(self, listener: Callable[[T], object]) -> Callable[[], None]:
        """Calls `listener` each time, until the returned function is called."""
        mark = object()
        self._all[mark] = listener

        def remove() -> None:
            self._all.pop(mark, None)

        return remove

    def tell(self, value: T) -> None:
        """Calls everybody."""
        for listener in list(self._all.values()):
            try:
                listener(value)
            except Exception as error:
                context = {"message": "a listener of generic_corp failed", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)
