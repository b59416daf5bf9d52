"""The machinery behind the pages: who is alive, what waits, what each duty did last, how far events lag behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, literal, select, text, union_all

from kernel.clock import Wait
from kernel.db import ReadSession
from kernel.outbox import Delivery
from payments.installation.models import Installation
from portal.duties.models import DutyRun, WorkerBeat

_SILENT_AFTER = text("interval '30 seconds'")  # real time: the beats are


@dataclass(frozen=True, slots=True)
class Beat:
    """A process that ought to be alive: the scheduler, the relay, or a worker by its name. Instants are real time."""

    kind: str
    name: str
    at: datetime | None
    alive: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rows of a wait: all that wait, those whose instant has come, and the earliest instant, in business time."""

    wait: str
    waiting: int
    due: int
    earliest_at: datetime | None


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run of a duty, in real time."""

    duty: str
    ran_at: datetime
    found: int
    broke_at: datetime | None
    error: str | None


def read_beats(session: ReadSession) -> list[Beat]:
    """The scheduler, the relay, and every worker that was heard of within a day."""
    fresh = func.clock_timestamp() - _SILENT_AFTER
    row = session.execute(
        select(
            Installation.scheduler_beat_at,
            func.coalesce(Installation.scheduler_beat_at > fresh, False),
            Installation.relay_beat_at,
            func.coalesce(Installation.relay_beat_at > fresh, False),
        )
    ).first() or (None, False, None, False)
    workers = session.execute(
        select(WorkerBeat.worker, WorkerBeat.beat_at, WorkerBeat.beat_at > fresh).order_by(WorkerBeat.beat_at.desc())
    )
    return [
        Beat("scheduler", "", row[0], row[1]),
        Beat("relay", "", row[2], row[3]),
        *(Beat("worker", *found) for found in workers),
    ]


def read_waits(session: ReadSession, waits: tuple[Wait, ...]) -> dict[str, Waiting]:
    """How much waits for each of the waits, by name, in one query."""
    parts: list[Select[*tuple[Any, ...]]] = [
        select(
            literal(wait.name).label("wait"),
            func.count().label("waiting"),
            func.count().filter(wait.at <= func.business_now()).label("due"),
            func.min(wait.at).label("earliest_at"),
        ).where(wait.where)
        for wait in waits
    ]
    return {row[0]: Waiting(*row) for row in session.execute(union_all(*parts))}


def read_runs(session: ReadSession) -> dict[str, LastRun]:
    """The last run of each duty that has ever run, by name."""
    statement = select(DutyRun.duty, DutyRun.ran_at, DutyRun.found, DutyRun.broke_at, DutyRun.error)
    return {row[0]: LastRun(*row) for row in session.execute(statement)}


def count_dead(session: ReadSession) -> int:
    """Events that could not be handled."""
    return session.execute(select(func.count()).where(Delivery.dead_at.is_not(None))).scalar_one()
