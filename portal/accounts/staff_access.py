"""What becomes of an employee's access: another role, shut out, let in again, a lost phone.

The company is never left without an active owner. Whatever is taken away, is taken at once: the sessions end.
All instants are real time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from kernel import log
from kernel.db import Session
from kernel.errors import NotFound, Refused
from portal.accounts.models import User
from portal.accounts.passwords import NO_PASSWORD
from portal.accounts.second_factor.enrolling import remove
from portal.accounts.sessions import end_sessions
from portal.accounts.tokens import revoke_tokens
from portal.web.kit.i18n import gettext as _

OWNER = "owner"
_log = log.get(__name__)


class LastOwner(Refused):
    """Nobody would be left who may manage the employees; `str(error)` says so."""


def change_role(session: Session, user_id: UUID, role: str, *, now: datetime) -> str | None:
    """Give an employee another role; answers the earlier one, None when it is the same.

    Raises:
        NotFound: no such employee.
        LastOwner: they are the last active owner.
    """
    owners = lock_owners(session)
    user = _employee(session, user_id)
    before = user.staff_role
    if before == role:
        return None
    refuse_last_owner(owners, user)
    user.staff_role = role
    end_sessions(session, user_id, now=now)
    _log.warning("staff.role_changed", user_id=str(user_id), before=before, after=role)
    return before


def shut_out(session: Session, user_id: UUID, *, now: datetime) -> bool:
    """Close an employee's access; says whether it was open.

    Raises:
        NotFound: no such employee.
        LastOwner: they are the last active owner.
    """
    owners = lock_owners(session)
    user = _employee(session, user_id)
    if user.disabled_at is not None:
        return False
    refuse_last_owner(owners, user)
    disable_user(session, user_id, now=now)
    return True


def let_in(session: Session, user_id: UUID) -> bool:
    """Open an employee's access again, with the password and the role they had; says whether it was closed.

    Raises:
        NotFound: no such employee.
    """
    user = _employee(session, user_id)
    if user.disabled_at is None:
        return False
    user.disabled_at = None
    _log.warning("staff.let_in", user_id=str(user_id))
    return True


def reset_second_factor(session: Session, user_id: UUID, *, now: datetime) -> bool:
    """Take away the second step of an employee who lost the phone; says whether there was one. They get a letter.

    Raises:
        NotFound: no such employee.
    """
    return remove(session, _employee(session, user_id), now=now, by_owner=True)


def disable_user(session: Session, user_id: UUID, *, now: datetime) -> None:
    """Shut a user out: every session and every link ends at once.

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


def lock_owners(session: Session) -> Sequence[User]:
    """The active owners, locked: two owners who demote each other take turns, and the second is refused.

    Locked before anybody else, in the order of their ids. Who was invited and has not come in yet does not count.
    """
    return session.scalars(
        select(User)
        .where(User.staff_role == OWNER, User.disabled_at.is_(None), User.password_hash != NO_PASSWORD)
        .order_by(User.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def refuse_last_owner(owners: Sequence[User], user: User) -> None:
    """Refuse what would leave no active owner. `owners` are all of them, locked.

    Raises:
        LastOwner: the user is the only one.
    """
    if [owner.id for owner in owners] == [user.id]:
        raise LastOwner(_("Это единственный действующий владелец: сначала назначьте другого"))


def _employee(session: Session, user_id: UUID) -> User:
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None or user.staff_role is None:
        raise NotFound
    return user
