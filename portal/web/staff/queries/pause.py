"""The pause of charging that holds a payment back: since when, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, true

from kernel.db import ReadSession
from payments.charging.held_back import HELD
from payments.charging.models import Payment
from payments.history.models import StatusHistory
from payments.installation.models import Installation
from payments.installation.pausing import HISTORY_ID, PAUSED


@dataclass(frozen=True, slots=True)
class Pause:
    """`is_unproven`: this database came from a backup, and may not know what was sent before."""

    since: datetime | None
    reason: str | None
    is_unproven: bool


def pause_over(session: ReadSession, payment_id: UUID) -> Pause | None:
    """The pause for whose end the payment waits; None when it waits for none."""
    since = (
        select(func.max(StatusHistory.at))
        .where(
            StatusHistory.object_kind == "installation",
            StatusHistory.object_id == HISTORY_ID,
            StatusHistory.new == PAUSED,
        )
        .scalar_subquery()
    )
    row = session.execute(
        select(since, Installation.pause_reason, Installation.unproven_since.is_not(None))
        .select_from(Payment)
        .join(Installation, true())
        .where(Payment.id == payment_id, HELD.is_not(None))
    ).first()
    return Pause(*row) if row else None
