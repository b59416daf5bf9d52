"""Letters to the employees who can do something about a trouble: everybody but those who only look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kernel.db import Session
from portal.accounts.models import User
from portal.notifications.letters import queue_letter

_HEAR = ("owner", "manager", "accountant")


def alarm_staff(session: Session, kind: str, facts: Mapping[str, Any], *, occasion: str) -> list[UUID]:
    """Write `templates/emails/<kind>/` to each active employee, once for an occasion; the letters that were written."""
    hearers = session.scalars(
        select(User)
        .where(User.staff_role.in_(_HEAR), User.disabled_at.is_(None), User.email_confirmed_at.is_not(None))
        .order_by(User.id)
    )
    letters = (
        queue_letter(session, kind, user.email, facts, dedupe_key=f"{kind}:{occasion}:{user.id}", user_id=user.id)
        for user in hearers.all()
    )
    return [letter for letter in letters if letter]
