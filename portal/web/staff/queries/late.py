"""Late charges: due lines of running autopays whose day has passed, and which wait for a notice or for their turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, tuple_
from sqlalchemy.orm import aliased

from kernel.db import ReadSession
from payments.autopay.models import Autopay, Notice, PaymentMethod
from payments.charging.models import LIVE, PARTLY_PAID, Payment
from payments.contracts.models import Contract, Installment
from payments.customers.models import Customer
from payments.invoicing.models import Invoice

Place = tuple[date, UUID]


@dataclass(frozen=True, slots=True)
class LateCharge:
    """A line of the list; the sum is in kopecks.

    `charge_at` is None while the notice has not left; then it is the instant from which the line may be charged.
    """

    id: UUID
    due_on: date
    kopecks: int
    charge_at: datetime | None
    invoice_number: str
    contract_id: UUID
    contract_number: str
    contract_title: str
    advance: str
    customer_id: UUID
    customer_name: str
    method_kind: str
    last4: str | None


def is_late(today: date) -> ColumnElement[bool]:
    """Over Installment joined to Invoice and Autopay. A retry after a decline is not late: it keeps to its calendar."""
    return and_(
        Installment.status == "invoiced",
        Installment.due_on < today,
        Invoice.status == "open",
        ~PARTLY_PAID,
        Autopay.status == "active",
        ~exists().where(Payment.invoice_id == Invoice.id, Payment.status.in_(LIVE)).correlate(Invoice),
        or_(_waits_for_notice(), _waits_for_turn()),
    )


def late_charges(session: ReadSession, *, today: date, after: Place | None, limit: int) -> list[LateCharge]:
    """Up to `limit`, the oldest first, that follow the cursor (due date, id); `today` is the business date."""
    statement = _statement(is_late(today)).order_by(Installment.due_on, Installment.id).limit(limit)
    if after:
        statement = statement.where(tuple_(Installment.due_on, Installment.id) > after)
    return [LateCharge(*row) for row in session.execute(statement)]


def late_charge(session: ReadSession, installment_id: UUID, *, today: date) -> LateCharge | None:
    """One of them; None when it is not late, or no longer."""
    row = session.execute(_statement(is_late(today), Installment.id == installment_id)).first()
    return LateCharge(*row) if row else None


def _statement(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Installment.id,
            Installment.due_on,
            Installment.kopecks,
            Installment.charge_at,
            Invoice.number,
            Contract.id,
            Contract.number,
            Contract.title,
            Contract.advance,
            Customer.id,
            Customer.name,
            PaymentMethod.kind,
            PaymentMethod.last4,
        )
        .join(Invoice, Invoice.installment_id == Installment.id)
        .join(Contract, Contract.id == Installment.contract_id)
        .join(Customer, Customer.id == Contract.customer_id)
        .join(Autopay, Autopay.contract_id == Contract.id)
        .join(PaymentMethod, PaymentMethod.id == Autopay.method_id)
        .where(*conditions)
    )


def _waits_for_notice() -> ColumnElement[bool]:
    later = aliased(Notice)
    newer = exists().where(later.installment_id == Notice.installment_id, later.id > Notice.id).correlate(Notice)
    return and_(
        Installment.charge_at.is_(None),
        exists()
        .where(Notice.installment_id == Installment.id, Notice.sent_at.is_(None), ~newer)
        .correlate(Installment),
    )


def _waits_for_turn() -> ColumnElement[bool]:
    retried = exists().where(Payment.invoice_id == Invoice.id, Payment.next_attempt_at == Installment.charge_at)
    return and_(Installment.charge_at.is_not(None), ~retried.correlate(Installment, Invoice))
