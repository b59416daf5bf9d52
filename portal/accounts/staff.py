"""Employees come in by invitation: a one-time link, never a ready-made password."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from kernel import log
from kernel.db import Session
from kernel.errors import NotFound, Refused
from portal.accounts.finding import by_email
from portal.accounts.letters import link_to, send_invitation
from portal.accounts.models import User
from portal.accounts.passwords import NO_PASSWORD
from portal.accounts.sessions import end_sessions
from portal.accounts.staff_access import lock_owners, refuse_last_owner
from portal.accounts.tokens import RESET_PASSWORD, issue_token, revoke_tokens
from portal.web.kit.fields import parse_email
from portal.web.kit.i18n import gettext as _

ROLES = ("owner", "manager", "accountant", "viewer")
_INVITATION_LASTS = timedelta(hours=24)
_log = log.get(__name__)


def invite_staff(session: Session, email: str, name: str, role: str, *, now: datetime) -> str:
    """Give somebody a role and return the link, good for 24 hours, at which they set their password.

    Inviting again makes a new link: that is also how an owner who lost their password comes back. Another role than
    before ends the sessions. `now` is real time.

    Raises:
        ValueError: the address is not one.
        Refused: there is no such role, the address belongs to a customer, or nobody would be owner any more.
    """
    if role not in ROLES:
        raise Refused(f"Нет роли {role!r}; есть: {', '.join(ROLES)}")
    owners = lock_owners(session)
    user = by_email(session, parse_email(email), lock=True)
    if user is not None and user.staff_role is None:
        raise Refused(_("У этого адреса есть кабинет клиента: пригласите сотрудника на другой"))
    if user is None:
        user = User(email=parse_email(email), name=name, password_hash=NO_PASSWORD)
        session.add(user)
    elif user.staff_role != role:
        refuse_last_owner(owners, user)
        end_sessions(session, user.id, now=now)
    # Whoever may invite vouches for the address.
    user.email_confirmed_at = user.email_confirmed_at or now
    user.name, user.staff_role, user.disabled_at = name, role, None
    session.flush()
    _log.info("staff.invited", user_id=str(user.id), role=role)
    return _new_link(session, user, now)


def invite_by_letter(session: Session, email: str, name: str, role: str, *, now: datetime) -> User:
    """Give somebody who is no employee yet a role, and send them the link. `now` is real time.

    Raises:
        ValueError: the address is not one.
        Refused: the address belongs to a customer or an employee, or there is no such role.
    """
    lock_owners(session)  # two presses of the button take turns: the second finds whom the first invited
    known = by_email(session, parse_email(email))
    if known is not None and known.staff_role is not None:
        raise Refused(_("Сотрудник с этой почтой уже есть в списке"))
    link = invite_staff(session, email, name, role, now=now)
    user = by_email(session, parse_email(email))
    assert user is not None
    send_invitation(session, user, link)
    return user


def invite_again(session: Session, user_id: UUID, *, now: datetime) -> User:
    """Send an employee who has not set a password a new link; the earlier one stops working. `now` is real time.

    Raises:
        NotFound: no such employee.
        Refused: they have a password already, or are shut out.
    """
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None or user.staff_role is None:
        raise NotFound
    if user.password_hash != NO_PASSWORD or user.disabled_at is not None:
        raise Refused(_("Приглашение больше не нужно: пароль задан или доступ закрыт"))
    send_invitation(session, user, _new_link(session, user, now))
    return user


def _new_link(session: Session, user: User, now: datetime) -> str:
    revoke_tokens(session, user.id, RESET_PASSWORD, now=now)
    token = issue_token(session, user, RESET_PASSWORD, email=user.email, now=now, lifetime=_INVITATION_LASTS)
    return link_to(RESET_PASSWORD, token)
