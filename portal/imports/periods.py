"""Periods in words: «месяц», «ежеквартально», «2 недели», «раз в год»."""

from __future__ import annotations

import re
from datetime import timedelta

from payments.contracts.periods import Period, Unit
from portal.imports.problems import BadCell

_NAMED: dict[str, Period] = {
    "ежедневно": Period("day"),
    "еженедельно": Period("week"),
    "ежемесячно": Period("month"),
    "ежеквартально": Period("month", 3),
    "ежегодно": Period("year"),
    "квартал": Period("month", 3),
    "полугодие": Period("month", 6),
    "полгода": Period("month", 6),
    "quarter": Period("month", 3),
    "daily": Period("day"),
    "weekly": Period("week"),
    "monthly": Period("month"),
    "quarterly": Period("month", 3),
    "yearly": Period("year"),
}
_UNITS: dict[Unit, str] = {
    "day": r"день|дня|дней|дн\.?|days?",
    "week": r"неделя|неделю|недели|недель|нед\.?|weeks?",
    "month": r"месяц|месяца|месяцев|мес\.?|months?",
    "year": r"год|года|лет|г\.?|years?",
}
_COUNTED = re.compile(r"(?:раз в |каждые |каждый |каждую )?(?:(?P<count>\d{1,4}) ?)?(?P<unit>[a-zа-я]+\.?)")
_LARGEST = 366
_LONGEST = timedelta(days=3650)


def period(text: str) -> Period:
    """The period that the words name.

    Raises:
        BadCell: not a period that we know, or one longer than ten years.
    """
    words = text.casefold().replace("ё", "е")
    match = _COUNTED.fullmatch(words)
    if match is None:
        raise BadCell(_UNKNOWN)
    if match["count"] is None and match["unit"] in _NAMED:
        return _NAMED[match["unit"]]
    count = int(match["count"] or 1)
    for unit, names in _UNITS.items():
        if re.fullmatch(names, match["unit"]):
            return _sensible(Period(unit, count))
    raise BadCell(_UNKNOWN)


def _sensible(every: Period) -> Period:
    if not 1 <= every.count <= _LARGEST or every.shortest > _LONGEST:
        raise BadCell(f"период — от одного дня до десяти лет, число — до {_LARGEST}")
    return every


def period_in_words(every: Period) -> str:
    """«раз в месяц», «раз в 2 месяца»."""
    one, few, many = _FORMS[every.unit]
    if every.count == 1:
        return f"раз в {one}"
    tens, units = divmod(every.count % 100, 10)
    form = many if tens == 1 or units not in {1, 2, 3, 4} else (one if units == 1 else few)
    return f"раз в {every.count} {form}"


_UNKNOWN = "непонятный период: день, неделя, месяц, квартал, год или, например, «2 месяца»"
_FORMS: dict[Unit, tuple[str, str, str]] = {
    "day": ("день", "дня", "дней"),
    "week": ("неделю", "недели", "недель"),
    "month": ("месяц", "месяца", "месяцев"),
    "year": ("год", "года", "лет"),
}
