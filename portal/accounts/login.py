"""Coming in. The answer never tells an unknown login from a wrong password; neither does its time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select

from kernel import log
from kernel.db import Session
from portal.accounts.errors import BadCredentials
from portal.accounts.finding import by_login, normal_login
from portal.accounts.models import Membership, User
from portal.accounts.passwords import verify_password
from portal.accounts.sessions import STAFF, Audience, start_session
from portal.accounts.visitor import Visitor

_log = log.get(__name__)


def sign_in(session: Session, login: str, password: str, *, audience: Audience, visitor: Visitor, now: datetime) -> str:
    """Start a session by e-mail or phone and password; returns what its cookie holds. `now` is real time.

    An unconfirmed customer comes in too, and sees nothing but the page that asks for confirmation.

    Raises:
        BadCredentials: whatever the reason.
    """
    wanted = normal_login(login)
    user = _matching(by_login(session, wanted) if wanted else (), password)
    if user is None or user.disabled_at is not None or not _belongs(session, user, audience):
        _log.info("login.refused", audience=audience, user_id=str(user.id) if user else None, ip=visitor.ip)
        raise BadCredentials
    _log.info("login.done", audience=audience, user_id=str(user.id), ip=visitor.ip)
    return start_session(session, user.id, audience, visitor, now=now)


def _matching(users: Sequence[User], password: str) -> User | None:
    if not users:
        verify_password(password, None)
    for user in users:
        right, renewed = verify_password(password, user.password_hash)
        if right:
            user.password_hash = renewed or user.password_hash
            return user
    return None


def _belongs(session: Session, user: User, audience: Audience) -> bool:
    if audience == STAFF:
        return user.staff_role is not None
    return bool(session.scalar(select(exists().where(Membership.user_id == user.id))))
