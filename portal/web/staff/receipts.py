"""The chart of money by day, week or month, and what it shows in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from portal.web.kit.charts import BarChart, DayAmount, bar_chart
from portal.web.kit.filters import day_and_month, money, month_text, short_month
from portal.web.kit.i18n import gettext as _
from portal.web.staff.periods import DeskPeriod
from portal.web.staff.queries.figures import Figures

_ONE_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_LABEL_EVERY_WEEKS = 2


def receipts_chart(period: DeskPeriod, made: Mapping[date, int], figures: Figures) -> BarChart:
    """Bars of what came in on each day of the period, with what is planned; in longer periods, by week or month."""
    if period.grain == "day":
        title = _("Поступления по дням, %(name)s")
        amounts = list(_days(period, made, figures))
    else:
        title = (
            _("Поступления по неделям, %(name)s") if period.grain == "week" else _("Поступления по месяцам, %(name)s")
        )
        amounts = list(_parts(period, made))
    return bar_chart("receipts", title % {"name": _name_of(period)}, amounts, today=period.today)


def finding_of(period: DeskPeriod, figures: Figures) -> str:
    """What is still expected."""
    if not figures.expected:
        return _("В ближайший месяц по графику ничего не ждём.")
    if not figures.expected_kopecks:
        first = figures.expected[0]
        words = {"day": day_and_month(first.day), "sum": money(first.kopecks)}
        return _("В этом месяце по графику больше ничего не ждём. Следующее %(day)s: %(sum)s.") % words
    words = {"sum": money(figures.expected_kopecks), "day": day_and_month(period.month_ends_on)}
    return _("До %(day)s по графику ещё %(sum)s.") % words


def dates_text(first_on: date, last_on: date) -> str:
    """«1–21 ноября», «28 октября – 3 ноября»."""
    if first_on == last_on:
        return day_and_month(first_on)
    if (first_on.year, first_on.month) == (last_on.year, last_on.month):
        return f"{first_on.day}–{day_and_month(last_on)}"
    return f"{day_and_month(first_on)} – {day_and_month(last_on)}"


def _name_of(period: DeskPeriod) -> str:
    first_on = period.chart_first_on
    if period.key == "week":
        return dates_text(first_on, period.chart_last_on)
    if period.key == "quarter":
        return _("%(number)s квартал %(year)s") % {"number": (first_on.month + 2) // 3, "year": first_on.year}
    if period.key == "year":
        return _("%(year)s год") % {"year": first_on.year}
    return month_text(period.today).lower()


def _days(period: DeskPeriod, made: Mapping[date, int], figures: Figures) -> Iterator[DayAmount]:
    planned = {item.day: item for item in figures.expected}
    day = period.chart_first_on
    while day <= period.chart_last_on:
        if day > period.today:
            yield planned.get(day, DayAmount(day, 0, planned=True))
        else:
            # What today still expects stands on top of what has come.
            yield DayAmount(day, made.get(day, 0), to_come=planned[day].kopecks if day in planned else 0)
        day += _ONE_DAY


def _parts(period: DeskPeriod, made: Mapping[date, int]) -> Iterator[DayAmount]:
    for number, (first_on, last_on) in enumerate(_bounds(period)):
        kopecks = sum(amount for day, amount in made.items() if first_on <= day <= last_on)
        if period.grain == "week":
            name = dates_text(first_on, last_on)
            label = "" if number % _LABEL_EVERY_WEEKS else f"{first_on.day} {short_month(first_on)}"
        else:
            name, label = month_text(first_on), short_month(first_on)
        yield DayAmount(first_on, kopecks, name=name, label=label, is_now=first_on <= period.today <= last_on)


def _bounds(period: DeskPeriod) -> Iterator[tuple[date, date]]:
    first_on = period.chart_first_on
    while first_on <= period.chart_last_on:
        monday = first_on - timedelta(days=first_on.weekday())
        following = monday + _WEEK if period.grain == "week" else first_on + relativedelta(months=1)
        yield first_on, min(following - _ONE_DAY, period.chart_last_on)
        first_on = following
