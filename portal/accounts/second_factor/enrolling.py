"""Setting up the app: a secret is shown, and counts once a code proves that the app knows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kernel import log
from kernel.db import Session
from kernel.errors import NotFound
from portal.accounts.errors import WrongCode
from portal.accounts.letters import say_second_factor_changed
from portal.accounts.models import User, UserSession
from portal.accounts.sealing import SealBroken, seal, unseal
from portal.accounts.second_factor.backup_codes import drop_codes, replace_codes
from portal.accounts.second_factor.models import Authenticator
from portal.accounts.second_factor.totp import matching_step, new_secret
from portal.accounts.sessions import end_sessions

_OFFER_LASTS = timedelta(minutes=30)
_NEVER = -1
_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret on its way to the app. `sealed` travels in the form: nothing is stored before the code proves it."""

    secret: str
    sealed: str


def make_offer(user_id: UUID, sealed: str = "") -> Offer:
    """The secret of an earlier offer to this user if its form came back in time, else a new one."""
    secret = _secret_of(user_id, sealed) or new_secret()
    return Offer(secret, seal(f"{user_id} {secret}").decode())


def enrol(session: Session, user_id: UUID, session_id: UUID, *, sealed: str, code: str, now: datetime) -> list[str]:
    """Take the app of the offer into use; returns ten backup codes, shown once. `now` is real time.

    An earlier app and its codes stop working, other devices are signed out, a letter says so. The session that did it
    counts as having passed the second step.

    Raises:
        WrongCode: the code is not of the offered secret, or the offer is too old.
        NotFound: no such user.
    """
    secret = _secret_of(user_id, sealed)
    step = matching_step(secret, "".join(code.split()), now=now, after=_NEVER) if secret else None
    if secret is None or step is None:
        raise WrongCode
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound
    earlier = session.get(Authenticator, user_id, with_for_update=True)
    if earlier:
        earlier.secret, earlier.last_step, earlier.created_at = seal(secret), step, now
    else:
        session.add(Authenticator(user_id=user_id, secret=seal(secret), last_step=step))
    end_sessions(session, user_id, now=now, keep=session_id)
    session.get_one(UserSession, session_id).second_factor_at = now
    say_second_factor_changed(session, user, "replaced" if earlier else "on")
    session.flush()
    _log.info("second_factor.enrolled", user_id=str(user_id), replaced=earlier is not None)
    return replace_codes(session, user_id)


def remove(session: Session, user: User, *, now: datetime, by_owner: bool) -> bool:
    """Take the second step away: sessions end, a letter says so. Says whether there was one. `now` is real time."""
    authenticator = session.get(Authenticator, user.id, with_for_update=True)
    if authenticator is None:
        return False
    session.delete(authenticator)
    drop_codes(session, user.id)
    end_sessions(session, user.id, now=now)
    say_second_factor_changed(session, user, "reset" if by_owner else "off")
    session.flush()
    _log.warning("second_factor.removed", user_id=str(user.id), by_owner=by_owner)
    return True


def _secret_of(user_id: UUID, sealed: str) -> str | None:
    try:
        owner, _space, secret = unseal(sealed.encode(), within=_OFFER_LASTS).partition(" ")
    except SealBroken:
        return None
    return secret if owner == str(user_id) else None
