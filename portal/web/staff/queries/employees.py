"""Employees as the owner sees them: role, last login, second step, whether they have come in at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select

from kernel.db import ReadSession, Session
from portal.accounts.models import User, UserSession
from portal.accounts.passwords import NO_PASSWORD
from portal.accounts.second_factor.models import Authenticator
from portal.accounts.sessions import STAFF


@dataclass(frozen=True, slots=True)
class Employee:
    """One employee. `invited` is who has not set a password yet; all instants are real time."""

    id: UUID
    name: str
    email: str
    role: str
    disabled_at: datetime | None
    invited: bool
    has_app: bool
    last_login_at: datetime | None

    @property
    def state(self) -> str:
        """closed, invited or active."""
        if self.disabled_at:
            return "closed"
        return "invited" if self.invited else "active"


def list_employees(session: Session | ReadSession) -> list[Employee]:
    """All of them, the owners first, then by role and name."""
    rank = case({"owner": 0, "manager": 1, "accountant": 2}, value=User.staff_role, else_=3)
    return [Employee(*row) for row in session.execute(_employees().order_by(rank, func.lower(User.name), User.id))]


def find_employee(session: Session | ReadSession, user_id: UUID) -> Employee | None:
    """One of them."""
    row = session.execute(_employees().where(User.id == user_id)).first()
    return Employee(*row) if row else None


def _employees() -> Select[*tuple[Any, ...]]:
    last_login = (
        select(func.max(UserSession.created_at))
        .where(UserSession.user_id == User.id, UserSession.audience == STAFF)
        .scalar_subquery()
    )
    return (
        select(
            User.id,
            User.name,
            User.email,
            User.staff_role,
            User.disabled_at,
            User.password_hash == NO_PASSWORD,
            Authenticator.user_id.is_not(None),
            last_login,
        )
        .outerjoin(Authenticator, Authenticator.user_id == User.id)
        .where(User.staff_role.is_not(None))
    )
