"""Invoice: what asks for money. Every payment pays an invoice. PayLink: the address at which it is paid without a login."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base
from payments.columns import At, ContractId, CreatedAt, CustomerId, Key, Kopecks, LegalEntityId, Str


class Invoice(Base):
    """A demand for money (счёт) with a gap-free number. Status: draft, open, paid, void, written_off.

    `lapses_at`: when the unpaid invoice of a draft contract gives up waiting; null for an agreed debt.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'open', 'paid', 'void', 'written_off')", name="status"),
        CheckConstraint("kopecks >= 100", name="at_least_a_ruble"),
        Index("ix_invoices_open", "customer_id", "due_on", postgresql_where=text("status = 'open'")),
        Index("ix_invoices_lapses_at", "lapses_at", postgresql_where=text("status = 'open'")),
    )
    id: Mapped[Key]
    number: Mapped[Str]
    legal_entity_id: Mapped[LegalEntityId]
    customer_id: Mapped[CustomerId]
    contract_id: Mapped[ContractId]
    installment_id: Mapped[UUID] = mapped_column(ForeignKey("installments.id"), unique=True)
    kopecks: Mapped[Kopecks]
    due_on: Mapped[date]
    purpose: Mapped[Str]
    status: Mapped[Str] = mapped_column(default="open")
    created_at: Mapped[CreatedAt]
    paid_at: Mapped[At | None]
    voided_at: Mapped[At | None]
    lapses_at: Mapped[At | None]


class PayLink(Base):
    """Lets its holder see and pay one invoice without a login (docs/adr/0019).

    The link's secret is this random `selector` and its signature under the installation's key, so it can be shown again
    and is not in this table. At most one link of an invoice is not revoked.
    """

    __tablename__ = "pay_links"
    __table_args__ = (
        Index("uq_pay_links_live", "invoice_id", unique=True, postgresql_where=text("revoked_at IS NULL")),
    )
    id: Mapped[Key]
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoices.id"), index=True)
    selector: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[CreatedAt]
    revoked_at: Mapped[At | None]


Index("uq_invoices_number", Invoice.legal_entity_id, Invoice.number, unique=True)
