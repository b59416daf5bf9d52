"""InboundWebhook: a notification as it came, and what became of it. WebhookRefusal: how many were not taken in."""

from __future__ import annotations

from datetime import date
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


class WebhookRefusal(Base):
    """How often requests to the address were turned away on one business date, and from where the last one came.

    Reason: secret (wrong, or none is set), address (not of the gateway's networks), body (not a notification).
    """

    __tablename__ = "webhook_refusals"
    __table_args__ = (CheckConstraint("reason IN ('secret', 'address', 'body')", name="reason"),)
    refused_on: Mapped[date] = mapped_column(primary_key=True)
    reason: Mapped[Str] = mapped_column(primary_key=True)
    times: Mapped[int] = mapped_column(default=1)
    last_ip: Mapped[str | None] = mapped_column(INET)
    last_at: Mapped[CreatedAt]


TO_PROCESS = Wait("inbound_webhooks.next_try_at", InboundWebhook.next_try_at, InboundWebhook.status == "new")
