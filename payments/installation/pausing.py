"""The one switch that stops all charging, and who turned it. Every permit reads it.

A permit whose statement had begun before the switch's commit may still be given after it: milliseconds, or as long as the
statement waits for the day's count (3 s at most). A lock on this one row would close that gap, and would make all charges
wait for each other.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from kernel import log, outbox
from kernel.clock import business_date
from kernel.db import Session
from kernel.errors import NotFound, Refused
from kernel.settings import get_settings
from payments.events import ChargingPaused
from payments.history.noting import note_status
from payments.installation.models import DailyTally, Installation
from payments.reconciliation.standing import read_soon, require_proof

RUNNING = "running"
PAUSED = "paused"
# The reason of a pause by the limits of the day.
DAILY_LIMIT = "daily_limit"
# The installation is one row without a UUID of its own; its history is kept under this one.
HISTORY_ID = UUID(int=1)
_log = log.get(__name__)


def pause_charging(session: Session, reason: str, *, now: datetime, by: UUID | None) -> bool:
    """Stop every charge of a saved method until somebody resumes; says whether charging was running.

    `reason` is shown to staff. `by` is the user who did it, None for the system. A pause that is already there keeps
    its first reason. Payments that customers make on the gateway's page go on, where the database is proven.

    Raises:
        NotFound: there is no installation yet.
    """
    installation = _lock(session)
    if installation.charging_paused:
        return False
    installation.charging_paused, installation.pause_reason = True, reason
    _note(session, RUNNING, PAUSED, now, by)
    if by is None:
        outbox.record(session, ChargingPaused(reason, now))
    return True


def pause_until_reconciled(
    session: Session, reason: str, *, now: datetime, by: UUID | None = None, late: bool = False
) -> bool:
    """Stop every charge of a database that may not know what was charged: nobody resumes before a reconciliation.

    The lists are read soon. A pause that is already there keeps its first reason and gets this condition. `late`: this
    database may have been at work since it came from a backup, so that the memory of stops may hold only what it knows
    itself, and is not believed. Says whether charging was running.

    Raises:
        NotFound: there is no installation yet.
    """
    installation = _lock(session)
    if late and installation.unproven_since is None:
        installation.stops_memory = None
    installation.unproven_since = now
    read_soon(session, get_settings().yookassa_shop_id)
    return pause_charging(session, reason, now=now, by=by)


def resume_charging(session: Session, *, now: datetime, by: UUID) -> None:
    """Let charges go on: what fell due meanwhile is charged by the catch-up rule, three days late at most.

    After a pause by the daily limits as many again may leave on this day: a person has looked.

    Raises:
        NotFound: there is no installation yet.
        Refused: charging is running; or the books have to be reconciled with the gateway first, or the stops to be
            brought back that were made after the backup.
    """
    installation = _lock(session)
    if not installation.charging_paused:
        raise Refused("Списания и так идут")
    if installation.is_unrecalled:
        raise Refused(
            "Ещё не известно, кто отказался от списаний после копии: нужен Redis, спросите ещё раз через минуту"
        )
    if installation.unproven_since:
        require_proof(session, get_settings().yookassa_shop_id, installation.unproven_since)
    if installation.pause_reason == DAILY_LIMIT:
        session.execute(delete(DailyTally).where(DailyTally.charged_on == business_date(now)))
    installation.charging_paused, installation.pause_reason, installation.unproven_since = False, None, None
    _note(session, PAUSED, RUNNING, now, by)


def limit_days(session: Session, *, charges: int | None, kopecks: int | None) -> None:
    """Let no more than this leave on one business day; None is no limit. A pause that is there stays.

    Raises:
        NotFound: there is no installation yet.
    """
    installation = _lock(session)
    installation.daily_limit_charges, installation.daily_limit_kopecks = charges, kopecks


def _lock(session: Session) -> Installation:
    found = session.scalars(
        select(Installation).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def _note(session: Session, old: str, new: str, now: datetime, by: UUID | None) -> None:
    session.flush()
    note_status(session, "installation", HISTORY_ID, old=old, new=new, source=f"staff:{by}" if by else "system")
    _log.warning("charging." + new, at=now.isoformat(), user_id=str(by) if by else None)
