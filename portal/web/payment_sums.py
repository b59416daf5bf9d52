"""How the sum of a payment comes about: what its invoice asks, what was paid before, what is left or went beyond."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from kernel.db import ReadSession, Session
from payments.charging.models import SUCCEEDED, Allocation, Payment
from payments.invoicing.models import Invoice
from portal.web.kit.i18n import gettext as _


class Part(NamedTuple):
    """One line of the sum, in kopecks; what was paid already, or is still owed, is negative."""

    name: str
    kopecks: int


def parts_of(session: ReadSession | Session, payment_id: UUID, what: str) -> list[Part]:
    """The lines that add up to the payment; `what` names what its invoice is for."""
    row = session.execute(_facts(payment_id)).one()
    before = int(row.before)
    parts = [Part(what, row.asked), Part(_("Оплачено раньше"), -before)]
    if row.status == SUCCEEDED:
        parts += [
            Part(_("Осталось доплатить"), before + row.counted - row.asked),
            Part(_("Сверх счёта, в аванс"), row.kopecks - row.counted),
        ]
    told = [part for part in parts if part.kopecks]
    # What was tried for another sum than is asked for today explains itself by nothing else.
    return told if sum(part.kopecks for part in told) == row.kopecks else [Part(what, row.kopecks)]


def _facts(payment_id: UUID) -> Select[*tuple[Any, ...]]:
    mine, other = aliased(Allocation), aliased(Allocation)
    # What came between the beginning and the end of a payment that succeeded was there before it.
    since = case((Payment.status == SUCCEEDED, Payment.decided_at), else_=Payment.created_at)
    earlier = or_(other.id < mine.id, mine.id.is_(None) & (other.created_at <= since))
    before = (
        select(func.coalesce(func.sum(other.kopecks), 0))
        .where(other.invoice_id == Payment.invoice_id, other.payment_id != Payment.id, earlier)
        .correlate(Payment, mine)
        .scalar_subquery()
    )
    return (
        select(
            Payment.status,
            Payment.kopecks,
            Invoice.kopecks.label("asked"),
            func.coalesce(mine.kopecks, 0).label("counted"),
            before.label("before"),
        )
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .outerjoin(mine, and_(mine.payment_id == Payment.id, mine.invoice_id == Payment.invoice_id))
        .where(Payment.id == payment_id)
    )
