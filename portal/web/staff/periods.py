"""The desk's period and the equal one before it, up to the same time of day: nine in the morning against nine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from dateutil.relativedelta import relativedelta

from kernel.clock import business_date, start_of

PeriodKey = Literal["day", "week", "month"]
_ONE_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Span:
    """From the start of `first_on` to the instant `until`, which lies on `last_on`."""

    first_on: date
    last_on: date
    until: datetime

    @property
    def since(self) -> datetime:
        """The instant at which it begins."""
        return start_of(self.first_on)


@dataclass(frozen=True, slots=True)
class DeskPeriod:
    """What the dashboard tells about. The chart shows whole days: the week, or the month that today is in."""

    key: PeriodKey
    current: Span
    previous: Span
    chart_first_on: date
    chart_last_on: date

    @property
    def today(self) -> date:
        """The business date of the present moment."""
        return self.current.last_on

    @property
    def month_ends_on(self) -> date:
        """The last day of the present month."""
        return _month_end(self.today)


def desk_period(key: PeriodKey, now: datetime) -> DeskPeriod:
    """The period that ends at `now`, in business dates."""
    today = business_date(now)
    first_on, previous_first_on, previous_last_on = _BOUNDS[key](today)
    # A month that was shorter than this one's days so far ends before the present one begins.
    until = min(start_of(previous_last_on) + (now - start_of(today)), start_of(first_on))
    week = key == "week"
    return DeskPeriod(
        key,
        Span(first_on, today, now),
        Span(previous_first_on, previous_last_on, until),
        first_on if week else today.replace(day=1),
        first_on + _WEEK - _ONE_DAY if week else _month_end(today),
    )


def same_day_last_month(day: date) -> tuple[date, date]:
    """The day a month ago and the last day of that month."""
    then = day - relativedelta(months=1)
    return then, _month_end(then)


def _month_end(day: date) -> date:
    return day + relativedelta(day=31)


def _of_day(today: date) -> tuple[date, date, date]:
    return today, today - _ONE_DAY, today - _ONE_DAY


def _of_week(today: date) -> tuple[date, date, date]:
    monday = today - timedelta(days=today.weekday())
    return monday, monday - _WEEK, today - _WEEK


def _of_month(today: date) -> tuple[date, date, date]:
    first_on = today.replace(day=1)
    previous = first_on - relativedelta(months=1)
    return first_on, previous, min(previous + (today - first_on), first_on - _ONE_DAY)


_BOUNDS = {"day": _of_day, "week": _of_week, "month": _of_month}
