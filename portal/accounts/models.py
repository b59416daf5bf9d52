"""User, Membership, UserSession and OneTimeToken: who may come in, and on whose behalf."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text, func, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base
from kernel.ids import uuid7


def _real_now() -> Mapped[datetime]:
    # Accounts live on real time: a month played forward must not log anybody out.
    return mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


class User(Base):
    """A login: of a customer, of an employee (`staff_role` is set), or of both. All instants are real time."""

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_email", text("lower(email)"), unique=True),
        Index("ix_users_phone", "phone"),
        CheckConstraint("staff_role IN ('owner', 'manager', 'accountant', 'viewer')", name="staff_role"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    email: Mapped[str] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    staff_role: Mapped[str | None] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text, default="ru")
    email_confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = _real_now()


class Membership(Base):
    """A user who acts for a customer. Several people may act for one company."""

    __tablename__ = "memberships"
    __table_args__ = (CheckConstraint("role IN ('owner', 'member')", name="role"),)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(Text, default="owner")
    created_at: Mapped[datetime] = _real_now()


class UserSession(Base):
    """A signed-in device. Only the SHA-256 of its cookie is kept. Audience: customer or staff, never both.

    `staff_code` is an employee between password and code, who may see nothing yet; `second_factor_at` is when the code
    of a staff session was given.
    """

    __tablename__ = "user_sessions"
    __table_args__ = (CheckConstraint("audience IN ('customer', 'staff', 'staff_code')", name="audience"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    audience: Mapped[str] = mapped_column(Text)
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = _real_now()
    last_seen_at: Mapped[datetime] = _real_now()
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    second_factor_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class OneTimeToken(Base):
    """A link sent by mail: used once, hashed here, short-lived. Purpose: confirm_email, reset_password, change_email."""

    __tablename__ = "one_time_tokens"
    __table_args__ = (
        CheckConstraint("purpose IN ('confirm_email', 'reset_password', 'change_email')", name="purpose"),
    )
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    purpose: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = _real_now()
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
