"""When and how often money is taken, in words."""

from __future__ import annotations

from datetime import date, timedelta

from payments.contracts.periods import Period
from portal.notifications.period_words import period_words
from portal.web.kit.filters import day_and_month
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import lazy_gettext, ngettext

# The first day that some month lacks.
_MISSING_SOMEWHERE = 29
_HOURS_A_DAY = 24
_ON_WEEKDAYS = (
    lazy_gettext("по понедельникам"),
    lazy_gettext("по вторникам"),
    lazy_gettext("по средам"),
    lazy_gettext("по четвергам"),
    lazy_gettext("по пятницам"),
    lazy_gettext("по субботам"),
    lazy_gettext("по воскресеньям"),
)


def rhythm(period: Period, anchor_on: date) -> str:
    """«каждый месяц, 5-го числа»: how often, and on which day, counted from the anchor."""
    words = period_words(period.unit, period.count)
    if period.unit == "day":
        return words
    if period.unit == "week":
        return f"{words}, {_ON_WEEKDAYS[anchor_on.weekday()]}"
    if period.unit == "year":
        return f"{words}, {day_and_month(anchor_on)}"
    return f"{words}, {_day_of_month(anchor_on.day)}"


def notice_words(notice: timedelta) -> str:
    """«3 дня», «36 часов»: how long before a charge its letter leaves."""
    hours = int(notice.total_seconds()) // 3600
    if hours % _HOURS_A_DAY:
        return ngettext("%(num)s час", "%(num)s часа", hours) % {"num": hours}
    days = hours // _HOURS_A_DAY
    return ngettext("%(num)s день", "%(num)s дня", days) % {"num": days}


def in_days(day: date, today: date) -> str:
    """«сегодня», «завтра», «через 14 дней»; for a past day how late it is."""
    left = (day - today).days
    if left == 0:
        return _("сегодня")
    if left == 1:
        return _("завтра")
    if left < 0:
        return ngettext("%(num)s день назад", "%(num)s дня назад", -left) % {"num": -left}
    return ngettext("через %(num)s день", "через %(num)s дня", left) % {"num": left}


def _day_of_month(day: int) -> str:
    words = _("%(day)s-го числа") % {"day": day}
    if day < _MISSING_SOMEWHERE:
        return words
    return _("%(day)s (в коротком месяце в последний день)") % {"day": words}
