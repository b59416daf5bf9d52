"""An examination: ask every check, keep what it found, and tell staff once of each that has just been broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial

from sqlalchemy import delete, func, select, text

from kernel import log
from kernel.clock import real_now
from kernel.db import Session, repeating
from payments.doctor.check import Check, Examined, examine
from portal.doctor.models import CheckResult
from portal.doctor.telling import tell
from portal.doctor.words import PROMISES
from portal.notifications.alarms import alarm_staff

_log = log.get(__name__)
KIND = "check_broken"
_NAMED = 5


def run(checks: Sequence[Check]) -> None:
    """The worker's job. Two at once are harmless: the newer answer stays, and one of them tells staff."""
    examined_at = real_now()
    found = examine(checks)
    broken = repeating(partial(keep, found=found, examined_at=examined_at))
    for it in broken:
        _log.error("doctor.broken", check=it.name, count=it.count, error=it.error)
    _log.info("doctor.examined", checks=len(found), millis=sum(it.millis for it in found))


def keep(session: Session, found: Sequence[Examined], examined_at: datetime) -> list[Examined]:
    """Store these answers and write to staff about those that were sound before; returns the latter.

    Nothing is done when a later examination has been kept already.
    """
    session.execute(text("LOCK TABLE check_results IN SHARE ROW EXCLUSIVE MODE"))
    newest: datetime | None = session.execute(select(func.max(CheckResult.examined_at))).scalar_one()
    if newest is not None and newest >= examined_at:
        return []
    broken_since = {row.name: row.broken_since for row in session.scalars(select(CheckResult))}
    session.execute(delete(CheckResult).execution_options(synchronize_session=False))
    session.expunge_all()
    for it in found:
        since = None if it.sound else broken_since.get(it.name) or examined_at
        session.add(_result(it, examined_at, since))
    session.flush()
    new = [it for it in found if not it.sound and not broken_since.get(it.name)]
    if new:
        told = [(PROMISES[it.name], it, [tell(breach) for breach in it.breaches[:_NAMED]]) for it in new]
        alarm_staff(session, KIND, {"told": told}, occasion=examined_at.isoformat())
    return new


def _result(it: Examined, examined_at: datetime, broken_since: datetime | None) -> CheckResult:
    return CheckResult(
        name=it.name,
        count=it.count,
        breaches=[asdict(breach) for breach in it.breaches],
        error=it.error or None,
        millis=it.millis,
        examined_at=examined_at,
        broken_since=broken_since,
    )
