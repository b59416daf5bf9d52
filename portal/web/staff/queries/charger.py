"""Whether charges are being made: the switch, the scheduler's heartbeat, and lines that nobody charges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text

from kernel.db import ReadSession
from payments.autopay.models import Autopay
from payments.charging.due import TO_CHARGE
from payments.contracts.models import Installment
from payments.installation.models import Installation

_SILENT_FOR = text("interval '2 minutes'")  # real time: the beat is
_STUCK_FOR = text("interval '10 minutes'")


@dataclass(frozen=True, slots=True)
class Charger:
    """`beat_at` is real time, None before the first beat; `ran_at` is when charges were last made, business time.

    `stuck` counts due lines that have waited longer than ten minutes for their charge, `stuck_since` is the oldest.
    """

    paused: bool
    pause_reason: str | None
    beating: bool
    beat_at: datetime | None
    ran_at: datetime | None
    stuck: int
    stuck_since: datetime | None


def read_charger(session: ReadSession) -> Charger | None:
    """The state of charging; None before the installation exists."""
    beating = func.coalesce(Installation.scheduler_beat_at > func.clock_timestamp() - _SILENT_FOR, False)
    row = session.execute(
        select(
            Installation.charging_paused,
            Installation.pause_reason,
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
        .where(TO_CHARGE.where, Autopay.status == "active", Installment.charge_at < func.business_now() - _STUCK_FOR)
    ).one()
    return Charger(
        row.charging_paused, row.pause_reason, row.beating, row.scheduler_beat_at, row.charger_ran_at, stuck, since
    )
