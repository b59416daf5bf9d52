"""Everything about one payment: what was asked, sent, answered and decided. Sums are kopecks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from kernel.db import ReadSession
from kernel.errors import NotFound
from payments.autopay.models import Consent, Notice, PaymentMethod
from payments.charging.models import GatewayExchange, Payment
from payments.charging.stalled import STALLED, Stall
from payments.contracts.models import Contract, Installment, PaymentPlan
from payments.customers.models import Customer
from payments.history.models import StatusHistory
from payments.installation.models import Shop
from payments.invoicing.models import Invoice
from portal.notifications.models import Message
from portal.web.staff.queries.retries import retry_at, retry_state


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """The payment with what it pays and how; `retry` as in `queries.retries`, `account_id` of the shop it was made in."""

    payment: Payment
    customer_id: UUID
    customer_name: str
    contract_id: UUID
    contract_number: str
    contract_title: str
    invoice_id: UUID
    invoice_number: str
    invoice_status: str
    due_on: date
    purpose: str
    recurring: bool
    period_start: date
    period_end: date
    method_kind: str | None
    last4: str | None
    retry: str | None
    retry_at: datetime | None
    account_id: str

    @property
    def last_day(self) -> date:
        """The last day that the payment is for."""
        return self.period_end - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One of the invoice's payments. `stalled`: it was never sent, because charging is paused."""

    id: UUID
    number: int
    at: datetime
    status: str
    stalled: Stall | None
    initiator: str
    reason: str | None
    kopecks: int


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """The warning that this charge rests on, and its letter."""

    kopecks: int
    charge_on: date
    created_at: datetime
    sent_at: datetime | None
    message_id: UUID | None
    recipient: str | None


def read_payment(session: ReadSession, payment_id: UUID) -> PaymentFacts:
    """The payment's facts.

    Raises:
        NotFound: no such payment.
    """
    statement: Select[*tuple[Any, ...]] = (
        select(
            Payment,
            Customer.id,
            Customer.name,
            Contract.id,
            Contract.number,
            Contract.title,
            Invoice.id,
            Invoice.number,
            Invoice.status,
            Invoice.due_on,
            Invoice.purpose,
            PaymentPlan.kind == "recurring",
            Installment.period_start,
            Installment.period_end,
            func.coalesce(Payment.paid_with, PaymentMethod.kind),
            func.coalesce(Payment.last4, PaymentMethod.last4),
            retry_state(),
            retry_at(),
            Shop.account_id,
        )
        .join(Shop, Shop.id == Payment.shop_id)
        .join(Customer, Customer.id == Payment.customer_id)
        .join(Contract, Contract.id == Payment.contract_id)
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .join(Installment, Installment.id == Invoice.installment_id)
        .join(PaymentPlan, PaymentPlan.id == Installment.plan_id)
        .outerjoin(PaymentMethod, PaymentMethod.id == Payment.method_id)
        .where(Payment.id == payment_id)
    )
    row = session.execute(statement).first()
    if row is None:
        raise NotFound
    return PaymentFacts(*row)


def attempts_of(session: ReadSession, invoice_id: UUID) -> list[Attempt]:
    """Every payment of the invoice, the first try first."""
    rows = session.execute(
        select(
            Payment.id,
            Payment.number,
            Payment.created_at,
            Payment.status,
            STALLED,
            Payment.initiator,
            Payment.reason,
            Payment.kopecks,
        )
        .where(Payment.invoice_id == invoice_id)
        .order_by(Payment.number)
    )
    return [Attempt(*row) for row in rows]


def exchanges_of(session: ReadSession, payment_id: UUID) -> list[GatewayExchange]:
    """Every call to the gateway about the payment, the first one first."""
    return list(
        session.scalars(
            select(GatewayExchange).where(GatewayExchange.payment_id == payment_id).order_by(GatewayExchange.id)
        )
    )


def steps_of(session: ReadSession, payment_id: UUID) -> list[StatusHistory]:
    """The payment's changes of status, the first one first."""
    return list(
        session.scalars(
            select(StatusHistory)
            .where(StatusHistory.object_kind == "payment", StatusHistory.object_id == payment_id)
            .order_by(StatusHistory.id)
        )
    )


def notice_of(session: ReadSession, payment: Payment) -> NoticeFacts | None:
    """The notice of a charge; None for a payment that the customer made."""
    row = session.execute(
        select(Notice.kopecks, Notice.charge_on, Notice.created_at, Notice.sent_at, Message.id, Message.recipient)
        .outerjoin(Message, Message.notice_id == Notice.id)
        .where(Notice.id == payment.notice_id)
    ).first()
    return NoticeFacts(*row) if row else None


def consent_of(session: ReadSession, payment: Payment) -> Consent | None:
    """The consent that the payment rests on, with the words as they were shown."""
    return session.get(Consent, payment.consent_id) if payment.consent_id else None


def withdrawn_at(session: ReadSession, consent: Consent) -> datetime | None:
    """When this consent was taken back; None while it stands."""
    return session.execute(
        select(func.min(Consent.at)).where(
            Consent.contract_id == consent.contract_id,
            Consent.kind == consent.kind,
            Consent.action == "withdrawn",
            Consent.id > consent.id,
        )
    ).scalar_one()
