"""AuditEntry: one act of an employee, appended and never changed; AuditLink: what tells when one was."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base


class AuditEntry(Base):
    """Who did what to which object, from where. `user_id` is None for a command run on the server.

    `at` is real time: a played clock may not move evidence. `details` hold what was before and after, ids and masks, no
    names, addresses or numbers of people. The database refuses to change, delete or truncate entries.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint(r"act ~ '^[a-z_]+\.[a-z_]+$'", name="act"),
        Index("ix_audit_entries_user", "user_id", "id"),
        Index("ix_audit_entries_act", "act", "id"),
        Index("ix_audit_entries_subject", "subject_kind", "subject_id", "id"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp(), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    act: Mapped[str] = mapped_column(Text)
    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    ip: Mapped[str | None] = mapped_column(INET)
    request_id: Mapped[str | None] = mapped_column(Text)


class AuditLink(Base):
    """What makes a changed entry show: its digest, over that of the one `before` it.

    The database writes it when the entry's transaction commits.
    """

    __tablename__ = "audit_links"
    __table_args__ = (UniqueConstraint("before", postgresql_nulls_not_distinct=True),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    entry_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("audit_entries.id"), unique=True)
    before: Mapped[bytes | None] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
