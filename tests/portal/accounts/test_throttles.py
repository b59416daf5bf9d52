"""Attempts are counted for all processes in Redis, and here when Redis is away."""

from __future__ import annotations

import pytest
import redis as redis_client

from kernel.settings import get_settings
from portal.accounts.throttles import Throttle, TooManyAttempts, forgive, spend

HERE = Throttle("test-here", 3, 15)
EVERYWHERE = Throttle("test-everywhere", 5, 60)


def _try(*attempts: tuple[Throttle, str]) -> bool:
    try:
        spend(*attempts)
    except TooManyAttempts:
        return False
    return True


@pytest.mark.usefixtures("redis")
def test_attempts_are_refused_after_the_last_allowed_one() -> None:
    assert [_try((HERE, "anna")) for _ in range(5)] == [True, True, True, False, False]
    assert _try((HERE, "boris"))
    with pytest.raises(TooManyAttempts) as refused:
        spend((HERE, "anna"))
    assert refused.value.minutes == 15


@pytest.mark.usefixtures("redis")
def test_a_refused_attempt_does_not_count_in_the_next_throttle() -> None:
    def attempt(place: str) -> bool:
        return _try((HERE, f"anna {place}"), (EVERYWHERE, "anna"))

    for _ in range(100):
        attempt("thief")

    assert attempt("home")


@pytest.mark.usefixtures("redis")
def test_forgiven_attempts_are_forgotten() -> None:
    for _ in range(3):
        spend((HERE, "anna"))

    forgive(HERE, "anna")

    assert _try((HERE, "anna"))


def test_redis_learns_no_address(redis: str) -> None:
    spend((HERE, "anna@example.com"))

    with redis_client.Redis.from_url(redis) as client:
        assert client.dbsize() == 1
        assert not [key for key in client.scan_iter() if b"anna" in key]


def test_without_redis_this_process_counts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KABINET_REDIS_URL", "redis://127.0.0.1:9/7")
    get_settings.cache_clear()
    try:
        assert [_try((HERE, "anna")) for _ in range(5)] == [True, True, True, False, False]
        forgive(HERE, "anna")
        assert _try((HERE, "anna"))
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
