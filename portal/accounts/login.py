"""Coming in. The answer never tells an unknown login from a wrong password; neither does its time.

An employee with an authenticator gets a session of the audience `staff_code` for the password, and for the code a new
one that opens the desk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select

from kernel import log
from kernel.db import Session
from portal.accounts.errors import BadCredentials, SignInExpired
from portal.accounts.finding import by_login, normal_login
from portal.accounts.models import Membership, User
from portal.accounts.passwords import verify_password
from portal.accounts.second_factor.checking import check_code, has_authenticator
from portal.accounts.sessions import STAFF, STAFF_CODE, Audience, end_by_cookie, find_session, start_session
from portal.accounts.visitor import Visitor

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Entrance:
    """A session that began: whose, of which audience, and what its cookie holds."""

    user_id: UUID
    audience: Audience
    token: str


def sign_in(
    session: Session, login: str, password: str, *, audience: Audience, visitor: Visitor, now: datetime
) -> Entrance:
    """Start a session by e-mail or phone and password. `now` is real time.

    An employee whose login has a second step gets the session of that step only. An unconfirmed customer comes in too, and sees nothing but the page that asks for confirmation.

    Raises:
        BadCredentials: whatever the reason.
    """
    wanted = normal_login(login)
    user = _matching(session, by_login(session, wanted) if wanted else (), password)
    if user is None or user.disabled_at is not None or not _belongs(session, user, audience):
        _log.info("login.refused", audience=audience, user_id=str(user.id) if user else None, ip=visitor.ip)
        raise BadCredentials
    if audience == STAFF and has_authenticator(session, user.id):
        audience = STAFF_CODE
    _log.info("login.done", audience=audience, user_id=str(user.id), ip=visitor.ip)
    return Entrance(user.id, audience, start_session(session, user.id, audience, visitor, now=now))


def give_code(session: Session, token: str, code: str, *, visitor: Visitor, now: datetime) -> Entrance:
    """The second step: a code of the app or from paper, for a session of the first. `now` is real time.

    Raises:
        SignInExpired: the first step is too long ago, or was not taken in this browser.
        WrongCode: the first step still counts.
    """
    found = find_session(session, token, STAFF_CODE, now=now)
    if found is None:
        raise SignInExpired
    check_code(session, found.user_id, code, now=now)
    end_by_cookie(session, token, now=now)
    _log.info("login.done", audience=STAFF, user_id=str(found.user_id), ip=visitor.ip)
    token = start_session(session, found.user_id, STAFF, visitor, now=now, second_factor=True)
    return Entrance(found.user_id, STAFF, token)


def _matching(session: Session, users: Sequence[User], password: str) -> User | None:
    if not users:
        verify_password(password, None)
    for user in users:
        right, renewed = verify_password(password, user.password_hash)
        if right:
            return user if _is_still_right(session, user, renewed) else None
    return None


def _is_still_right(session: Session, user: User, renewed: str | None) -> bool:
    # To verify takes long. Whoever changed the password meanwhile has ended all sessions, and ours is to be none of them.
    verified = user.password_hash
    session.refresh(user, with_for_update={"key_share": True})
    if user.password_hash != verified:
        return False
    user.password_hash = renewed or verified
    return True


def _belongs(session: Session, user: User, audience: Audience) -> bool:
    if audience == STAFF:
        return user.staff_role is not None
    return bool(session.scalar(select(exists().where(Membership.user_id == user.id))))
