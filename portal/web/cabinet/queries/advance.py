"""What we owe the viewer: money that came beyond what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from kernel.db import ReadSession
from payments.ledger.models import ADVANCE, LedgerEntry


def read_advance(session: ReadSession, customer_ids: Sequence[UUID]) -> int:
    """The advance of these customers together, in kopecks; it is on the credit side."""
    owed = select(-func.coalesce(func.sum(LedgerEntry.kopecks), 0)).where(
        LedgerEntry.customer_id.in_(customer_ids), LedgerEntry.account == ADVANCE
    )
    return int(session.execute(owed).scalar_one())
