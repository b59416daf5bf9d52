"""The page of jobs: which processes are alive, what lies in the queues, what waits, what each duty did last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.broker import QueueSize, RedisAway, queue_sizes
from kernel.outbox import UNDELIVERED, UNDISPATCHED
from portal.public import Duty
from portal.web.kit.filters import ago
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.i18n import gettext as _
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router
from portal.web.kit.turns import waiting
from portal.web.staff.job_words import DUTIES as DUTY_WORDS
from portal.web.staff.job_words import PROCESSES, QUEUES
from portal.web.staff.queries.jobs import LastRun, Waiting, count_dead, read_beats, read_runs, read_waits
from portal.web.staff.roles import REPEATS_DELIVERIES, may
from portal.wiring import Wiring

router = Router()
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A duty with what waits for it and its last run. `due`: rows whose instant has come; `next_at`: the next one."""

    name: str
    waiting: int
    due: int
    next_at: datetime | None
    last: LastRun | None

    @property
    def is_broken(self) -> bool:
        """Whether the last run is one that raised."""
        return bool(self.last and self.last.broke_at and self.last.broke_at >= self.last.ran_at)


@router.get("/staff/jobs", name="staff.jobs")
def show(request: Request, staff: CurrentStaff, db: ReadDb) -> Response:
    """The state of the machinery; asked for again every ten seconds."""
    wiring: Wiring = request.app.state.wiring
    with waiting():
        queues = _queues()
    waits, runs = read_waits(db, wiring.waits), read_runs(db)
    now = clock.now()
    context = {
        "beats": read_beats(db),
        "queues": queues,
        "events": waits[UNDISPATCHED.name],
        "events_lag": _lag(waits[UNDISPATCHED.name], now),
        "deliveries": waits[UNDELIVERED.name],
        "dead": count_dead(db),
        "schedules": [_schedule(duty, waits, runs) for duty in wiring.duties],
        "duty_words": DUTY_WORDS,
        "queue_words": QUEUES,
        "process_words": PROCESSES,
        "ago": lambda at: ago(at, clock.real_now()),
        "silent_since": _silent_since,
        "may_repeat": may(staff, REPEATS_DELIVERIES),
    }
    return render(request, "pages/staff/jobs.html", context, fragment="jobs")


def _silent_since(at: datetime) -> str:
    now = clock.real_now()
    return ago(at, now) if now - at >= _MINUTE else _("меньше минуты")


def _queues() -> Sequence[QueueSize] | None:
    try:
        return queue_sizes(tuple(QUEUES))
    except RedisAway:
        return None


def _lag(events: Waiting, now: datetime) -> str:
    return ago(events.earliest_at, now) if events.earliest_at else ""


def _schedule(duty: Duty, waits: Mapping[str, Waiting], runs: Mapping[str, LastRun]) -> Schedule:
    mine = [waits[wait.name] for wait in duty.waits]
    instants = [it.earliest_at for it in mine if it.earliest_at]
    return Schedule(
        duty.name,
        sum(it.waiting for it in mine),
        sum(it.due for it in mine),
        min(instants) if instants else None,
        runs.get(duty.name),
    )
