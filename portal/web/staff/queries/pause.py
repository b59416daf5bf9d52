"""The pause of charging that stalls a payment: since when, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select, true

from kernel.db import ReadSession
from payments.charging.models import Payment
from payments.charging.stalled import STALLED
from payments.history.models import StatusHistory
from payments.installation.models import Installation
from payments.installation.pausing import HISTORY_ID, PAUSED


@dataclass(frozen=True, slots=True)
class Pause:
    """Why charging stands still, and since when: None where it was stopped past the product.

    `is_unproven`: this database came from a backup, and may not know what was sent before.
    """

    since: datetime | None
    reason: str | None
    is_unproven: bool


# What was noted last: a pause that is over does not lend its instant to one that was put up by hand in the database.
_NOTED = (
    select(case((StatusHistory.new == PAUSED, StatusHistory.at)))
    .where(StatusHistory.object_kind == "installation", StatusHistory.object_id == HISTORY_ID)
    .order_by(StatusHistory.id.desc())
    .limit(1)
    .scalar_subquery()
)
# Over the installation, while charging is paused: since when, NULL where it was stopped past the product.
PAUSED_SINCE = func.coalesce(_NOTED, Installation.unproven_since)


def pause_over(session: ReadSession, payment_id: UUID) -> Pause | None:
    """The pause for whose end the payment waits; None when it waits for none."""
    row = session.execute(
        select(PAUSED_SINCE, Installation.pause_reason, Installation.unproven_since.is_not(None))
        .select_from(Payment)
        .join(Installation, true())
        .where(Payment.id == payment_id, STALLED.is_not(None))
    ).first()
    return Pause(*row) if row else None
