"""Reconciliation and what it leaves: the gateway's view of payments and refunds, and where ours differs.

The view holds no personal data: ids, sums, statuses, instants, and numbers of documents that a description names.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base
from payments.columns import At, CreatedAt, Key, Kopecks, ShopId, Str

RUNNING = "running"
DONE = "done"
FAILED = "failed"

# The gateway has money that names us, and we have no such payment: made after the backup that was restored.
MISSING_HERE = "missing_here"
MISSING_THERE = "missing_there"
OTHER_SUM = "other_sum"
OTHER_STATUS = "other_status"
# Nothing in it names us: made in the gateway's cabinet, or by another system of the shop.
FOREIGN = "foreign"
SECOND_SUCCESS = "second_success"
REFUND = "refund"
KINDS = (MISSING_HERE, MISSING_THERE, OTHER_SUM, OTHER_STATUS, FOREIGN, SECOND_SUCCESS, REFUND)

# What a button may do: apply the gateway's object to our payment, or take it over as a payment of an invoice.
APPLY = "apply"
IMPORT = "import"

VANISHED = "vanished"
REPAIRED = "repaired"
SEEN_TO = "seen_to"


class Reconciliation(Base):
    """One reading of the gateway's lists. Status: running, done, failed (nothing was kept of it).

    It covers what the gateway created in [since_at, until_at); the newest `until_at` of those that are done is the
    shop's watermark. `lease_until` is real time: who does not renew it is not working any more.
    """

    __tablename__ = "reconciliations"
    __table_args__ = (
        CheckConstraint("status IN ('running', 'done', 'failed')", name="status"),
        CheckConstraint("since_at < until_at", name="window"),
        Index("uq_reconciliations_one_running", "shop_id", unique=True, postgresql_where=text("status = 'running'")),
        Index("ix_reconciliations_newest", "shop_id", "until_at"),
    )
    id: Mapped[Key]
    shop_id: Mapped[ShopId]
    status: Mapped[Str] = mapped_column(default=RUNNING)
    deep: Mapped[bool]
    since_at: Mapped[At]
    until_at: Mapped[At]
    lease_until: Mapped[At]
    begun_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    finished_at: Mapped[At | None]
    payments: Mapped[int] = mapped_column(default=0)
    refunds: Mapped[int] = mapped_column(default=0)
    error: Mapped[Str | None]


class SeenPayment(Base):
    """A payment as the gateway's list showed it last; `payment_id`, `invoice_id`, `contract_id` are its metadata's."""

    __tablename__ = "gateway_payments"
    __table_args__ = (
        Index("ix_gateway_payments_created", "shop_id", "created_at"),
        Index("ix_gateway_payments_payment", "payment_id"),
        Index("ix_gateway_payments_invoice", "invoice_id", postgresql_where=text("status = 'succeeded'")),
    )
    gateway_id: Mapped[Str] = mapped_column(primary_key=True)
    shop_id: Mapped[ShopId]
    status: Mapped[Str]
    kopecks: Mapped[Kopecks]
    currency: Mapped[Str]
    refunded_kopecks: Mapped[Kopecks]
    created_at: Mapped[At]
    captured_at: Mapped[At | None]
    payment_id: Mapped[UUID | None]
    invoice_id: Mapped[UUID | None]
    contract_id: Mapped[UUID | None]
    numbers: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    method_digest: Mapped[Str | None]
    read_at: Mapped[At]

    @property
    def names_us(self) -> bool:
        """Whether it was made by us: all of ours name their payment and their invoice."""
        return self.payment_id is not None and self.invoice_id is not None


class SeenRefund(Base):
    """A refund as the gateway's list showed it last."""

    __tablename__ = "gateway_refunds"
    __table_args__ = (
        Index("ix_gateway_refunds_created", "shop_id", "created_at"),
        Index("ix_gateway_refunds_payment", "payment_gateway_id"),
    )
    gateway_id: Mapped[Str] = mapped_column(primary_key=True)
    shop_id: Mapped[ShopId]
    payment_gateway_id: Mapped[Str]
    status: Mapped[Str]
    kopecks: Mapped[Kopecks]
    currency: Mapped[Str]
    created_at: Mapped[At]
    read_at: Mapped[At]


class Difference(Base):
    """Where our books and the gateway's view disagree. Open until it vanishes, is repaired, or a person has seen to it.

    `gateway_id` is the gateway's payment or refund; `payment_id` ours, `invoice_id` the one that it belongs to, if any.
    `repair` is what a button would do, null where only a person can. What is seen to stays so while the facts are the same.
    """

    __tablename__ = "differences"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('missing_here', 'missing_there', 'other_sum', 'other_status', 'foreign', 'second_success', 'refund')",
            name="kind",
        ),
        CheckConstraint("repair IN ('apply', 'import')", name="repair"),
        CheckConstraint("resolution IN ('vanished', 'repaired', 'seen_to')", name="resolution"),
        CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name="resolved_somehow"),
        Index("uq_differences_open", "kind", "gateway_id", unique=True, postgresql_where=text("resolved_at IS NULL")),
        Index("ix_differences_gateway", "gateway_id"),
    )
    id: Mapped[Key]
    shop_id: Mapped[ShopId]
    kind: Mapped[Str]
    gateway_id: Mapped[Str]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id"))
    invoice_id: Mapped[UUID | None] = mapped_column(ForeignKey("invoices.id"))
    our_status: Mapped[Str | None]
    our_kopecks: Mapped[Kopecks | None]
    their_status: Mapped[Str | None]
    their_kopecks: Mapped[Kopecks | None]
    happened_at: Mapped[At]
    repair: Mapped[Str | None]
    found_at: Mapped[CreatedAt]
    resolved_at: Mapped[At | None]
    resolution: Mapped[Str | None]
