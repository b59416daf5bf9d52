"""Message: a letter to somebody, kept as it was sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Text, and_, func, or_, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Wait
from kernel.db import Base
from kernel.ids import uuid7
from payments.installation.models import PROVEN


class Message(Base):
    """A letter. `dedupe_key` makes it one per occasion; its id is its Message-ID, the same at every repeat.

    Status: queued, sending, uncertain (the line dropped after the text had gone: repeated once), sent, failed.
    """

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("status IN ('queued', 'sending', 'uncertain', 'sent', 'failed')", name="status"),
        Index("ix_messages_waiting", "next_try_at", postgresql_where=text("status IN ('queued', 'uncertain')")),
        Index("ix_messages_sending", "created_at", postgresql_where=text("status = 'sending'")),
        Index("ix_messages_customer", "customer_id", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    kind: Mapped[str] = mapped_column(Text)
    dedupe_key: Mapped[str] = mapped_column(Text, unique=True)
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    notice_id: Mapped[UUID | None] = mapped_column(ForeignKey("notices.id"))
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id"))
    invoice_id: Mapped[UUID | None] = mapped_column(ForeignKey("invoices.id"))
    recipient: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    text_body: Mapped[str] = mapped_column(Text)
    html_body: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, default="queued")
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.business_now())
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.business_now())
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


# They tell of money that is still to come. A database from a backup may know less than the gateway: it says none of it
# before it was reconciled and a person let charges go on.
OF_MONEY_TO_COME = ("charge_announced", "invoice_issued")
TO_SEND = Wait(
    "messages.next_try_at",
    Message.next_try_at,
    and_(Message.status.in_(("queued", "uncertain")), or_(Message.kind.not_in(OF_MONEY_TO_COME), PROVEN)),
)
IN_FLIGHT = Wait("messages.sending", Message.created_at, Message.status == "sending")
