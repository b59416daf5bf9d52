"""The list of invoices, newest first, and what the whole of it adds up to. Sums are kopecks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from kernel.clock import start_of
from kernel.db import ReadSession
from payments.charging.models import LEFT_TO_PAY, LIVE, Payment
from payments.contracts.models import Contract
from payments.customers.models import Customer
from payments.invoicing.models import Invoice
from portal.web.staff.queries.debts import is_debt, overdue
from portal.web.staff.queries.search import has_contract_number, matching

VIEWS = ("open", "overdue")
# Beyond this nobody reads a sum, and adding it up would cost more than the page itself.
MOST_COUNTED = 10_000
_ONE_DAY = timedelta(days=1)
_being_paid = exists().where(Payment.invoice_id == Invoice.id, Payment.status.in_(LIVE)).correlate(Invoice)


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """A line of the list. `left` is what is still to be paid; `being_paid`: a payment of it is under way."""

    id: UUID
    number: str
    created_at: datetime
    due_on: date
    status: str
    kopecks: int
    left: int
    title: str
    being_paid: bool
    is_draft: bool
    contract_id: UUID
    contract_number: str
    customer_id: UUID
    customer_name: str

    def is_overdue(self, today: date) -> bool:
        """Whether its day has passed without money; an unfinished purchase is no debt."""
        return self.status == "open" and self.due_on < today and not self.is_draft


@dataclass(frozen=True, slots=True)
class Total:
    """Of everything the filter lets through: how many, what they ask for, and what of it is still to be paid.

    Counted up to `MOST_COUNTED`; `more` says that there are more, and then the sums are not known.
    """

    invoices: int
    kopecks: int
    left: int
    more: bool


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """What the list is narrowed by. `view`: open or overdue. Days are those of issue, inclusive."""

    text: str = ""
    view: str = ""
    status: str = ""
    first_on: date | None = None
    last_on: date | None = None
    customer_id: UUID | None = None

    def conditions(self, today: date) -> list[ColumnElement[bool]]:
        """The same in SQL; `today` is the business date."""
        found: list[ColumnElement[bool]] = []
        if self.view:
            found.append(overdue(today) if self.view == "overdue" else is_debt)
        if self.status:
            found.append(Invoice.status == self.status)
        if self.first_on:
            found.append(Invoice.created_at >= start_of(self.first_on))
        if self.last_on:
            found.append(Invoice.created_at < start_of(self.last_on + _ONE_DAY))
        if self.customer_id:
            found.append(Invoice.customer_id == self.customer_id)
        if self.text:
            found.append(_means(self.text))
        return found


def list_invoices(
    session: ReadSession, wanted: InvoiceFilter, *, today: date, after: UUID | None, limit: int
) -> list[InvoiceRow]:
    """Up to `limit` invoices that follow the cursor (id)."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            Invoice.id,
            Invoice.number,
            Invoice.created_at,
            Invoice.due_on,
            Invoice.status,
            Invoice.kopecks,
            LEFT_TO_PAY,
            Contract.title,
            _being_paid,
            Contract.status == "draft",
            Contract.id,
            Contract.number,
            Customer.id,
            Customer.name,
        )
        .join(Contract, Contract.id == Invoice.contract_id)
        .join(Customer, Customer.id == Invoice.customer_id)
        .where(*wanted.conditions(today))
        .order_by(Invoice.id.desc())
        .limit(limit)
    )
    if after:
        statement = statement.where(Invoice.id < after)
    return [InvoiceRow(*row) for row in session.execute(statement)]


def total_invoices(session: ReadSession, wanted: InvoiceFilter, *, today: date) -> Total:
    """What the whole filtered list adds up to. What is void or written off asks for nothing."""
    newest = (
        select(Invoice.kopecks, Invoice.status, LEFT_TO_PAY.label("left"))
        .where(*wanted.conditions(today))
        .order_by(Invoice.id.desc())
        .limit(MOST_COUNTED + 1)
        .subquery()
    )
    asked = func.sum(newest.c.kopecks).filter(newest.c.status.in_(("open", "paid")))
    left = func.sum(newest.c.left).filter(newest.c.status == "open")
    row = session.execute(
        select(func.count(), func.coalesce(asked, 0), func.coalesce(left, 0)).select_from(newest)
    ).one()
    return Total(min(row[0], MOST_COUNTED), int(row[1]), int(row[2]), row[0] > MOST_COUNTED)


def _means(text: str) -> ColumnElement[bool]:
    """A customer in any form, the contract, or the invoice itself by its number."""
    bare = text.strip().lstrip("№").strip()
    whose = Invoice.customer_id.in_(select(Customer.id).where(matching(text)))
    agreed = Invoice.contract_id.in_(select(Contract.id).where(has_contract_number(bare)))
    return or_(whose, agreed, Invoice.number.contains(bare, autoescape=True))
