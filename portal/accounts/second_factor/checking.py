"""Is this the person's code? Each code works once, whether it comes from the app or from paper."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from kernel import log
from kernel.db import ReadSession, Session
from portal.accounts.errors import WrongCode
from portal.accounts.sealing import unseal
from portal.accounts.second_factor.backup_codes import use_code
from portal.accounts.second_factor.models import Authenticator
from portal.accounts.second_factor.totp import matching_step

_log = log.get(__name__)
_SEPARATORS = re.compile(r"[\s-]+")


def has_authenticator(session: Session | ReadSession, user_id: UUID) -> bool:
    """Whether this person's login has a second step."""
    return session.execute(select(Authenticator.user_id).where(Authenticator.user_id == user_id)).first() is not None


def check_code(session: Session, user_id: UUID, typed: str, *, now: datetime) -> bool:
    """Use up a code of the app or of the backup codes; says whether it was one of the app. `now` is real time.

    Raises:
        WrongCode: it is none of this person's, or was used before.
    """
    # Locked: two requests with one code take turns, and the second finds its step used.
    authenticator = session.get(Authenticator, user_id, with_for_update=True, populate_existing=True)
    if authenticator is None:
        raise WrongCode
    code = _SEPARATORS.sub("", typed)
    step = matching_step(unseal(authenticator.secret), code, now=now, after=authenticator.last_step)
    if step is not None:
        authenticator.last_step = step
        session.flush()
        return True
    if not use_code(session, user_id, code, now=now):
        _log.warning("second_factor.refused", user_id=str(user_id))
        raise WrongCode
    _log.warning("second_factor.backup_code_used", user_id=str(user_id))
    return False
