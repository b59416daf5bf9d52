"""The desk's period and the equal one before it, up to the same time of day: nine in the morning against nine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from dateutil.relativedelta import relativedelta

from kernel.clock import business_date, start_of

PeriodKey = Literal["day", "week", "month", "quarter", "year"]
Grain = Literal["day", "week", "month"]
_ONE_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_QUARTER, _YEAR = 3, 12


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
    """What the dashboard tells about. The chart shows the whole week, month, quarter or year that today is in."""

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
    def grain(self) -> Grain:
        """How much time one bar of the chart stands for."""
        return _GRAINS.get(self.key, "day")

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
    chart_first_on = today.replace(day=1) if key == "day" else first_on
    return DeskPeriod(
        key,
        Span(first_on, today, now),
        Span(previous_first_on, previous_last_on, until),
        chart_first_on,
        chart_first_on + _LENGTHS.get(key, relativedelta(months=1)) - _ONE_DAY,
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
    return _of_months(today.replace(day=1), 1, today)


def _of_quarter(today: date) -> tuple[date, date, date]:
    first_on = date(today.year, today.month - (today.month - 1) % _QUARTER, 1)
    return _of_months(first_on, _QUARTER, today)


def _of_year(today: date) -> tuple[date, date, date]:
    return _of_months(date(today.year, 1, 1), _YEAR, today)


def _of_months(first_on: date, months: int, today: date) -> tuple[date, date, date]:
    previous = first_on - relativedelta(months=months)
    return first_on, previous, min(previous + (today - first_on), first_on - _ONE_DAY)


_BOUNDS = {"day": _of_day, "week": _of_week, "month": _of_month, "quarter": _of_quarter, "year": _of_year}
_LENGTHS: dict[str, relativedelta] = {
    "week": relativedelta(days=7),
    "quarter": relativedelta(months=_QUARTER),
    "year": relativedelta(months=_YEAR),
}
_GRAINS: dict[str, Grain] = {"quarter": "week", "year": "month"}
