"""Whether charges are being made: the switch, the heartbeats, and charges that nobody makes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, TextClause, and_, exists, func, or_, select, text, union_all

from kernel.clock import by_business_clock
from kernel.db import ReadSession, Session
from payments.autopay.models import Autopay
from payments.charging.due import TO_CHARGE
from payments.charging.models import CREATED, LIVE, TO_SEND, UNSENT, Payment
from payments.contracts.models import Installment
from payments.history.models import StatusHistory
from payments.installation.models import Installation
from payments.installation.pausing import HISTORY_ID, RUNNING
from portal.duties.models import WorkerBeat
from portal.web.staff.queries.pause import PAUSED_SINCE

_SILENT_FOR = text("interval '2 minutes'")  # real time: the beat is
_STUCK_FOR = text("interval '10 minutes'")
_PASSED_OVER_FOR = text("interval '1 day'")
_UNDER_WAY = tuple(status for status in LIVE if status != CREATED)


@dataclass(frozen=True, slots=True)
class Charger:
    """`unproven` says that nobody can resume before the books were compared with the gateway's lists.

    `beat_at` is the scheduler's last beat and `worked_at` that of any worker, None before the first; `ran_at` is when
    charges were last written. Business time.

    `stuck` counts what has waited for more than ten minutes in which nobody held charging back: due lines, when no
    charge was written meanwhile, and written charges, when none left: in a long run each waits for its turn.
    `stuck_since` is the oldest. `passed_over` counts what has waited for more than a day while others went.

    `held` counts charges that were written and wait for the end of the pause, `held_kopecks` is their sum.
    """

    paused: bool
    pause_reason: str | None
    paused_at: datetime | None
    unproven: bool
    beating: bool
    beat_at: datetime | None
    working: bool
    worked_at: datetime | None
    ran_at: datetime | None
    stuck: int
    stuck_since: datetime | None
    passed_over: int
    held: int
    held_kopecks: int


def read_charger(session: ReadSession | Session) -> Charger | None:
    """The state of charging; None before the installation exists."""
    worked_at = select(func.max(WorkerBeat.beat_at)).scalar_subquery()
    heard = func.clock_timestamp() - _SILENT_FOR
    row = session.execute(
        select(
            Installation.charging_paused,
            Installation.pause_reason,
            PAUSED_SINCE.label("paused_at"),
            Installation.unproven_since.is_not(None).label("unproven"),
            func.coalesce(Installation.scheduler_beat_at > heard, False).label("beating"),
            Installation.scheduler_beat_at,
            func.coalesce(worked_at > heard, False).label("working"),
            worked_at.label("worked_at"),
            Installation.charger_ran_at,
        )
    ).first()
    if row is None:
        return None
    stuck, since, passed_over = _read_stuck(session)
    held, held_kopecks = 0, 0
    if row.charging_paused:
        held, held_kopecks = session.execute(select(func.count(), func.sum(Payment.kopecks)).where(UNSENT)).one()
    return Charger(
        row.charging_paused,
        row.pause_reason,
        row.paused_at if row.charging_paused else None,
        row.unproven,
        row.beating,
        _by_business_clock(row.scheduler_beat_at),
        row.working,
        _by_business_clock(row.worked_at),
        row.charger_ran_at,
        stuck,
        since,
        passed_over,
        held,
        int(held_kopecks or 0),
    )


def _by_business_clock(at: datetime | None) -> datetime | None:
    return by_business_clock(at) if at else None


def _read_stuck(session: ReadSession | Session) -> tuple[int, datetime | None, int]:
    resumed_at = (
        select(func.max(StatusHistory.at))
        .where(
            StatusHistory.object_kind == "installation",
            StatusHistory.object_id == HISTORY_ID,
            StatusHistory.new == RUNNING,
        )
        .scalar_subquery()
    )
    lines = (
        select(
            func.greatest(Installment.charge_at, resumed_at).label("at"),
            exists().where(Installation.charger_ran_at > _ago(_STUCK_FOR)).label("others_go"),
        )
        .join(Autopay, Autopay.contract_id == Installment.contract_id)
        .where(TO_CHARGE.where, Autopay.status == "active", Installment.charge_at < _ago(_STUCK_FOR))
    )
    unsent_at = func.greatest(Payment.created_at, Payment.next_check_at, resumed_at)
    unsent = select(unsent_at.label("at"), _leave().label("others_go")).where(
        TO_SEND.where, unsent_at < _ago(_STUCK_FOR)
    )
    waiting = union_all(lines, unsent).subquery()
    stands = and_(waiting.c.at < _ago(_STUCK_FOR), ~waiting.c.others_go)
    passed_over = and_(waiting.c.at < _ago(_PASSED_OVER_FOR), waiting.c.others_go)
    stuck, since, late = session.execute(
        select(
            func.count().filter(stands),
            func.min(waiting.c.at).filter(stands),
            func.count().filter(passed_over),
        )
    ).one()
    return stuck, since, late


def _ago(interval: TextClause) -> ColumnElement[datetime]:
    # A subquery is asked once, a function for each row: in a long run a hundred thousand written charges wait.
    return select(func.business_now() - interval).scalar_subquery()


def _leave() -> ColumnElement[bool]:
    # Two questions, an index for each: those that are under way, whatever the gateway makes of them, and those decided.
    sent = and_(Payment.initiator == "schedule", Payment.first_sent_at > _ago(_STUCK_FOR))
    return or_(
        exists().where(Payment.status.in_(_UNDER_WAY), sent),
        exists().where(Payment.decided_at > _ago(_STUCK_FOR), sent),
    )
