"""The list of contracts, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from kernel.db import ReadSession
from payments.autopay.models import Autopay
from payments.contracts.models import Contract, Installment, PaymentPlan
from payments.customers.models import Customer
from payments.invoicing.models import Invoice
from portal.web.staff.queries.attention import is_expiring
from portal.web.staff.queries.debts import owed
from portal.web.staff.queries.search import has_contract_number, matching

STATUSES = ("active", "draft", "suspended", "ended")
AUTOPAY = ("active", "expiring", "paused", "suspended", "withdrawn", "none")


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A line of the list. Sums are kopecks, dates business dates; a one-off has no period."""

    id: UUID
    number: str
    title: str
    status: str
    customer_id: UUID
    customer_name: str
    kopecks: int
    period_unit: str | None
    period_count: int | None
    autopay: str | None
    next_due_on: date | None
    overdue_kopecks: int


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
        .where(Installment.contract_id == Contract.id, Installment.status.in_(("planned", "invoiced")))
        .correlate(Contract)
        .scalar_subquery()
    )
    statement: Select[*tuple[Any, ...]] = (
        select(
            Contract.id,
            Contract.number,
            Contract.title,
            Contract.status,
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
    if wanted.status:
        statement = statement.where(Contract.status == wanted.status)
    if wanted.autopay == "none":
        return statement.where(Autopay.id.is_(None))
    if wanted.autopay == "expiring":
        return statement.where(is_expiring(today))
    return statement.where(Autopay.status == wanted.autopay) if wanted.autopay else statement
