"""Failed charges: open invoices whose last scheduled charge brought no money. Sums are kopecks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from kernel.db import ReadSession
from payments.autopay.models import Autopay, PaymentMethod
from payments.charging.models import LEFT_TO_PAY, Payment
from payments.contracts.models import Contract
from payments.customers.models import Customer
from payments.invoicing.models import Invoice
from portal.web.staff.queries.attention import is_failed_charge
from portal.web.staff.queries.retries import retry_at, retry_state
from portal.web.staff.queries.search import matching


@dataclass(frozen=True, slots=True)
class FailedCharge:
    """A line of the list: the failed payment with its invoice. `retry` and `retry_at` as in `queries.retries`.

    `held_at`: since when an employee holds the autopay; `autopay` is its status.
    """

    payment_id: UUID
    payment_number: int
    failed_at: datetime
    reason: str | None
    retry: str | None
    retry_at: datetime | None
    invoice_id: UUID
    invoice_number: str
    due_on: date
    left: int
    contract_id: UUID
    contract_number: str
    contract_title: str
    contract_status: str
    autopay: str
    held_at: datetime | None
    method_kind: str
    last4: str | None
    customer_id: UUID
    customer_name: str
    email: str | None


def list_failed(session: ReadSession, text: str, *, after: int | None, limit: int) -> list[FailedCharge]:
    """Up to `limit`, the newest first, that follow the cursor (payment number); of customers whom the text means."""
    statement = _statement().where(is_failed_charge()).order_by(Payment.number.desc()).limit(limit)
    if text:
        statement = statement.where(matching(text))
    if after:
        statement = statement.where(Payment.number < after)
    return [FailedCharge(*row) for row in session.execute(statement)]


def failed_charge(session: ReadSession, invoice_id: UUID) -> FailedCharge | None:
    """The failed charge of one invoice; None when there is none, or no longer."""
    row = session.execute(_statement().where(is_failed_charge(), Invoice.id == invoice_id)).first()
    return FailedCharge(*row) if row else None


def total_failed(session: ReadSession, text: str) -> tuple[int, int]:
    """How many there are, and what they leave unpaid."""
    statement = (
        select(func.count(), func.coalesce(func.sum(LEFT_TO_PAY), 0))
        .select_from(Payment)
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .join(Customer, Customer.id == Payment.customer_id)
        .where(is_failed_charge())
    )
    count, kopecks = session.execute(statement.where(matching(text)) if text else statement).one()
    return count, int(kopecks)


def count_failed_charges(session: ReadSession) -> int:
    """How many there are, for the menu."""
    return session.execute(select(func.count()).select_from(Payment).where(is_failed_charge())).scalar_one()


def _statement() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Payment.id,
            Payment.number,
            func.coalesce(Payment.decided_at, Payment.created_at),
            Payment.reason,
            retry_state(),
            retry_at(),
            Invoice.id,
            Invoice.number,
            Invoice.due_on,
            LEFT_TO_PAY,
            Contract.id,
            Contract.number,
            Contract.title,
            Contract.status,
            Autopay.status,
            Autopay.held_at,
            PaymentMethod.kind,
            PaymentMethod.last4,
            Customer.id,
            Customer.name,
            Customer.email,
        )
        .select_from(Payment)
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .join(Contract, Contract.id == Payment.contract_id)
        .join(Autopay, Autopay.contract_id == Payment.contract_id)
        .join(PaymentMethod, PaymentMethod.id == Payment.method_id)
        .join(Customer, Customer.id == Payment.customer_id)
    )
