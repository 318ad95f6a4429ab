"""Whether to come back, and when."""

import pytest

from generic_corp import CLOSE_CODES, AuthError, HubError
from generic_corp._pace import Pace, backoff


def test_the_wait_has_full_jitter_and_doubles_up_to_20_seconds() -> None:
    assert [backoff(attempt, lambda: 1.0) for attempt in (1, 2, 3, 6, 7, 1_000)] == [0.5, 1, 2, 16, 20, 20]
    assert backoff(1_000, lambda: 0.0) == 0
    waits = {backoff(7) for _ in range(100)}
    assert len(waits) > 90
    assert all(0 <= wait <= 20 for wait in waits)


async def test_every_close_code_is_followed_as_the_hub_says() -> None:
    for code, (reason, reconnect) in CLOSE_CODES.items():
        loss = Pace(renewable=False).lost(code, "", 0, None)
        assert (loss.then == "wait") is reconnect, code
        assert str(loss.error) == reason
        assert loss.error.details == {"close_code": code}
    for code in (1006, 4999):
        assert Pace(renewable=False).lost(code, "", 0, None).then == "wait"


async def test_a_refused_token_is_asked_for_once_until_a_connection_lasted() -> None:
    pace = Pace(renewable=True)
    assert [pace.lost(4401, "", 0, None).then for _ in range(2)] == ["token", "stop"]
    assert pace.lost(4401, "", 6, None).then == "token"
    refusal = AuthError("old", code="token_expired")
    assert pace.lost(4401, "", 0, refusal).error is refusal


async def test_the_hubs_own_times_are_kept_and_attempts_counted() -> None:
    pace = Pace(renewable=False)
    late = HubError("slow down", code="rate_limited", retry_after_ms=90_000)
    assert [pace.plan(late).attempt, pace.plan(late).attempt] == [1, 2]
    assert pace.plan(late).retry_in_ms >= 90_000
    assert pace.now.attempt == 4
    assert pace.now.cause is late
    pace.slot = 0.0
    assert pace.plan(late).retry_in_ms == 0
    pace.lost(1006, "", 5, None)
    assert pace.now.attempt == 1
    assert pace.now.cause is None


@pytest.mark.parametrize("kind", [HubError, AuthError])
def test_an_error_that_is_raised_again_keeps_everything(kind: type[HubError]) -> None:
    error = kind("no", code="forbidden", retryable=True, retry_after_ms=7, details={"a": 1})
    again = error.again()
    assert type(again) is kind
    assert again is not error
    assert again.__cause__ is error
    assert (str(again), vars(again)) == (str(error), vars(error))
