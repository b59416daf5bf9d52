"""The dashboard: what came in, what is expected, what somebody must decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import get_args

from fastapi import Request
from starlette.responses import Response

from kernel import clock
from portal.notifications.outage import mail_is_away
from portal.web.kit.charts import DayAmount
from portal.web.kit.filters import day_and_month, time_text
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.i18n import gettext as _
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router
from portal.web.staff.ages import debt_bar
from portal.web.staff.deltas import Delta, change_of, points_of
from portal.web.staff.needs import needs_of
from portal.web.staff.periods import DeskPeriod, PeriodKey, desk_period
from portal.web.staff.queries.attention import read_attention
from portal.web.staff.queries.charger import read_charger
from portal.web.staff.queries.debts import debt_ages
from portal.web.staff.queries.figures import Figures, read_figures, receipts_by_day
from portal.web.staff.queries.happenings import last_happenings
from portal.web.staff.queries.successes import charges_by_week
from portal.web.staff.receipts import dates_text, finding_of, receipts_chart
from portal.web.staff.roles import LIMITS_DAYS, PAUSES_CHARGING, RESUMES_CHARGING, may
from portal.web.staff.successes import success_chart
from portal.web.staff.telling import tell_happening
from portal.web.staff.words import pause_name

router = Router()
_EVENTS = 8
_UPCOMING = 6


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
        "chart": receipts_chart(chosen, receipts_by_day(db, chosen), figures),
        "finding": finding_of(chosen, figures),
        "successes": success_chart(charges_by_week(db, chosen.today)),
        "needs": needs_of(read_attention(db, today=chosen.today, now=now)),
        "upcoming": _upcoming(figures),
        "ages": debt_bar(debt_ages(db, chosen.today)),
        "events": [tell_happening(item) for item in last_happenings(db, _EVENTS)],
        "charger": charger,
        "mail_is_away": mail_is_away(db),
        "pause": pause_name(charger.pause_reason) if charger else "",
        "may_pause": may(staff, PAUSES_CHARGING),
        "may_resume": may(staff, RESUMES_CHARGING),
        "may_limit": may(staff, LIMITS_DAYS),
    }
    return render(request, "pages/staff/desk.html", context)


def _known(period: str) -> PeriodKey:
    keys: tuple[PeriodKey, ...] = get_args(PeriodKey)
    return next((key for key in keys if key == period), "month")


def _compared(period: DeskPeriod) -> str:
    now, then = period.current, period.previous
    years = ("", "") if now.last_on.year == then.last_on.year else (f" {now.last_on.year}", f" {then.last_on.year}")
    words = {
        "now": dates_text(now.first_on, now.last_on) + years[0],
        "at": time_text(now.until),
        "then": dates_text(then.first_on, then.last_on) + years[1],
    }
    return _("%(now)s до %(at)s в сравнении с %(then)s до того же часа") % words


def _deltas(figures: Figures) -> dict[str, object]:
    return {
        "received": change_of(figures.received.kopecks, figures.received_before.kopecks, more_is="up"),
        "expected": _expected_delta(figures),
        "overdue": change_of(figures.overdue_kopecks, figures.overdue_before_kopecks, more_is="down"),
        "autopay": _autopay_delta(figures),
    }


def _autopay_delta(figures: Figures) -> Delta:
    # A share of no payments is none: nothing is more or less than it.
    if not figures.received.payments:
        return Delta("", "", "flat", _("платежей ещё нет"))
    if not figures.received_before.payments:
        return Delta("", "", "flat", _("раньше не было"))
    return points_of(figures.received.autopay_percent, figures.received_before.autopay_percent)


def _upcoming(figures: Figures) -> Upcoming | None:
    days = figures.expected
    return Upcoming(days[:_UPCOMING], sum(item.kopecks for item in days), days[-1].day) if days else None


def _expected_delta(figures: Figures) -> Delta:
    if figures.expected_kopecks or not figures.expected:
        return change_of(figures.expected_kopecks, figures.expected_before_kopecks)
    return Delta("", "", "flat", _("следующий платёж %(day)s") % {"day": day_and_month(figures.expected[0].day)})
