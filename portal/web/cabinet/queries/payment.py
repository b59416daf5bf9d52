"""One payment with everything that explains it: the invoice, the other attempts, the notice, the consent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import aliased

from kernel.db import ReadSession, Session
from kernel.errors import NotFound
from payments.autopay.models import Autopay, Consent, Notice, PaymentMethod
from payments.autopay.own_shop import SHOWN_STATUS
from payments.charging.models import LEFT_TO_PAY, LIVE, Payment
from payments.charging.next_attempt import NEXT_ATTEMPT_AT
from payments.charging.stalled import STALLED, Stall
from payments.contracts.models import Contract, Installment, PaymentPlan
from payments.customers.models import Customer
from payments.history.models import StatusHistory
from payments.invoicing.models import Invoice
from portal.notifications.reasons import EXPIRED
from portal.web.cabinet.method_titles import paid_how

# The card of the payment itself, beside that of its contract's autopay.
_used = aliased(PaymentMethod)


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """A payment and what it was for; `left` is what is still to be paid of its invoice.

    `consent_withdrawn`: its consent was taken back, whether before or after it came.
    `stalled`: it was never sent, because charging is paused.
    """

    id: UUID
    number: int
    kopecks: int
    status: str
    stalled: Stall | None
    initiator: str
    reason: str | None
    saves_method: bool
    return_token: str | None
    confirmation_url: str | None
    sends: int
    created_at: datetime
    decided_at: datetime | None
    paid_with: str | None
    last4: str | None
    contract_id: UUID
    contract_number: str
    contract_status: str
    title: str
    recurring: bool
    period_start: date
    period_end: date
    price_id: UUID | None
    invoice_id: UUID
    installment_id: UUID
    invoice_number: str
    invoice_status: str
    left: int
    invoice_created_at: datetime
    consent_id: int | None
    consent_at: datetime | None
    consent_withdrawn: bool
    max_kopecks: int | None
    autopay: str | None
    email: str | None

    @property
    def is_live(self) -> bool:
        """Not decided yet."""
        return self.status in LIVE

    @property
    def brings_autopay(self) -> bool:
        """Whether its success would turn a living consent into an autopay."""
        return self.is_live and self.saves_method and self.consent_id is not None and not self.consent_withdrawn

    @property
    def unfinished(self) -> bool:
        """The customer left the gateway's page, and it closed: nobody refused anything."""
        return not self.scheduled and self.reason == EXPIRED

    @property
    def last_day(self) -> date:
        """The last day that the payment is for."""
        return self.period_end - timedelta(days=1)

    @property
    def scheduled(self) -> bool:
        """Charged by itself, not made by the customer on the gateway's page."""
        return self.initiator == "schedule"

    @property
    def found(self) -> bool:
        """Made past the cabinet, found in the gateway's lists and taken over."""
        return self.initiator == "gateway"

    @property
    def paid_how(self) -> str:
        """«Автоплатёж •• 4477», «Карта •• 4477»; empty while nobody knows."""
        return paid_how(self.paid_with, self.last4, scheduled=self.scheduled)

    @property
    def invoice_is_open(self) -> bool:
        """Whether the invoice still waits for money."""
        return self.invoice_status == "open"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to collect an invoice. `unsure_at`: when nobody knew whether it had happened; the rest as of a payment."""

    number: int
    kopecks: int
    status: str
    stalled: Stall | None
    scheduled: bool
    found: bool
    reason: str | None
    created_at: datetime
    decided_at: datetime | None
    next_attempt_at: datetime | None
    last4: str | None
    unsure_at: datetime | None


@dataclass(frozen=True, slots=True)
class SentNotice:
    """A warning whose letter has left."""

    sent_at: datetime
    charge_on: date
    kopecks: int
    last4: str | None


def payment_by_number(session: ReadSession, number: int, customer_ids: Sequence[UUID]) -> PaymentFacts:
    """The payment that people know by this number.

    Raises:
        NotFound: no such payment of these customers.
    """
    return _payment(session, Payment.number == number, customer_ids)


def payment_by_token(session: Session | ReadSession, token: str, customer_ids: Sequence[UUID]) -> PaymentFacts:
    """The payment whose return page has this token.

    Raises:
        NotFound: no such payment of these customers.
    """
    return _payment(session, Payment.return_token == token, customer_ids)


def payment_by_id(session: Session | ReadSession, payment_id: UUID, customer_ids: Sequence[UUID]) -> PaymentFacts:
    """The payment of this id.

    Raises:
        NotFound: no such payment of these customers.
    """
    return _payment(session, Payment.id == payment_id, customer_ids)


def read_attempts(session: ReadSession, invoice_id: UUID) -> list[Attempt]:
    """Every try to collect an invoice, the oldest first."""
    unsure = (
        select(func.min(StatusHistory.at))
        .where(
            StatusHistory.object_kind == "payment",
            StatusHistory.object_id == Payment.id,
            StatusHistory.new == "unknown",
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Payment.number,
            Payment.kopecks,
            Payment.status,
            STALLED.label("stalled"),
            (Payment.initiator == "schedule").label("scheduled"),
            (Payment.initiator == "gateway").label("found"),
            Payment.reason,
            Payment.created_at,
            Payment.decided_at,
            NEXT_ATTEMPT_AT.label("next_attempt_at"),
            func.coalesce(Payment.last4, PaymentMethod.last4).label("last4"),
            unsure.label("unsure_at"),
        )
        .outerjoin(PaymentMethod, PaymentMethod.id == Payment.method_id)
        .where(Payment.invoice_id == invoice_id)
        .order_by(Payment.id)
    )
    return [Attempt(**row) for row in rows.mappings()]


def read_notices(session: ReadSession, installment_id: UUID) -> list[SentNotice]:
    """The warnings of a line's charge, the oldest first."""
    rows = session.execute(
        select(Notice.sent_at, Notice.charge_on, Notice.kopecks, PaymentMethod.last4)
        .join(PaymentMethod, PaymentMethod.id == Notice.method_id)
        .where(Notice.installment_id == installment_id, Notice.sent_at.is_not(None))
        .order_by(Notice.sent_at)
    )
    return [SentNotice(**row) for row in rows.mappings()]


def taken_back() -> ColumnElement[bool]:
    """Whether the consent of a statement was withdrawn after it was given."""
    later = aliased(Consent)
    return (
        exists()
        .where(
            later.contract_id == Consent.contract_id,
            later.kind == Consent.kind,
            later.action == "withdrawn",
            later.id > Consent.id,
        )
        .correlate(Consent)
    )


def _payment(
    session: Session | ReadSession, condition: ColumnElement[bool], customer_ids: Sequence[UUID]
) -> PaymentFacts:
    found = session.execute(
        select(
            Payment.id,
            Payment.number,
            Payment.kopecks,
            Payment.status,
            STALLED.label("stalled"),
            Payment.initiator,
            Payment.reason,
            Payment.saves_method,
            Payment.return_token,
            Payment.confirmation_url,
            Payment.sends,
            Payment.created_at,
            Payment.decided_at,
            func.coalesce(Payment.paid_with, _used.kind).label("paid_with"),
            func.coalesce(Payment.last4, _used.last4).label("last4"),
            Contract.id.label("contract_id"),
            Contract.number.label("contract_number"),
            Contract.status.label("contract_status"),
            Contract.title,
            (PaymentPlan.kind == "recurring").label("recurring"),
            Installment.period_start,
            Installment.period_end,
            Contract.price_id,
            Invoice.id.label("invoice_id"),
            Invoice.installment_id,
            Invoice.number.label("invoice_number"),
            Invoice.status.label("invoice_status"),
            LEFT_TO_PAY.label("left"),
            Invoice.created_at.label("invoice_created_at"),
            Consent.id.label("consent_id"),
            Consent.at.label("consent_at"),
            taken_back().label("consent_withdrawn"),
            Consent.max_kopecks,
            SHOWN_STATUS.label("autopay"),
            Customer.email,
        )
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .join(Installment, Installment.id == Invoice.installment_id)
        .join(Contract, Contract.id == Payment.contract_id)
        .join(PaymentPlan, PaymentPlan.contract_id == Contract.id)
        .join(Customer, Customer.id == Payment.customer_id)
        .outerjoin(Autopay, Autopay.contract_id == Contract.id)
        .outerjoin(PaymentMethod, PaymentMethod.id == Autopay.method_id)
        .outerjoin(_used, _used.id == Payment.method_id)
        .outerjoin(Consent, Consent.id == Payment.consent_id)
        .where(condition, Payment.customer_id.in_(customer_ids))
    )
    row = found.mappings().first()
    if row is None:
        raise NotFound
    return PaymentFacts(**row)
