"""Ledger rows. A trigger refuses a statement whose entries do not sum to zero; nothing is updated or deleted."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base
from payments.columns import CreatedAt, Key, Kopecks, Serial, Str

GATEWAY = "gateway"  # money that the gateway owes us
CLEARING = "clearing"  # one per payment: money in, not yet counted; returns to zero
RECEIVABLE = "receivable"  # what a customer owes
ADVANCE = "advance"  # what we owe a customer: paid without an open invoice
REVENUE = "revenue"


class LedgerTransaction(Base):
    """One fact posted once: `(kind, source_id)` is unique."""

    __tablename__ = "ledger_transactions"
    __table_args__ = (UniqueConstraint("kind", "source_id"),)
    id: Mapped[Key]
    kind: Mapped[Str]
    source_id: Mapped[UUID]
    at: Mapped[CreatedAt]


class LedgerEntry(Base):
    """One side of a transaction; debit is positive, credit negative."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint("account IN ('gateway', 'clearing', 'receivable', 'advance', 'revenue')", name="account"),
        Index("ix_ledger_entries_customer", "customer_id", "account"),
    )
    id: Mapped[Serial]
    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_transactions.id"), index=True)
    account: Mapped[Str]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    contract_id: Mapped[UUID | None] = mapped_column(ForeignKey("contracts.id"))
    kopecks: Mapped[Kopecks]
