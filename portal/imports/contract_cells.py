"""Cells that only contracts have: the number and the way the next due line appears."""

from __future__ import annotations

import re

from payments.contracts.models import BY_CALENDAR, ON_PAYMENT
from portal.imports.problems import BadCell

_LONGEST = 64
_OWN_NUMBER = re.compile(r"\d{4}-\d{4,}")
_WAYS = {
    ON_PAYMENT: ("по оплате", "после оплаты", "оплата", "on payment"),
    BY_CALENDAR: ("по календарю", "календарь", "по графику", "by calendar"),
}


def number(text: str) -> str:
    """A contract's number as the company writes it.

    Raises:
        BadCell: too long, or of the form that new contracts get by themselves and would sooner or later collide with.
    """
    if len(text) > _LONGEST:
        raise BadCell(f"длиннее {_LONGEST} знаков")
    if _OWN_NUMBER.fullmatch(text):
        raise BadCell("такие номера (год-номер) выдаёт сам кабинет: добавьте букву или оставьте пустым")
    return text


def advance(text: str) -> str:
    """How the next due line appears: after payment, or by the calendar whatever happens.

    Raises:
        BadCell: neither.
    """
    words = re.sub(r"[\W_]+", " ", text.casefold()).strip()
    for way, names in _WAYS.items():
        if words in names:
            return way
    raise BadCell("неизвестный способ: «по оплате» или «по календарю»")
