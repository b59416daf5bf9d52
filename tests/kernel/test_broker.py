"""Jobs run to their own end: Dramatiq's time limit counts only in processes that its own command line starts."""

from __future__ import annotations

import threading
import time

import dramatiq
import pytest
from dramatiq.middleware import TimeLimit

from kernel.broker import Job, Jobs

_LIMIT_MS = 100
_JOB_S = 2.5


def test_no_clock_breaks_a_job_off_between_two_lines(redis: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def long(_ids: list[str]) -> None:
        until = time.monotonic() + _JOB_S
        while time.monotonic() < until:
            time.sleep(0.01)
        ended.set()

    jobs = Jobs([Job("long", long)])
    broker = jobs.declare()
    for middleware in broker.middleware:
        if isinstance(middleware, TimeLimit):
            monkeypatch.setattr(middleware, "time_limit", _LIMIT_MS)
    worker = dramatiq.Worker(broker, worker_threads=1)
    worker.start()
    try:
        jobs.send("long", [1])
        assert ended.wait(30)
    finally:
        worker.stop()
