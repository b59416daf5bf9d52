"""The daily limits of charges, and how near to them the days come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from kernel.db import ReadSession
from payments.installation.models import DailyTally, Installation

_LOOKED_BACK = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that may leave on a business day; None is no limit. Sums are kopecks."""

    charges: int | None
    kopecks: int | None


@dataclass(frozen=True, slots=True)
class Pace:
    """What counts towards the limits of today, and the most of any day within three months."""

    charges: int
    kopecks: int
    most_charges: int
    most_kopecks: int


def read_limits(session: ReadSession) -> Limits:
    """The limits as they are set."""
    row = session.execute(select(Installation.daily_limit_charges, Installation.daily_limit_kopecks)).one()
    return Limits(*row)


def read_pace(session: ReadSession, *, today: date) -> Pace:
    """What leaves on a day, today and at most."""
    mine = DailyTally.charged_on == today
    row = session.execute(
        select(
            func.coalesce(func.sum(DailyTally.charges).filter(mine), 0),
            func.coalesce(func.sum(DailyTally.kopecks).filter(mine), 0),
            func.coalesce(func.max(DailyTally.charges), 0),
            func.coalesce(func.max(DailyTally.kopecks), 0),
        ).where(DailyTally.charged_on > today - _LOOKED_BACK)
    ).one()
    return Pace(*(int(value) for value in row))
