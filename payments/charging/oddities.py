"""Money that came otherwise than it was asked for. What is ours is booked all the same; a person has to see to the rest."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from kernel import log
from kernel.db import Session
from kernel.errors import NotFound
from payments.charging.models import Payment
from payments.history.noting import note_status

# The gateway names another shop, mode or currency: not booked.
QUARANTINED = "quarantined"
# It succeeded, and the gateway says since that it was canceled.
CONTRADICTED = "contradicted"
# The money is held and not taken, though we never ask for that.
NOT_CAPTURED = "not_captured"
OTHER_AMOUNT = "other_amount"
# More than was left of its invoice: the customer's advance.
SURPLUS = "surplus"
_log = log.get(__name__)


def mark_odd(payment: Payment, oddity: str, **facts: object) -> None:
    """Mark a locked payment, so that staff see it; `facts` go into the log."""
    payment.oddity = oddity
    _log.error(f"payment.{oddity}", payment_id=str(payment.id), **facts)


def review_oddity(session: Session, payment_id: UUID, *, by: UUID) -> str | None:
    """An employee has seen to it: the mark goes. Returns what it was, None when it is gone already.

    Raises:
        NotFound: no such payment.
    """
    payment = session.scalars(
        select(Payment)
        .where(Payment.id == payment_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if payment is None:
        raise NotFound
    oddity, payment.oddity = payment.oddity, None
    if oddity is not None:
        note_status(session, "payment_oddity", payment_id, old=oddity, new="reviewed", source=f"staff:{by}")
    return oddity
