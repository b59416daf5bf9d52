"""The watch over the charger, kept by the workers: when the scheduler is silent, nobody else is left to tell staff."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from kernel import log
from kernel.broker import RedisAway
from kernel.clock import business_now
from kernel.db import Session, begin, read
from payments.installation.models import Installation
from portal.notifications.alarms import alarm_staff
from portal.notifications.letters import MAIL_JOB
from portal.web.staff.queries.charger import Charger, read_charger

_log = log.get(__name__)
STANDS = "charger_stands"
GOES = "charger_goes"
_EVERY_S = 60.0


@dataclass
class Watch:
    """Looks at the charger once in `every_s` seconds, and believes what two looks in a row agree on.

    Of the workers that see the same, one writes to staff: once when it stands, once when it goes again. `send` puts a
    hint into Redis: with the scheduler the relay is dead too, so the letters do not wait for it.
    """

    send: Callable[[str, Sequence[UUID]], None]
    every_s: float = _EVERY_S
    _looked_at: float = float("-inf")
    _stood: bool | None = None

    def look(self) -> None:
        """Look, unless that was done a moment ago."""
        if time.monotonic() - self._looked_at < self.every_s:
            return
        self._looked_at = time.monotonic()
        with read() as session:
            charger = read_charger(session)
        if charger is None:
            return
        before, self._stood = self._stood, not charger.beating or bool(charger.stuck)
        if self._stood == before:
            self._tell(charger, stands=self._stood)

    def _tell(self, charger: Charger, *, stands: bool) -> None:
        with begin() as session:
            letters = note_charger(session, charger, stands=stands, now=business_now(session))
        if letters:
            _log.warning(STANDS if stands else GOES, letters=len(letters))
            try:
                self.send(MAIL_JOB, letters)
            except RedisAway as error:
                _log.warning("mail.redis_away", error=str(error))


def note_charger(session: Session, charger: Charger, *, stands: bool, now: datetime) -> list[UUID]:
    """Remember since when staff know that the charger stands, or forget it; the letters that say so, none if they know."""
    known = select(Installation.charger_alarm_at)
    if (session.execute(known).scalar_one() is not None) is stands:
        return []
    installation = session.scalars(
        select(Installation).with_for_update().execution_options(populate_existing=True)
    ).one()
    told_at = installation.charger_alarm_at
    if (told_at is not None) is stands:
        return []
    installation.charger_alarm_at = now if stands else None
    kind, occasion = (STANDS, now) if stands else (GOES, told_at)
    return alarm_staff(session, kind, {"charger": charger}, occasion=str(occasion))
