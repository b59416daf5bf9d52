"""Overdue debts by age as one bar: geometry of the segments, names and a finding in words."""

from __future__ import annotations

from dataclasses import dataclass

from portal.web.kit.filters import number
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import ngettext
from portal.web.staff.queries.debts import AGES, DebtAges

_GAP = 0.6
_OF_A_MONTH = 2  # how many of the ages are younger than a month


@dataclass(frozen=True, slots=True)
class Segment:
    """One age: its place in a bar of 100, its sum in kopecks."""

    name: str
    kopecks: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class DebtBar:
    """The bar and what it shows."""

    segments: tuple[Segment, ...]
    kopecks: int
    finding: str


def debt_bar(found: DebtAges) -> DebtBar | None:
    """The bar; None when nobody owes anything."""
    total = sum(found.kopecks)
    if not total:
        return None
    segments, x = [], 0.0
    for (first, last), kopecks in zip(AGES, found.kopecks, strict=True):
        width = 100 * kopecks / total
        segments.append(Segment(_name(first, last), kopecks, round(x, 2), round(max(width - _GAP, 0), 2)))
        x += width
    count = ngettext("%(num)s счёт", "%(num)s счетов", found.debts) % {"num": number(found.debts)}
    young = round(100 * sum(found.kopecks[:_OF_A_MONTH]) / total)
    finding = _("%(count)s, моложе месяца %(percent)s\u00a0%% суммы") % {"count": count, "percent": young}
    return DebtBar(tuple(segments), total, finding)


def _name(first: int, last: int) -> str:
    if last == AGES[-1][1]:
        return _("Больше %(days)s дней") % {"days": first - 1}
    return _("%(first)s–%(last)s дней") % {"first": first, "last": last}
