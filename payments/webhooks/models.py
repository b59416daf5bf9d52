"""InboundWebhook: a notification as it came, and what became of it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Wait
from kernel.db import Base
from payments.columns import At, CreatedAt, Key, Str


class InboundWebhook(Base):
    """A hint from the gateway. Status: new, done, ignored (names nothing of ours, or nobody could say), forged (the gateway denies it)."""

    __tablename__ = "inbound_webhooks"
    __table_args__ = (
        UniqueConstraint("event", "object_id"),
        CheckConstraint("status IN ('new', 'done', 'ignored', 'forged')", name="status"),
        Index("ix_inbound_webhooks_waiting", "next_try_at", postgresql_where=text("status = 'new'")),
    )
    id: Mapped[Key]
    event: Mapped[Str]
    object_id: Mapped[Str]
    object_status: Mapped[Str]
    ip: Mapped[str | None] = mapped_column(INET)
    copies: Mapped[int] = mapped_column(default=1)
    status: Mapped[Str] = mapped_column(default="new")
    verdict: Mapped[Str | None]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id"))
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[CreatedAt]
    hinted_until: Mapped[At | None]
    created_at: Mapped[CreatedAt]
    processed_at: Mapped[At | None]


TO_PROCESS = Wait("inbound_webhooks.next_try_at", InboundWebhook.next_try_at, InboundWebhook.status == "new")
