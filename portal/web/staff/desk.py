"""The dashboard: what came in, what is expected, what somebody must decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import get_args

from fastapi import APIRouter, Request
from starlette.responses import Response

from kernel import clock
from portal.notifications.outage import mail_is_away
from portal.web.kit.charts import BarChart, DayAmount, bar_chart
from portal.web.kit.filters import day_and_month, money, month_text, time_text
from portal.web.kit.guards import CurrentStaff, ReadDb
from portal.web.kit.i18n import gettext as _
from portal.web.kit.render import render
from portal.web.staff.ages import debt_bar
from portal.web.staff.deltas import Delta, change_of, points_of
from portal.web.staff.needs import needs_of
from portal.web.staff.periods import DeskPeriod, PeriodKey, Span, desk_period
from portal.web.staff.queries.attention import read_attention
from portal.web.staff.queries.charger import read_charger
from portal.web.staff.queries.debts import debt_ages
from portal.web.staff.queries.figures import Figures, read_figures, receipts_by_day
from portal.web.staff.queries.happenings import last_happenings
from portal.web.staff.roles import PAUSES_CHARGING, RESUMES_CHARGING, may
from portal.web.staff.telling import tell_happening
from portal.web.staff.words import pause_name

router = APIRouter()
_EVENTS = 5
_UPCOMING = 6
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Upcoming:
    """What falls due within a month or so: the nearest days, the sum in kopecks of all, and the last of them."""

    days: tuple[DayAmount, ...]
    kopecks: int
    last_on: date

    @property
    def later_kopecks(self) -> int:
        """The sum of the days that are not named."""
        return self.kopecks - sum(item.kopecks for item in self.days)


@router.get("/staff", name="staff.desk")
def show_desk(request: Request, staff: CurrentStaff, db: ReadDb, period: str = "month") -> Response:
    """The dashboard of a period; an unknown one is the month."""
    now = clock.now()
    chosen = desk_period(_known(period), now)
    figures = read_figures(db, chosen)
    charger = read_charger(db)
    context = {
        "period": chosen,
        "compared": _compared(chosen),
        "figures": figures,
        "deltas": _deltas(figures),
        "chart": _chart(chosen, receipts_by_day(db, chosen), figures),
        "finding": _finding(chosen, figures),
        "needs": needs_of(read_attention(db, today=chosen.today, now=now)),
        "upcoming": _upcoming(figures),
        "ages": debt_bar(debt_ages(db, chosen.today)),
        "events": [tell_happening(item) for item in last_happenings(db, _EVENTS)],
        "charger": charger,
        "mail_is_away": mail_is_away(db),
        "pause": pause_name(charger.pause_reason) if charger else "",
        "may_pause": may(staff, PAUSES_CHARGING),
        "may_resume": may(staff, RESUMES_CHARGING),
    }
    return render(request, "pages/staff/desk.html", context)


def _known(period: str) -> PeriodKey:
    keys: tuple[PeriodKey, ...] = get_args(PeriodKey)
    return next((key for key in keys if key == period), "month")


def _compared(period: DeskPeriod) -> str:
    now, then = period.current, period.previous
    words = {"now": _dates(now), "at": time_text(now.until), "then": _dates(then)}
    return _("%(now)s до %(at)s в сравнении с %(then)s до того же часа") % words


def _dates(span: Span) -> str:
    if span.first_on == span.last_on:
        return day_and_month(span.first_on)
    if span.first_on.month == span.last_on.month:
        return f"{span.first_on.day}–{day_and_month(span.last_on)}"
    return f"{day_and_month(span.first_on)} – {day_and_month(span.last_on)}"


def _deltas(figures: Figures) -> dict[str, object]:
    return {
        "received": change_of(figures.received.kopecks, figures.received_before.kopecks, more_is="up"),
        "expected": _expected_delta(figures),
        "overdue": change_of(figures.overdue_kopecks, figures.overdue_before_kopecks, more_is="down"),
        "autopay": points_of(figures.received.autopay_percent, figures.received_before.autopay_percent),
    }


def _upcoming(figures: Figures) -> Upcoming | None:
    days = figures.expected
    return Upcoming(days[:_UPCOMING], sum(item.kopecks for item in days), days[-1].day) if days else None


def _expected_delta(figures: Figures) -> Delta:
    if figures.expected_kopecks or not figures.expected:
        return change_of(figures.expected_kopecks, figures.expected_before_kopecks)
    return Delta("", "", "flat", _("следующий платёж %(day)s") % {"day": day_and_month(figures.expected[0].day)})


def _chart(period: DeskPeriod, made: dict[date, int], figures: Figures) -> BarChart:
    planned = {item.day: item for item in figures.expected}
    days = (period.chart_last_on - period.chart_first_on).days + 1
    amounts = [
        planned.get(day, DayAmount(day, 0, planned=True))
        if day > period.today
        else DayAmount(day, made.get(day, 0), to_come=planned[day].kopecks if day in planned else 0)
        for day in (period.chart_first_on + offset * _ONE_DAY for offset in range(days))
    ]
    # A month is named by its name, a week by its days.
    whole = Span(period.chart_first_on, period.chart_last_on, period.current.until)
    name = _dates(whole) if period.key == "week" else month_text(period.today).lower()
    title = _("Поступления по дням, %(name)s") % {"name": name}
    return bar_chart("receipts", title, amounts, today=period.today)


def _finding(period: DeskPeriod, figures: Figures) -> str:
    if not figures.expected:
        return _("В ближайший месяц по графику ничего не ждём.")
    if not figures.expected_kopecks:
        first = figures.expected[0]
        words = {"day": day_and_month(first.day), "sum": money(first.kopecks)}
        return _("В этом месяце по графику больше ничего не ждём. Следующее %(day)s: %(sum)s.") % words
    words = {"sum": money(figures.expected_kopecks), "day": day_and_month(period.month_ends_on)}
    return _("До %(day)s по графику ещё %(sum)s.") % words
