"""Payment: one attempt to collect, 1:1 with a payment at the gateway."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    ForeignKey,
    Index,
    UniqueConstraint,
    and_,
    cast,
    exists,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Wait
from kernel.db import Base
from payments.columns import At, ContractId, CreatedAt, Key, Kopecks, Serial, ShopId, Str
from payments.contracts.models import Installment
from payments.installation.models import Installation
from payments.invoicing.models import Invoice

CREATED = "created"
SENDING = "sending"
UNKNOWN = "unknown"
PENDING = "pending"
WAITING_FOR_CAPTURE = "waiting_for_capture"
SUCCEEDED = "succeeded"
CANCELED = "canceled"
REJECTED = "rejected"
FINAL = (SUCCEEDED, CANCELED, REJECTED)
LIVE = (CREATED, SENDING, UNKNOWN, PENDING, WAITING_FOR_CAPTURE)
# Why a rejected charge counts as one that failed; for other reasons it never left.
REFUSED_FOR = ("gateway_rejected", "given_up")
# Gone to the gateway, and nobody knows the end of it yet.
UNDER_WAY = (SENDING, UNKNOWN, PENDING, WAITING_FOR_CAPTURE)
LIVE_SQL = text("status NOT IN ('succeeded', 'canceled', 'rejected')")


class Payment(Base):
    """One attempt to collect an invoice. `key` and `body` are written before the call and never change.

    `rejected` means surely never executed; when the gateway knows better, `next_check_at` says that it is asked on.
    A charge whose notice is not old enough has it too. `initiator`: customer (on the gateway's page), schedule (a
    saved method) or gateway (found in its lists and taken over). `receipt_email` is where a payer whose customer has no address wants to be told of this payment.
    `oddity` says what staff have to see to, as in `charging.oddities`. `lease_until` is real time; every other instant is business time.
    """

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint(
            "status IN ('created', 'sending', 'unknown', 'pending', 'waiting_for_capture',"
            " 'succeeded', 'canceled', 'rejected')",
            name="status",
        ),
        CheckConstraint("initiator IN ('customer', 'schedule', 'gateway')", name="initiator"),
        CheckConstraint(
            "(initiator = 'schedule') = (autopay_id IS NOT NULL AND method_id IS NOT NULL AND notice_id IS NOT NULL)",
            name="schedule_needs_permission",
        ),
        CheckConstraint(  # what we ask for; what really came is booked whatever it is
            "kopecks >= 100 OR (kopecks >= 0 AND gateway_id IS NOT NULL)", name="at_least_a_ruble"
        ),
        Index("uq_payments_one_live_per_invoice", "invoice_id", unique=True, postgresql_where=LIVE_SQL),
        Index("ix_payments_live", "status", "id", postgresql_where=LIVE_SQL),
        Index("ix_payments_next_check_at", "next_check_at", postgresql_where=text("next_check_at IS NOT NULL")),
        Index("ix_payments_customer_newest", "customer_id", "id"),
        Index("ix_payments_oddity", "number", postgresql_where=text("oddity IS NOT NULL")),
        Index("ix_payments_method_live", "method_id", postgresql_where=LIVE_SQL),
        Index("ix_payments_newest", "created_at", "number", postgresql_include=["status", "kopecks"]),
        Index(
            "ix_payments_decided",
            "decided_at",
            postgresql_include=["status", "kopecks", "initiator"],
            postgresql_where=text("decided_at IS NOT NULL"),
        ),
        # Not of the rows that have none yet: each change of status writes a row into all indexes that hold it.
        Index("uq_payments_gateway_id", "gateway_id", unique=True, postgresql_where=text("gateway_id IS NOT NULL")),
        Index(
            "uq_payments_return_token", "return_token", unique=True, postgresql_where=text("return_token IS NOT NULL")
        ),
        Index("ix_payments_kopecks", "kopecks", "number"),
        Index(
            "ix_payments_declined",
            "created_at",
            "number",
            postgresql_include=["kopecks", "status"],
            postgresql_where=text("status = 'canceled'"),
        ),
    )
    id: Mapped[Key]
    number: Mapped[int] = mapped_column(BigInteger, server_default=text("nextval('payment_numbers')"), unique=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoices.id"), index=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    contract_id: Mapped[ContractId]
    shop_id: Mapped[ShopId]
    autopay_id: Mapped[UUID | None] = mapped_column(ForeignKey("autopays.id"), index=True)
    method_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_methods.id"))
    consent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("consents.id"))
    notice_id: Mapped[UUID | None] = mapped_column(ForeignKey("notices.id"))
    initiator: Mapped[Str]
    kopecks: Mapped[Kopecks]
    currency: Mapped[Str] = mapped_column(default="RUB")
    status: Mapped[Str] = mapped_column(default=CREATED)
    key: Mapped[UUID] = mapped_column(default=uuid4, unique=True)
    body: Mapped[Str]
    gateway_id: Mapped[Str | None]
    return_token: Mapped[Str | None]
    confirmation_url: Mapped[Str | None]
    saves_method: Mapped[bool] = mapped_column(default=False)
    receipt_email: Mapped[Str | None]
    sends: Mapped[int] = mapped_column(default=0)
    first_sent_at: Mapped[At | None]
    permit_at: Mapped[At | None]
    lease_until: Mapped[At | None]
    worker: Mapped[Str | None]
    next_check_at: Mapped[At | None]
    checks: Mapped[int] = mapped_column(default=0)
    party: Mapped[Str | None]
    reason: Mapped[Str | None]
    next_attempt_at: Mapped[At | None]
    paid_with: Mapped[Str | None]
    last4: Mapped[Str | None]
    income_kopecks: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[CreatedAt]
    decided_at: Mapped[At | None]
    oddity: Mapped[Str | None]


Index("ix_payments_last4", Payment.last4, postgresql_where=Payment.last4.is_not(None))
RUNNING = ~exists().where(Installation.charging_paused)
# A charge of a saved method that is written and has not left: it gives way to whoever pays by hand.
UNSENT = and_(Payment.status == CREATED, Payment.initiator == "schedule")
_TO_CHARGE = and_(UNSENT, RUNNING)
TO_SEND = Wait(
    "payments.created",
    Payment.created_at,
    and_(_TO_CHARGE, or_(Payment.next_check_at.is_(None), Payment.next_check_at <= func.business_now())),
)
# Its notice was not old enough when it was to be sent, and will be at that instant.
TOO_EARLY = Wait("payments.too_early", Payment.next_check_at, _TO_CHARGE)
ABANDONED = Wait(
    "payments.abandoned",
    Payment.next_check_at,
    and_(Payment.status == CREATED, Payment.initiator == "customer"),
)
IN_FLIGHT = Wait("payments.sending", Payment.permit_at, Payment.status == SENDING)
TO_CHECK = Wait(
    "payments.next_check_at",
    Payment.next_check_at,
    or_(
        Payment.status.in_((UNKNOWN, PENDING, WAITING_FOR_CAPTURE)),
        # The gateway shows what we took for never executed; what is rejected for good has no next check.
        and_(Payment.status == REJECTED, Payment.gateway_id.is_not(None), Payment.next_check_at.is_not(None)),
    ),
)


class Allocation(Base):
    """How much of a payment counts towards which invoice."""

    __tablename__ = "allocations"
    __table_args__ = (UniqueConstraint("payment_id", "invoice_id"),)
    id: Mapped[Serial]
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoices.id"), index=True)
    kopecks: Mapped[Kopecks]
    created_at: Mapped[CreatedAt]


# Over an invoice: the kopecks of it that have come, and those that have not.
CAME = (
    select(cast(func.coalesce(func.sum(Allocation.kopecks), 0), BigInteger))
    .where(Allocation.invoice_id == Invoice.id)
    .correlate(Invoice)
    .scalar_subquery()
)
LEFT_TO_PAY: ColumnElement[Any] = Invoice.kopecks - CAME
# Over a due line that is not paid yet. A notice names the whole sum, so what is left of it is paid by hand.
PARTLY_PAID = (
    select(Allocation.id)
    .join(Invoice, Invoice.id == Allocation.invoice_id)
    .where(Invoice.installment_id == Installment.id)
    .correlate(Installment)
    .exists()
)


# What a call to the gateway was for.
SEND = "send"
LOOK = "look"


class GatewayExchange(Base):
    """One call to the gateway about a payment, with what was answered, without tokens or personal data."""

    __tablename__ = "gateway_exchanges"
    id: Mapped[Serial]
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), index=True)
    verb: Mapped[Str]
    outcome: Mapped[Str]
    http_status: Mapped[int | None]
    request_id: Mapped[Str | None]
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    millis: Mapped[int]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.business_now())
