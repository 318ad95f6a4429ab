"""Where the token comes from. It goes into `hello` and nowhere else: not into URLs, logs or errors."""

import asyncio
import inspect
import os
from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias

from ._error import AuthError, HubError

KEY_VARIABLE = "GENERIC_CORP_API_KEY"
TOKEN_SECONDS = 20.0

TokenReason: TypeAlias = Literal["connect", "renew", "refused"]
"""Why a token is asked for; after `refused` the last one must not be given again."""

TokenSource: TypeAlias = Callable[[TokenReason], str | Awaitable[str]]
"""Gives a token that is good now. One that is no coroutine function runs in a thread, so it may block."""


class Credentials:
    """A key that stays, or a callback that gives tokens."""

    def __init__(self, token: str | TokenSource | None) -> None:
        if token is None:
            token = os.environ.get(KEY_VARIABLE, "").strip()
            if not token:
                raise AuthError(f"no API key; pass `token`, or set {KEY_VARIABLE}")
        self._token = token

    @property
    def renewable(self) -> bool:
        """Whether asking again may give another token."""
        return callable(self._token)

    async def get(self, why: TokenReason) -> str:
        """A token, within 20 s. An `AuthError` of the callback comes through; others may be tried again."""
        if isinstance(self._token, str):
            return self._token
        try:
            return await asyncio.wait_for(self._ask(self._token, why), TOKEN_SECONDS)
        except HubError:
            raise
        except Exception as cause:
            late = isinstance(cause, asyncio.TimeoutError)
            message = "`token` gave no token in time" if late else "no token to connect with"
            code = "no_answer" if late else "unavailable"
            raise HubError(message, code=code, retryable=True) from cause

    async def _ask(self, source: TokenSource, why: TokenReason) -> str:
        coroutine = inspect.iscoroutinefunction(source)
        token = source(why) if coroutine else await asyncio.to_thread(source, why)
        return token if isinstance(token, str) else await token
