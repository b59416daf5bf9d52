"""Whether charges are being made: the switch, the scheduler's heartbeat, and lines that nobody charges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, func, select, text

from kernel.clock import by_business_clock
from kernel.db import ReadSession, Session
from payments.autopay.models import Autopay
from payments.charging.due import TO_CHARGE
from payments.charging.models import UNSENT, Payment
from payments.contracts.models import Installment
from payments.history.models import StatusHistory
from payments.installation.models import Installation
from payments.installation.pausing import HISTORY_ID, RUNNING

_SILENT_FOR = text("interval '2 minutes'")  # real time: the beat is
_STUCK_FOR = text("interval '10 minutes'")


@dataclass(frozen=True, slots=True)
class Charger:
    """`unproven` says that nobody can resume before the books were compared with the gateway's lists.

    `beat_at` is the last beat, None before the first; `ran_at` is when charges were last made. Business time.

    `stuck` counts due lines that have waited for their charge longer than ten minutes, in which nobody held charging
    back; `stuck_since` is the oldest.

    `held` counts charges that were written and wait for the end of the pause, `held_kopecks` is their sum.
    """

    paused: bool
    pause_reason: str | None
    unproven: bool
    beating: bool
    beat_at: datetime | None
    ran_at: datetime | None
    stuck: int
    stuck_since: datetime | None
    held: int
    held_kopecks: int


def read_charger(session: ReadSession | Session) -> Charger | None:
    """The state of charging; None before the installation exists."""
    beating = func.coalesce(Installation.scheduler_beat_at > func.clock_timestamp() - _SILENT_FOR, False)
    row = session.execute(
        select(
            Installation.charging_paused,
            Installation.pause_reason,
            Installation.unproven_since.is_not(None).label("unproven"),
            beating.label("beating"),
            Installation.scheduler_beat_at,
            Installation.charger_ran_at,
        )
    ).first()
    if row is None:
        return None
    stuck, since = session.execute(
        select(func.count(), func.min(Installment.charge_at))
        .join(Autopay, Autopay.contract_id == Installment.contract_id)
        .where(
            TO_CHARGE.where,
            Autopay.status == "active",
            Installment.charge_at < func.business_now() - _STUCK_FOR,  # said for the index: it follows from the next
            func.greatest(Installment.charge_at, _resumed_at()) < func.business_now() - _STUCK_FOR,
        )
    ).one()
    held, held_kopecks = 0, 0
    if row.charging_paused:
        held, held_kopecks = session.execute(select(func.count(), func.sum(Payment.kopecks)).where(UNSENT)).one()
    beat_at = by_business_clock(row.scheduler_beat_at) if row.scheduler_beat_at else None
    return Charger(
        row.charging_paused,
        row.pause_reason,
        row.unproven,
        row.beating,
        beat_at,
        row.charger_ran_at,
        stuck,
        since,
        held,
        int(held_kopecks or 0),
    )


def _resumed_at() -> ScalarSelect[datetime]:
    return (
        select(func.max(StatusHistory.at))
        .where(
            StatusHistory.object_kind == "installation",
            StatusHistory.object_id == HISTORY_ID,
            StatusHistory.new == RUNNING,
        )
        .scalar_subquery()
    )
