"""Finding users by what people type."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from kernel.db import ReadSession, Session
from portal.accounts.models import User
from portal.web.kit.fields import parse_email, parse_phone

# A family may share one phone. The oldest come first, so that nobody can push its owner out by naming the same number.
_MOST_WITH_ONE_PHONE = 3


def by_email(session: Session | ReadSession, email: str, *, lock: bool = False) -> User | None:
    """The user of an address; upper and lower case are the same."""
    found = select(User).where(func.lower(User.email) == func.lower(email))
    return session.scalars(found.with_for_update() if lock else found).one_or_none()


def normal_login(text: str) -> str | None:
    """An address or a phone in the one form that throttles and searches use; None for neither."""
    try:
        return parse_email(text).lower() if "@" in text else parse_phone(text)
    except ValueError:
        return None


def by_login(session: Session | ReadSession, login: str) -> Sequence[User]:
    """Who may be meant by a normal login: one by address, up to three by phone. A phone works once mail is confirmed."""
    if "@" in login:
        found = by_email(session, login)
        return [found] if found else []
    return session.scalars(
        select(User)
        .where(User.phone == login, User.email_confirmed_at.is_not(None))
        .order_by(User.created_at, User.id)
        .limit(_MOST_WITH_ONE_PHONE)
    ).all()
