"""A figure beside the one before it: how much more or less, and whether that is good."""

from __future__ import annotations

from dataclasses import dataclass

from babel.numbers import format_decimal

from portal.web.kit.filters import NBSP, number
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import language, ngettext

_TENFOLD = 1000.0


@dataclass(frozen=True, slots=True)
class Delta:
    """As `kit.kpi` draws it: the change, the arrow (up, down or none), the tone and the words after it."""

    change: str
    trend: str
    tone: str
    note: str


def change_of(now: int, before: int, *, more_is: str = "flat") -> Delta:
    """The change of a sum in percent. `more_is`: up if more is good, down if it is bad, flat if it is neither."""
    if before == 0:
        return Delta("", "", "flat", _("раньше не было") if now else _("как и раньше"))
    percent = 100 * (now - before) / before
    if percent > _TENFOLD:
        times = round(now / before)
        text = ngettext("в %(num)s раз", "в %(num)s раз", times) % {"num": number(times)}
        return Delta(text, "up", _tone(1, more_is), _("больше"))
    return _delta(percent, f"{_decimal(abs(percent))}{NBSP}%", more_is)


def points_of(now: int, before: int, *, more_is: str = "up") -> Delta:
    """The change of a share, in percentage points."""
    return _delta(now - before, f"{abs(now - before)}{NBSP}{_('п. п.')}", more_is)


def _delta(change: float, text: str, more_is: str) -> Delta:
    if round(change, 1) == 0:
        return Delta("", "", "flat", _("как и раньше"))
    more = change > 0
    return Delta(text, "up" if more else "down", _tone(change, more_is), _("больше") if more else _("меньше"))


def _tone(change: float, more_is: str) -> str:
    if more_is == "flat":
        return "flat"
    return "up" if (change > 0) == (more_is == "up") else "down"


def _decimal(value: float) -> str:
    return format_decimal(round(value, 1), "#,##0.#", locale=language())
