"""`/readyz` goes by what the scheduler and its relay really do."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import func, text, update

from kernel.db import begin, read
from kernel.settings import get_settings
from payments.installation.models import Installation
from payments.installation.setup import ensure_installation
from portal import scheduler
from portal.checks import unready
from portal.wiring import Wiring

_PATIENCE_S = 20.0
_LONG_AGO = func.clock_timestamp() - timedelta(minutes=1)


@pytest.fixture
def installation(committed: str) -> None:
    """A database of the test's own with nothing but the installation."""
    with begin() as session:
        ensure_installation(session, get_settings())


@contextmanager
def running_scheduler() -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=scheduler.run, args=(Wiring(), stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def missing() -> list[str]:
    with read() as session:
        return unready(session)


def wait_until_missing(expected: list[str]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while missing() != expected:
        assert time.monotonic() < until, f"still missing {missing()}"
        time.sleep(0.1)


def forget_beats() -> None:
    with begin() as session:
        session.execute(update(Installation).values(scheduler_beat_at=_LONG_AGO, relay_beat_at=_LONG_AGO))


def test_nothing_is_ready_before_the_scheduler_runs(installation: None) -> None:
    assert missing() == ["scheduler", "relay"]


def test_a_running_scheduler_and_its_relay_are_ready_until_they_end(installation: None) -> None:
    with running_scheduler():
        wait_until_missing([])
    forget_beats()

    assert missing() == ["scheduler", "relay"]


def test_a_relay_that_is_stuck_shows_beside_a_scheduler_that_beats(installation: None) -> None:
    with running_scheduler():
        wait_until_missing([])
        with begin() as other:
            # Others may read the outbox, and the scheduler does; the relay cannot claim what it is to move on.
            other.execute(text("LOCK TABLE outbox_messages IN EXCLUSIVE MODE"))
            forget_beats()
            wait_until_missing(["relay"])
        wait_until_missing([])
