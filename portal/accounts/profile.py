"""What a signed-in person changes about themselves. The password is asked for wherever a thief would gain by it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kernel import log
from kernel.db import Session
from kernel.errors import NotFound
from portal.accounts.errors import WrongPassword
from portal.accounts.finding import by_email
from portal.accounts.following import Contact, follow_user
from portal.accounts.letters import say_already_registered, say_password_changed, send_link
from portal.accounts.models import User
from portal.accounts.passwords import hash_password, refuse_weak, verify_password
from portal.accounts.sessions import Audience, end_sessions, start_session
from portal.accounts.tokens import CHANGE_EMAIL, issue_token, revoke_tokens
from portal.accounts.visitor import Visitor

_log = log.get(__name__)


def change_profile(session: Session, user_id: UUID, *, name: str, phone: str | None) -> None:
    """Store the name and the phone (E.164).

    Raises:
        NotFound: no such user.
    """
    user = _locked(session, user_id)
    before = Contact.of(user)
    user.name, user.phone = name, phone
    follow_user(session, user, before)


def request_address_change(session: Session, user_id: UUID, email: str, *, password: str, now: datetime) -> None:
    """Send a link to the new address; the old one stays in force until it is pressed. `now` is real time.

    An address that has a cabinet already gets another letter, and the caller says the same.

    Raises:
        WrongPassword: the present password was not known.
        NotFound: no such user.
    """
    user = _knowing(session, user_id, password)
    revoke_tokens(session, user.id, CHANGE_EMAIL, now=now)
    owner = by_email(session, email)
    if owner is not None:
        say_already_registered(session, owner)
        return
    token = issue_token(session, user, CHANGE_EMAIL, email=email, now=now)
    send_link(session, user, CHANGE_EMAIL, token, email=email)


def forget_address_change(session: Session, user_id: UUID, *, now: datetime) -> None:
    """The old address stays: links sent to the new one are worthless."""
    revoke_tokens(session, user_id, CHANGE_EMAIL, now=now)


def change_password(
    session: Session,
    user_id: UUID,
    *,
    current: str,
    new: str,
    brand: str,
    audience: Audience,
    visitor: Visitor,
    now: datetime,
    second_factor: bool = False,
) -> str:
    """Set a new password, end every session and start a new one here; returns what its cookie holds.

    `second_factor` says whether the present session has passed the second step: the new one has then, too.

    Raises:
        WrongPassword: the present password was not known.
        WeakPassword: the new one is easy to guess.
        NotFound: no such user.
    """
    user = _knowing(session, user_id, current)
    refuse_weak(new, personal=(user.email, user.name, brand))
    user.password_hash = hash_password(new)
    end_sessions(session, user.id, now=now)
    revoke_tokens(session, user.id, now=now)
    say_password_changed(session, user)
    _log.info("password.changed", user_id=str(user.id))
    return start_session(session, user.id, audience, visitor, now=now, second_factor=second_factor)


def require_password(session: Session, user_id: UUID, password: str) -> None:
    """Make sure that a signed-in person knows their password.

    Raises:
        WrongPassword: they do not.
        NotFound: no such user.
    """
    _knowing(session, user_id, password)


def _locked(session: Session, user_id: UUID) -> User:
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound
    return user


def _knowing(session: Session, user_id: UUID, password: str) -> User:
    user = _locked(session, user_id)
    right, _renewed = verify_password(password, user.password_hash)
    if not right:
        _log.info("password.not_known", user_id=str(user_id))
        raise WrongPassword
    return user
