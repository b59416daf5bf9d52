"""The share of charges that succeed, as a line over twelve weeks, and what it shows in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from portal.web.kit.charts import LineChart, Share, line_chart
from portal.web.kit.filters import percent_text
from portal.web.kit.i18n import gettext as _
from portal.web.staff.queries.successes import WeekOfCharges
from portal.web.staff.receipts import dates_text

_SIX_DAYS = timedelta(days=6)


def success_chart(weeks: Sequence[WeekOfCharges]) -> tuple[LineChart, str] | None:
    """The line and its finding; None when nothing was charged in all these weeks."""
    decided, succeeded = sum(week.decided for week in weeks), sum(week.succeeded for week in weeks)
    if not decided:
        return None
    shares = [
        Share(
            str(week.monday.isocalendar().week),
            dates_text(week.monday, week.monday + _SIX_DAYS),
            week.succeeded,
            week.decided,
        )
        for week in weeks
    ]
    whole = {"all": percent_text(100 * succeeded / decided)}
    latest = shares[-1].percent
    if latest is None:
        finding = _("На этой неделе списаний ещё не было, за 12 недель прошло %(all)s") % whole
    else:
        finding = _("%(now)s на этой неделе, %(all)s за 12 недель") % {"now": percent_text(latest), **whole}
    return line_chart("successes", _("Успешные списания"), shares), finding
