"""What was announced and will not happen: a warning that has not left must not; what a customer was told is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select

from kernel.db import ReadSession, Session
from payments.autopay.models import NOTICE_COUNTS, Autopay, Notice, PaymentMethod
from payments.charging.models import PARTLY_PAID
from payments.contracts.models import Contract, Installment
from payments.customers.models import Customer
from payments.invoicing.models import Invoice
from portal.notifications.facts import Agreement
from portal.notifications.models import Message


@dataclass(frozen=True, slots=True)
class CalledOff:
    """A charge that the customer was warned of, or an invoice that was sent, and that is void since."""

    agreement: Agreement
    invoice_number: str
    kopecks: int
    due_on: date


def still_comes(session: Session, notice_id: UUID) -> bool:
    """Whether what a notice announces may still be charged: its line is open, its permission and method stand."""
    found = session.execute(
        select(Notice.id)
        .join(Installment, Installment.id == Notice.installment_id)
        .join(Autopay, Autopay.contract_id == Installment.contract_id)
        .join(PaymentMethod, PaymentMethod.id == Autopay.method_id)
        .where(
            Notice.id == notice_id,
            Installment.status == "invoiced",
            NOTICE_COUNTS,
            ~PARTLY_PAID,
            PaymentMethod.unlinked_at.is_(None),
            PaymentMethod.disabled_reason.is_(None),
        )
    )
    return found.first() is not None


def called_off(session: Session, invoice_id: UUID) -> CalledOff | None:
    """The charge of a voided invoice, if the customer had been warned of it; None when nobody was told to expect it."""
    told = exists().where(Notice.installment_id == Installment.id, Notice.sent_at.is_not(None)).correlate(Installment)
    return _voided(session, invoice_id, Installment.status == "skipped", told)


def taken_back(session: Session, invoice_id: UUID) -> CalledOff | None:
    """A voided invoice, if the customer had been asked to pay it; None when they never heard of it."""
    return _voided(session, invoice_id) if was_asked_for(session, invoice_id) else None


def was_asked_for(session: Session | ReadSession, invoice_id: UUID) -> bool:
    """Whether a letter that asks for this invoice has left, or is about to."""
    letters = select(Message.id).where(
        Message.invoice_id == invoice_id,
        Message.kind == "invoice_issued",
        Message.status != "failed",
        Message.recipient != "",
    )
    return session.execute(letters.limit(1)).first() is not None


def _voided(session: Session, invoice_id: UUID, *conditions: ColumnElement[bool]) -> CalledOff | None:
    row = session.execute(
        select(Invoice, Contract, Customer.email)
        .join(Installment, Installment.id == Invoice.installment_id)
        .join(Contract, Contract.id == Invoice.contract_id)
        .join(Customer, Customer.id == Invoice.customer_id)
        .where(Invoice.id == invoice_id, Invoice.status == "void", *conditions)
    ).one_or_none()
    if row is None:
        return None
    invoice, contract, email = row
    agreement = Agreement(invoice.customer_id, email or "", contract.id, contract.number, contract.title)
    return CalledOff(agreement, invoice.number, invoice.kopecks, invoice.due_on)
