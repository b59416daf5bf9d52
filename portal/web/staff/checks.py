"""The doctor on the page of the proof: which promises of the books are kept, which are broken by what, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from kernel.clock import by_business_clock, real_now
from kernel.db import ReadSession
from payments.doctor.check import Check
from payments.installation.pausing import HISTORY_ID
from portal.audit.acts import SUBJECTS
from portal.audit.recording import record_act
from portal.doctor.duty import examine_soon
from portal.doctor.models import CheckResult
from portal.doctor.words import PROMISES
from portal.web.kit.guards import Db
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.staff.queries.checks import read_results
from portal.web.staff.roles import Reconciler

router = APIRouter()
_LIST = "/staff/proof"
# Hourly, and an hour for one that was late.
_OLD_AFTER = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Sight:
    """A row that breaks a promise, and its page if it has one."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One check in words. `since` is business time, None while it is sound."""

    promise: str
    count: int
    error: str | None
    since: datetime | None
    sights: tuple[Sight, ...]


@dataclass(frozen=True, slots=True)
class Examination:
    """The last examination; `at` is business time. It is old when the next one should have been made by now."""

    at: datetime
    old: bool
    broken: tuple[Answer, ...]
    sound: tuple[Answer, ...]


@router.post(_LIST + "/examinations", name="staff.checks.ask")
def ask_now(request: Request, staff: Reconciler, db: Db) -> Response:
    """Have every check asked now."""
    examine_soon(db)
    record_act(db, staff, "proof.examined", "installation", HISTORY_ID, request=request)
    return go_to(request, _LIST, say=_("Проверяем учёт. Обновите страницу через минуту"))


def last_examination(session: ReadSession, checks: Sequence[Check]) -> Examination | None:
    """What was found last about these checks, in their order; None before the first time."""
    known = {row.name: row for row in read_results(session)}
    results = [known[check.name] for check in checks if check.name in known]
    if not results:
        return None
    examined_at = max(it.examined_at for it in results)
    return Examination(
        by_business_clock(examined_at),
        examined_at < real_now() - _OLD_AFTER,
        tuple(_answer(it) for it in results if it.broken_since),
        tuple(_answer(it) for it in results if not it.broken_since),
    )


def _answer(it: CheckResult) -> Answer:
    since = by_business_clock(it.broken_since) if it.broken_since else None
    return Answer(PROMISES[it.name], it.count, it.error, since, tuple(_sight(breach) for breach in it.breaches))


def _sight(breach: dict[str, str]) -> Sight:
    name, page = SUBJECTS.get(breach["object"], (breach["object"], ""))
    return Sight(f"{name} {breach['id']}: {breach['detail']}", page.format(id=breach["id"]))
