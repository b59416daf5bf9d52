"""Everything about one invoice: what it asks for, what came, which letters told of it. Sums are kopecks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select

from kernel.db import ReadSession, Session
from kernel.errors import NotFound
from payments.autopay.models import Autopay, Notice
from payments.charging.models import LEFT_TO_PAY, LIVE, Payment
from payments.contracts.models import Contract, Installment, PaymentPlan
from payments.customers.models import Customer
from payments.history.models import StatusHistory
from payments.installation.models import LegalEntity
from payments.invoicing.models import Invoice
from portal.notifications.models import Message

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """The invoice with its line, its contract and whose it is. `charge_at`: when it is charged by itself."""

    id: UUID
    number: str
    status: str
    kopecks: int
    left: int
    purpose: str
    title: str
    due_on: date
    created_at: datetime
    paid_at: datetime | None
    voided_at: datetime | None
    lapses_at: datetime | None
    installment_id: UUID
    line_number: int
    period_start: date
    period_end: date
    plan_kind: str
    charge_at: datetime | None
    autopay: str | None
    contract_id: UUID
    contract_number: str
    contract_status: str
    advance: str
    legal_entity: str
    customer_id: UUID
    customer_name: str
    email: str | None

    @property
    def is_draft(self) -> bool:
        """Whether it is a purchase that was never paid."""
        return self.contract_status == "draft"

    @property
    def recurring(self) -> bool:
        """Whether it is a line of an open-ended plan."""
        return self.plan_kind == "recurring"

    @property
    def last_day(self) -> date:
        """The last day that it is for."""
        return self.period_end - _ONE_DAY

    @property
    def charged_at(self) -> datetime | None:
        """When autopay will charge it, if it will."""
        return self.charge_at if self.status == "open" and self.autopay == "active" else None


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A letter about the invoice: the request to pay, a warning of its charge, what became of a payment."""

    id: UUID
    kind: str
    subject: str
    recipient: str
    status: str
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Billable:
    """A contract that an invoice may supplement."""

    id: UUID
    number: str
    title: str


def read_invoice(session: ReadSession, invoice_id: UUID) -> InvoiceFacts:
    """The invoice's facts.

    Raises:
        NotFound: no such invoice.
    """
    statement: Select[*tuple[Any, ...]] = (
        select(
            Invoice.id,
            Invoice.number,
            Invoice.status,
            Invoice.kopecks,
            LEFT_TO_PAY,
            Invoice.purpose,
            Contract.title,
            Invoice.due_on,
            Invoice.created_at,
            Invoice.paid_at,
            Invoice.voided_at,
            Invoice.lapses_at,
            Installment.id,
            Installment.number,
            Installment.period_start,
            Installment.period_end,
            PaymentPlan.kind,
            Installment.charge_at,
            Autopay.status,
            Contract.id,
            Contract.number,
            Contract.status,
            Contract.advance,
            LegalEntity.name,
            Customer.id,
            Customer.name,
            Customer.email,
        )
        .join(Installment, Installment.id == Invoice.installment_id)
        .join(PaymentPlan, PaymentPlan.id == Installment.plan_id)
        .join(Contract, Contract.id == Invoice.contract_id)
        .join(LegalEntity, LegalEntity.id == Invoice.legal_entity_id)
        .join(Customer, Customer.id == Invoice.customer_id)
        .outerjoin(Autopay, Autopay.contract_id == Contract.id)
        .where(Invoice.id == invoice_id)
    )
    row = session.execute(statement).first()
    if row is None:
        raise NotFound
    return InvoiceFacts(*row)


def live_payment_of(session: ReadSession, invoice_id: UUID) -> Payment | None:
    """The payment of the invoice that is under way, if one is."""
    return session.scalars(
        select(Payment).where(Payment.invoice_id == invoice_id, Payment.status.in_(LIVE))
    ).one_or_none()


def letters_about(session: ReadSession, it: InvoiceFacts) -> list[LetterRow]:
    """Letters that told of the invoice, the newest first."""
    told = or_(
        Message.invoice_id == it.id,
        Message.payment_id.in_(select(Payment.id).where(Payment.invoice_id == it.id)),
        Message.notice_id.in_(select(Notice.id).where(Notice.installment_id == it.installment_id)),
    )
    rows = session.execute(
        select(
            Message.id,
            Message.kind,
            Message.subject,
            Message.recipient,
            Message.status,
            Message.created_at,
            Message.sent_at,
        )
        .where(Message.customer_id == it.customer_id, told)
        .order_by(Message.id.desc())
    )
    return [LetterRow(*row) for row in rows]


def changes_of(session: ReadSession, invoice_id: UUID) -> list[StatusHistory]:
    """The invoice's changes of status, the newest first."""
    return list(
        session.scalars(
            select(StatusHistory)
            .where(StatusHistory.object_kind == "invoice", StatusHistory.object_id == invoice_id)
            .order_by(StatusHistory.id.desc())
        )
    )


def contracts_to_bill(session: Session | ReadSession, customer_id: UUID) -> list[Billable]:
    """The customer's contracts that an invoice may supplement, the newest first."""
    rows = session.execute(
        select(Contract.id, Contract.number, Contract.title)
        .where(Contract.customer_id == customer_id, Contract.status != "draft", Contract.base_id.is_(None))
        .order_by(Contract.id.desc())
    )
    return [Billable(*row) for row in rows]
