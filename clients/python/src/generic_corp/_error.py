"""What can go wrong, as one family of errors with the hub's own codes."""

from typing import Any

from ._protocol import Failure


class HubError(Exception):
    """Every error of this client. Act on `code` and `retryable`; show the message to people.

    Beside the hub's codes there are `closed`, `no_answer`, `too_much_pending` and `unreadable`.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "closed",
        retryable: bool = False,
        retry_after_ms: int | None = None,
        details: Any = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        """What a program acts on."""
        self.retryable = retryable
        """Whether the same request, with the same key, may succeed later."""
        self.retry_after_ms = retry_after_ms
        """Not before this many milliseconds."""
        self.details = details
        """Facts that belong to the code."""

    def again(self) -> "HubError":
        """The same, to be raised once more; it has this one as its cause."""
        copy = type(self)(
            str(self),
            code=self.code,
            retryable=self.retryable,
            retry_after_ms=self.retry_after_ms,
            details=self.details,
        )
        copy.__cause__ = self
        return copy


class AuthError(HubError):
    """The token or key is missing, wrong, expired or withdrawn. Raise it from `token` to stop for good."""

    def __init__(self, message: str, *, code: str = "unauthenticated", **more: Any) -> None:
        super().__init__(message, code=code, **more)


class LimitError(HubError):
    """A rate or a quota is used up; `retry_after_ms` or `details["resets_at"]` say when to go on."""

    def __init__(self, message: str, *, code: str = "limit_reached", **more: Any) -> None:
        super().__init__(message, code=code, **more)


_KINDS: dict[str, type[HubError]] = {
    "unauthenticated": AuthError,
    "invalid_token": AuthError,
    "token_expired": AuthError,
    "invalid_credentials": AuthError,
    "forbidden": AuthError,
    "origin_not_allowed": AuthError,
    "rate_limited": LimitError,
    "quota_exceeded": LimitError,
    "limit_reached": LimitError,
}


def hub_error(code: str, message: str, **more: Any) -> HubError:
    """An error of the class that its code belongs to."""
    return _KINDS.get(code, HubError)(message, code=code, **more)


def from_failure(failure: Failure) -> HubError:
    """An `error` frame as an error to raise."""
    return hub_error(
        failure.code,
        failure.message,
        retryable=failure.retryable,
        retry_after_ms=failure.retry_after_ms,
        details=failure.details,
    )
