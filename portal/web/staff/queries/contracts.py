"""The list of contracts, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from kernel.db import ReadSession
from payments.autopay.models import Autopay
from payments.contracts.models import ON_PAYMENT, Contract, Installment, PaymentPlan
from payments.customers.models import Customer
from payments.invoicing.models import Invoice
from portal.web.staff.queries.attention import is_expiring
from portal.web.staff.queries.debts import owed
from portal.web.staff.queries.in_force import is_settled
from portal.web.staff.queries.search import has_contract_number, matching

STATUSES = ("active", "settled", "draft", "suspended", "ended")
AUTOPAY = ("active", "expiring", "paused", "unconfirmed", "suspended", "withdrawn", "none")


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A line of the list. Sums are kopecks, dates business dates; a one-off has no period.

    `next_due_on` is not before today: what is unpaid since is in `overdue_kopecks`.
    """

    id: UUID
    number: str
    title: str
    status: str
    settled: bool
    advance: str
    customer_id: UUID
    customer_name: str
    kopecks: int
    period_unit: str | None
    period_count: int | None
    autopay: str | None
    next_due_on: date | None
    overdue_kopecks: int

    @property
    def waits_for_payment(self) -> bool:
        """Whether its next date appears only when the last one is paid."""
        on_payment = bool(self.period_unit) and self.advance == ON_PAYMENT
        return on_payment and self.status == "active" and self.next_due_on is None


@dataclass(frozen=True, slots=True)
class ContractFilter:
    """What the list is narrowed by; an empty text means everything."""

    text: str = ""
    status: str = ""
    autopay: str = ""

    @property
    def is_on(self) -> bool:
        """Whether anything is filtered out."""
        return bool(self.text or self.status or self.autopay)


def list_contracts(
    session: ReadSession, wanted: ContractFilter, *, today: date, after: UUID | None, limit: int
) -> list[ContractRow]:
    """Up to `limit` contracts that follow the cursor (id)."""
    next_due = (
        select(func.min(Installment.due_on))
        .where(
            Installment.contract_id == Contract.id,
            Installment.status.in_(("planned", "invoiced")),
            Installment.due_on >= today,
        )
        .correlate(Contract)
        .scalar_subquery()
    )
    statement: Select[*tuple[Any, ...]] = (
        select(
            Contract.id,
            Contract.number,
            Contract.title,
            Contract.status,
            is_settled(),
            Contract.advance,
            Customer.id,
            Customer.name,
            PaymentPlan.kopecks,
            PaymentPlan.period_unit,
            PaymentPlan.period_count,
            Autopay.status,
            next_due,
            owed(Invoice.due_on < today, of=Contract.__table__.c.id, by=Invoice.contract_id),
        )
        .join(Customer, Customer.id == Contract.customer_id)
        .join(PaymentPlan, PaymentPlan.contract_id == Contract.id)
        .outerjoin(Autopay, Autopay.contract_id == Contract.id)
        .order_by(Contract.id.desc())
        .limit(limit)
    )
    if after:
        statement = statement.where(Contract.id < after)
    return [ContractRow(*row) for row in session.execute(_narrowed(statement, wanted, today))]


def _narrowed(statement: Select[*tuple[Any, ...]], wanted: ContractFilter, today: date) -> Select[*tuple[Any, ...]]:
    if wanted.text:
        titled = func.lower(Contract.title).contains(wanted.text.lower(), autoescape=True)
        statement = statement.where(or_(titled, has_contract_number(wanted.text), matching(wanted.text)))
    if wanted.status == "settled":
        statement = statement.where(is_settled())
    elif wanted.status:
        statement = statement.where(Contract.status == wanted.status, ~is_settled())
    if wanted.autopay == "none":
        return statement.where(Autopay.id.is_(None))
    if wanted.autopay == "expiring":
        return statement.where(is_expiring(today))
    if wanted.autopay == "unconfirmed":
        return statement.where(Autopay.unconfirmed_since.is_not(None))
    return statement.where(Autopay.status == wanted.autopay) if wanted.autopay else statement
