"""Letters to staff about charging as a whole: it has stopped by itself."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from kernel.db import Session
from payments.events import ChargingPaused
from portal.notifications.alarms import alarm_staff
from portal.web.staff.words import pause_name

PAUSED = "charging_paused"


def charging_paused(session: Session, event: ChargingPaused, _now: datetime) -> None:
    """That nothing is charged any more, why, and that a person has to let it go on."""
    facts = {"reason": event.reason, "why": partial(pause_name, event.reason), "at": event.at}
    alarm_staff(session, PAUSED, facts, occasion=event.at.isoformat())
