"""The bucket that all processes share: what it lets through, whoever asks and by whatever clock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from crm_sync import limiter
from kernel.settings import get_settings

PORTAL = "https://portal.example.com/rest/1/x"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
# Two less than this are let through at once.
_LIMITS = {"KABINET_BITRIX24_BURST": "5", "KABINET_BITRIX24_PER_SECOND": "2"}


@pytest.fixture(autouse=True)
def narrow(redis: str) -> Iterator[None]:
    os.environ |= _LIMITS
    get_settings.cache_clear()
    yield
    for name in _LIMITS:
        del os.environ[name]
    get_settings.cache_clear()


def _through(*instants: datetime) -> int:
    return sum(limiter.take(PORTAL, at) == 0 for at in instants)


def test_a_full_bucket_says_when_to_ask_again() -> None:
    assert _through(NOW, NOW, NOW) == 3
    assert limiter.take(PORTAL, NOW) == pytest.approx(0.5)
    assert _through(NOW + timedelta(seconds=0.5)) == 1


def test_two_machines_whose_clocks_differ_get_no_more_than_one() -> None:
    ahead = NOW + timedelta(seconds=1)
    assert _through(*[NOW, ahead] * 10) <= 5


def test_a_clock_that_was_set_back_far_does_not_close_the_bucket() -> None:
    day_before = NOW - timedelta(days=1)
    assert _through(NOW, NOW, NOW, day_before) == 3
    assert _through(day_before + timedelta(seconds=1)) == 1
