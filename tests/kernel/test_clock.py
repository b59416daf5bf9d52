"""The clock by which permits and calls grow old."""

from __future__ import annotations

import time

import pytest

from kernel.clock import elapsed


def test_it_goes_on_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    asleep = 3 * 86400
    stands_still = time.monotonic
    counts_sleep = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # macOS counts sleep in the second
    monkeypatch.setattr(time, "clock_gettime", {counts_sleep: stands_still() + asleep}.__getitem__)

    assert elapsed() - stands_still() > asleep - 60


def test_it_goes_forward() -> None:
    earlier = elapsed()

    assert elapsed() >= earlier
