"""Contract, PaymentPlan and Installment: what was agreed, how it falls due, and each due line."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, and_, func, select, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Wait
from kernel.db import Base
from payments.columns import At, ContractId, CreatedAt, CustomerId, Key, Kopecks, LegalEntityId, ShopId, Str

# How the next due line arises (design.md §4): after success, or by the calendar whatever happens.
ON_PAYMENT = "on_payment"
BY_CALENDAR = "by_calendar"


class Contract(Base):
    """An agreement with a customer (договор). Status: draft, active, suspended, ended.

    `base_id` names the contract that this one supplements: what was asked for once beside its plan. `shop_id` is the
    shop of the day on which it was made; each payment and each saved card names its own.
    """

    __tablename__ = "contracts"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'active', 'suspended', 'ended')", name="status"),
        CheckConstraint("advance IN ('on_payment', 'by_calendar')", name="advance"),
    )
    id: Mapped[Key]
    number: Mapped[Str] = mapped_column(unique=True)
    title: Mapped[Str]
    customer_id: Mapped[CustomerId]
    legal_entity_id: Mapped[LegalEntityId]
    shop_id: Mapped[ShopId]
    price_id: Mapped[UUID | None] = mapped_column(ForeignKey("prices.id"))
    base_id: Mapped[UUID | None] = mapped_column(ForeignKey("contracts.id"), index=True)
    status: Mapped[Str] = mapped_column(default="active")
    advance: Mapped[Str] = mapped_column(default=ON_PAYMENT)
    external_id: Mapped[Str | None] = mapped_column(unique=True)
    created_at: Mapped[CreatedAt]
    ended_at: Mapped[At | None]


# Any part of a number is found by its trigrams.
Index(
    "ix_contracts_search",
    func.lower(Contract.number).label("folded"),
    postgresql_using="gin",
    postgresql_ops={"folded": "gin_trgm_ops"},
)


class PaymentPlan(Base):
    """How a contract falls due. Kinds so far: one_off, recurring (open-ended).

    Due line n of a recurring plan falls on `anchor_on` + n periods, counted from the anchor, never from the last line.
    """

    __tablename__ = "payment_plans"
    __table_args__ = (
        CheckConstraint("kind IN ('one_off', 'recurring')", name="kind"),
        CheckConstraint("kopecks >= 100", name="at_least_a_ruble"),
        CheckConstraint("(kind = 'recurring') = (period_unit IS NOT NULL)", name="recurring_has_a_period"),
        CheckConstraint("period_unit IN ('day', 'week', 'month', 'year')", name="period_unit"),
        CheckConstraint("period_count BETWEEN 1 AND 366", name="period_count"),
    )
    id: Mapped[Key]
    contract_id: Mapped[ContractId] = mapped_column(unique=True)
    kind: Mapped[Str]
    kopecks: Mapped[Kopecks]
    period_unit: Mapped[Str | None]
    period_count: Mapped[int | None] = mapped_column(SmallInteger)
    anchor_on: Mapped[date]
    created_at: Mapped[CreatedAt]


class Installment(Base):
    """One due line. Status: planned, invoiced, paid, void, skipped.

    `issue_at`: when a planned line becomes an invoice and its notice. `charge_at`: when an invoiced line may next be
    charged by itself; null while its notice is not yet given, and when nothing more will be tried.
    """

    __tablename__ = "installments"
    __table_args__ = (
        UniqueConstraint("plan_id", "number"),
        CheckConstraint("status IN ('planned', 'invoiced', 'paid', 'void', 'skipped')", name="status"),
        CheckConstraint("kopecks >= 100", name="at_least_a_ruble"),
        CheckConstraint("period_start < period_end", name="period"),
        ExcludeConstraint(
            (text("plan_id"), "="),
            (text("daterange(period_start, period_end)"), "&&"),
            where=text("status <> 'void'"),
            using="gist",
            name="ex_installments_periods_never_overlap",
        ),
        Index("ix_installments_issue_at", "issue_at", postgresql_where=text("status = 'planned'")),
        Index("ix_installments_charge_at", "charge_at", postgresql_where=text("status = 'invoiced'")),
    )
    id: Mapped[Key]
    contract_id: Mapped[ContractId]
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("payment_plans.id"))
    number: Mapped[int]
    due_on: Mapped[date]
    period_start: Mapped[date]
    period_end: Mapped[date]
    kopecks: Mapped[Kopecks]
    status: Mapped[Str] = mapped_column(default="planned")
    issue_at: Mapped[At]
    charge_at: Mapped[At | None]
    created_at: Mapped[CreatedAt]


TO_ISSUE = Wait(
    "installments.issue_at",
    Installment.issue_at,
    and_(
        Installment.status == "planned",
        # Said aloud, because the job's own statement reads contracts too and would swallow these.
        select(Contract.id)
        .where(Contract.id == Installment.contract_id, Contract.status == "active")
        .correlate(Installment)
        .exists(),
    ),
)
