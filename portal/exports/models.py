"""Export: a file that an employee asked for."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Wait
from kernel.db import Base
from kernel.ids import uuid7

QUEUED = "queued"
MAKING = "making"
READY = "ready"
FAILED = "failed"


class Export(Base):
    """A file of the payments that a filter lets through. `query` is the filter as it stands in the list's address.

    `total` is how many payments there were when it was asked for, `rows` how many of them are in the file so far.
    `lease_until` is real time; the row and its file go when `expires_at` comes.
    """

    __tablename__ = "exports"
    __table_args__ = (
        CheckConstraint("status IN ('queued', 'making', 'ready', 'failed')", name="status"),
        CheckConstraint("format IN ('xlsx', 'csv')", name="format"),
        Index("ix_exports_unfinished", "created_at", postgresql_where=text("status IN ('queued', 'making')")),
        Index("ix_exports_user", "user_id", "id"),
        Index("ix_exports_expires_at", "expires_at"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    format: Mapped[str] = mapped_column(Text)
    query: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, default=QUEUED)
    tries: Mapped[int] = mapped_column(default=0)
    total: Mapped[int]
    rows: Mapped[int] = mapped_column(default=0)
    size: Mapped[int | None]
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.business_now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


TO_MAKE = Wait("exports.queued", Export.created_at, Export.status == QUEUED)
IN_HAND = Wait("exports.making", Export.created_at, Export.status == MAKING)
KEPT = Wait("exports.kept", Export.expires_at, Export.expires_at.is_not(None))
