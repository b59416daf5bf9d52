"""The doctor on the page of the proof: which promises of the books are kept, which are broken by what, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kernel.clock import by_business_clock, real_now
from kernel.db import ReadSession
from payments.doctor.check import Check
from portal.audit.acts import SUBJECTS
from portal.doctor.models import CheckResult
from portal.doctor.telling import figures_text, object_name
from portal.doctor.words import PROMISES
from portal.web.staff.queries.breached import Subjects, find_subjects
from portal.web.staff.queries.checks import read_results

# Every quarter of an hour, and room for some that were late.
_OLD_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Sight:
    """A row that breaks a promise: what it is, its number or name with its page, or its key if it has none, and the figures."""

    kind: str
    title: str
    url: str
    key: str
    figures: str


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


def last_examination(session: ReadSession, checks: Sequence[Check]) -> Examination | None:
    """What was found last about these checks, in their order; None before the first time."""
    known = {row.name: row for row in read_results(session)}
    results = [known[check.name] for check in checks if check.name in known]
    if not results:
        return None
    examined_at = max(it.examined_at for it in results)
    subjects = find_subjects(session, [(row["object"], row["id"]) for it in results for row in it.breaches])
    return Examination(
        by_business_clock(examined_at),
        examined_at < real_now() - _OLD_AFTER,
        tuple(_answer(it, subjects) for it in results if it.broken_since),
        tuple(_answer(it, subjects) for it in results if not it.broken_since),
    )


def _answer(it: CheckResult, subjects: Subjects) -> Answer:
    since = by_business_clock(it.broken_since) if it.broken_since else None
    sights = tuple(_sight(breach, subjects) for breach in it.breaches)
    return Answer(PROMISES[it.name], it.count, it.error, since, sights)


def _sight(breach: dict[str, Any], subjects: Subjects) -> Sight:
    kind, key = breach["object"], breach["id"]
    # An answer that an older version kept has none: the next one has.
    figures = figures_text(breach.get("figures", {}))
    subject = subjects.get((kind, key))
    if subject is None:
        return Sight(object_name(kind), "", "", key, figures)
    name, page = SUBJECTS[subject.kind]
    title = f"{name} {subject.title}".rstrip()
    url = page.format(id=subject.id)
    if subject.kind == kind:
        return Sight("", title, url, "", figures)
    # Rows with a number of their own are named by it: a customer may have given many consents.
    numbered = f"{object_name(kind)} № {key}" if key.isdigit() else object_name(kind)
    return Sight(numbered, title[:1].lower() + title[1:], url, "", figures)
