"""Authenticator and BackupCode: what an employee proves themselves with after the password. All instants are real time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base


class Authenticator(Base):
    """The app of an employee: its secret, sealed, and the last time step whose code was used, so that none works twice."""

    __tablename__ = "authenticators"
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


class BackupCode(Base):
    """A code on paper that stands in for the app once. Only its SHA-256 is kept: it has 80 random bits."""

    __tablename__ = "backup_codes"
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
