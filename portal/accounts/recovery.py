"""A forgotten password: a link to the address, then a new password and a clean slate."""

from __future__ import annotations

from datetime import datetime

from kernel import log
from kernel.db import Session
from portal.accounts.confirmation import prove_address
from portal.accounts.errors import LinkGone
from portal.accounts.finding import by_email
from portal.accounts.letters import say_password_changed, send_link
from portal.accounts.models import User
from portal.accounts.passwords import hash_password, refuse_weak
from portal.accounts.sessions import end_sessions
from portal.accounts.tokens import RESET_PASSWORD, issue_token, look_at, revoke_tokens, use_token

_log = log.get(__name__)


def request_reset(session: Session, email: str, *, now: datetime) -> None:
    """Send the link if there is such a user; the caller says the same either way. `now` is real time."""
    user = by_email(session, email)
    if user is None or user.disabled_at is not None:
        return
    token = issue_token(session, user, RESET_PASSWORD, email=user.email, now=now)
    send_link(session, user, RESET_PASSWORD, token, email=user.email)


def reset_password(session: Session, token: str, password: str, *, brand: str, now: datetime) -> User:
    """Set the new password, end every session, make every other link worthless, and say so by mail.

    Having read the letter proves the address too.

    Raises:
        WeakPassword: the link stays good.
        LinkGone: it is used, too old or not ours.
    """
    found = look_at(session, token, RESET_PASSWORD, now=now)
    if not found.live:
        raise LinkGone
    refuse_weak(password, personal=(found.user.email, found.user.name, brand))
    password_hash = hash_password(password)
    link = use_token(session, token, RESET_PASSWORD, now=now)
    user = link.user
    user.password_hash = password_hash
    if user.email.lower() == link.email.lower():
        prove_address(session, user, now=now)
    end_sessions(session, user.id, now=now)
    revoke_tokens(session, user.id, now=now)
    say_password_changed(session, user)
    _log.info("password.reset", user_id=str(user.id))
    return user
