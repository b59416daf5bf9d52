"""Employees come in by invitation: a one-time link, never a ready-made password."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from kernel import log
from kernel.db import Session
from kernel.errors import NotFound, Refused
from portal.accounts.finding import by_email
from portal.accounts.letters import link_to
from portal.accounts.models import User
from portal.accounts.passwords import NO_PASSWORD
from portal.accounts.sessions import end_sessions
from portal.accounts.tokens import RESET_PASSWORD, issue_token, revoke_tokens
from portal.web.kit.fields import parse_email

ROLES = ("owner", "manager", "accountant", "viewer")
_INVITATION_LASTS = timedelta(hours=24)
_log = log.get(__name__)


def invite_staff(session: Session, email: str, name: str, role: str, *, now: datetime) -> str:
    """Give somebody a role and return the link, good for 24 hours, at which they set their password.

    Inviting again makes a new link: that is also how an owner who lost their password comes back. `now` is real time.

    Raises:
        ValueError: the address is not one.
        Refused: there is no such role, or the address belongs to a customer.
    """
    if role not in ROLES:
        raise Refused(f"Нет роли {role!r}; есть: {', '.join(ROLES)}")
    user = by_email(session, parse_email(email), lock=True)
    if user is not None and user.staff_role is None:
        raise Refused("У этого адреса есть кабинет клиента: пригласите сотрудника на другой")
    if user is None:
        user = User(email=parse_email(email), name=name, password_hash=NO_PASSWORD)
        session.add(user)
    # Whoever may run commands on the server vouches for the address.
    user.email_confirmed_at = user.email_confirmed_at or now
    user.name, user.staff_role, user.disabled_at = name, role, None
    session.flush()
    revoke_tokens(session, user.id, RESET_PASSWORD, now=now)
    _log.info("staff.invited", user_id=str(user.id), role=role)
    return link_to(
        RESET_PASSWORD,
        issue_token(session, user, RESET_PASSWORD, email=user.email, now=now, lifetime=_INVITATION_LASTS),
    )


def disable_user(session: Session, user_id: UUID, *, now: datetime) -> None:
    """Shut a user out: every session and every link ends at once. `now` is real time.

    Raises:
        NotFound: no such user.
    """
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound
    user.disabled_at = user.disabled_at or now
    end_sessions(session, user_id, now=now)
    revoke_tokens(session, user_id, now=now)
    _log.info("user.disabled", user_id=str(user_id))
