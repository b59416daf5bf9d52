"""Notes of duties and workers. They are for people: nothing is decided by them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from sqlalchemy import delete, func, text
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Session, begin
from portal.duties.models import DutyRun, WorkerBeat

_WRITE_EVERY_S = 1.0
_LONGEST_ERROR = 300
_GONE_AFTER = "1 day"


@dataclass(slots=True)
class _Run:
    found: int = 0
    error: str = ""


@dataclass
class DutyNotes:
    """What ran since the last note. Written at most once a second, so that a busy scheduler is not kept busy by it."""

    _runs: dict[str, _Run] = field(default_factory=dict)
    _written_at: float = float("-inf")

    def ran(self, duty: str, found: int) -> None:
        """A duty has run."""
        self._runs.setdefault(duty, _Run()).found += found

    def broke(self, duty: str, error: Exception) -> None:
        """A duty raised. Only the kind of error is kept: its text may name people."""
        self._runs.setdefault(duty, _Run()).error = type(error).__name__[:_LONGEST_ERROR]

    def write(self) -> None:
        """Store what has run, unless that was done a moment ago."""
        if not self._runs or time.monotonic() - self._written_at < _WRITE_EVERY_S:
            return
        with begin() as session:
            for duty, run in self._runs.items():
                _note(session, duty, run)
        self._runs.clear()
        self._written_at = time.monotonic()


def give_worker_beat(worker: str) -> None:
    """Say that this worker process is alive, and forget those that have been silent for a day."""
    now = func.clock_timestamp()
    with begin() as session:
        given = insert(WorkerBeat).values(worker=worker)
        session.execute(given.on_conflict_do_update(index_elements=["worker"], set_={"beat_at": now}))
        session.execute(delete(WorkerBeat).where(WorkerBeat.beat_at < now - text(f"interval '{_GONE_AFTER}'")))


def _note(session: Session, duty: str, run: _Run) -> None:
    now = func.clock_timestamp()
    values = {"ran_at": now, "found": run.found}
    if run.error:
        values |= {"broke_at": now, "error": run.error}
    given = insert(DutyRun).values(duty=duty, **values)
    session.execute(given.on_conflict_do_update(index_elements=["duty"], set_=values))
