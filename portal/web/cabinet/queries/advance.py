"""What we owe the viewer: money that came beyond what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from kernel.db import ReadSession, given
from payments.ledger.models import ADVANCE, LedgerEntry

_OWED = select(-func.coalesce(func.sum(LedgerEntry.kopecks), 0)).where(
    given(LedgerEntry.customer_id, "customer_ids"), LedgerEntry.account == ADVANCE
)


def read_advance(session: ReadSession, customer_ids: Sequence[UUID]) -> int:
    """The advance of these customers together, in kopecks; it is on the credit side."""
    return int(session.execute(_OWED, {"customer_ids": list(customer_ids)}).scalar_one())
