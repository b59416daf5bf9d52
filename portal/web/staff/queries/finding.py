"""The search over everything: each kind by its own index, a few of each. Customers are found by `queries.customers`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, union_all

from kernel.db import ReadSession
from payments.contracts.models import Contract
from payments.customers.models import Customer
from payments.invoicing.models import Invoice
from portal.web.staff.queries.payment_filter import numbered_invoice
from portal.web.staff.queries.search import has_contract_number


@dataclass(frozen=True, slots=True)
class FoundContract:
    """A contract whose number holds the text."""

    id: UUID
    number: str
    title: str
    status: str
    customer_name: str


@dataclass(frozen=True, slots=True)
class FoundInvoice:
    """An invoice of this number, or an unpaid one of this sum, in kopecks."""

    id: UUID
    number: str
    kopecks: int
    status: str
    due_on: date
    customer_name: str


def find_contracts(session: ReadSession, text: str, *, limit: int) -> list[FoundContract]:
    """Contracts by a part of their number, the newest first."""
    statement: Select[*tuple[Any, ...]] = (
        select(Contract.id, Contract.number, Contract.title, Contract.status, Customer.name)
        .join(Customer, Customer.id == Contract.customer_id)
        .where(has_contract_number(text.lstrip("№ ")))
        .order_by(Contract.id.desc())
        .limit(limit)
    )
    return [FoundContract(*row) for row in session.execute(statement)]


def find_invoices(session: ReadSession, text: str, kopecks: int | None, *, limit: int) -> list[FoundInvoice]:
    """Invoices by their number, and by their sum those that still wait for it: the others are found as payments."""
    # A union lets each part use its index.
    same = [select(Invoice.id).where(numbered_invoice(text))]
    if kopecks is not None:
        same.append(select(Invoice.id).where(Invoice.status == "open", Invoice.kopecks == kopecks))
    statement: Select[*tuple[Any, ...]] = (
        select(Invoice.id, Invoice.number, Invoice.kopecks, Invoice.status, Invoice.due_on, Customer.name)
        .join(Customer, Customer.id == Invoice.customer_id)
        .where(Invoice.id.in_(union_all(*same)))
        .order_by(Invoice.id.desc())
        .limit(limit)
    )
    return [FoundInvoice(*row) for row in session.execute(statement)]
