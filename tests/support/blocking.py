"""Two transactions at once: one that really waits for the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import text

from kernel.db import read

T = TypeVar("T")
_WAITERS = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


@contextmanager
def meanwhile(work: Callable[[], T]) -> Iterator[Future[T]]:
    """Run `work` in a thread; the block begins when it waits for a lock and must let go of what it waits for."""
    with ThreadPoolExecutor(1) as other:
        running = other.submit(work)
        wait_for_waiters(1)
        yield running


def wait_for_waiters(wanted: int, *, seconds: float = 10) -> None:
    """Return once so many connections wait for a lock."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with read() as session:
            if session.execute(_WAITERS).scalar_one() >= wanted:
                return
        time.sleep(0.01)
    raise AssertionError(f"nobody waits for a lock after {seconds} s")
