"""Dates as «01.12.2026» or «2026-12-01»."""

from __future__ import annotations

import re
from datetime import date

from portal.imports.problems import BadCell

_RUSSIAN = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?: 0?0:00(?::00)?)?")
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?:[T ]00:00(?::00)?)?")
_SHORT_YEAR = re.compile(r"\d{1,2}\.\d{1,2}\.\d{2}")
_SLASHES = re.compile(r"\d{1,4}/\d{1,2}/\d{1,4}")
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?")


def civil_date(text: str) -> date:
    """The date written there; a midnight that a spreadsheet appended does no harm.

    Raises:
        BadCell: no such day, or not in one of the two forms.
    """
    match = _RUSSIAN.fullmatch(text) or _ISO.fullmatch(text)
    if match is None:
        raise BadCell(_reason(text))
    try:
        return date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError as error:
        raise BadCell("такого дня нет в календаре") from error


def _reason(text: str) -> str:
    if _SHORT_YEAR.fullmatch(text):
        return "год двумя цифрами: запишите его полностью"
    if _SLASHES.fullmatch(text):
        return "непонятно, где день, а где месяц: запишите ДД.ММ.ГГГГ"
    if _SERIAL.fullmatch(text):
        return "Excel превратил дату в число: задайте столбцу формат даты и сохраните заново"
    return "это не дата: нужен вид ДД.ММ.ГГГГ или ГГГГ-ММ-ДД"
