"""Amounts: a string with at most two decimals outside, integer kopecks inside."""

from __future__ import annotations

import re
from typing import Any

from sandbox.yookassa.errors import invalid

CURRENCIES = frozenset({"RUB", "EUR", "USD", "KZT", "BYN", "UAH", "UZS", "TRY", "INR", "MDL", "AZN", "AMD"})
CARD_LIMIT_KOPECKS = 350_000_00
_VALUE = re.compile(r"(\d{1,12})(?:\.(\d{1,2}))?")
_FEE_PERCENT_TENTHS = 35


def amount(kopecks: int, currency: str) -> dict[str, str]:
    """As the API writes it: `{"value": "300.00", "currency": "RUB"}`."""
    return {"value": f"{kopecks // 100}.{kopecks % 100:02d}", "currency": currency}


def income(kopecks: int) -> int:
    """What is left to the shop after the fee, in kopecks."""
    return kopecks - (kopecks * _FEE_PERCENT_TENTHS + 999) // 1000


def read_amount(value: Any, parameter: str = "amount", least: int = 100, most: int | None = None) -> tuple[int, str]:
    """Kopecks and currency of an amount in a request.

    Raises:
        ApiError: 400 with the parameter at fault.
    """
    if not isinstance(value, dict):
        raise invalid("Amount is missing or illegal", parameter)
    currency = value.get("currency")
    if currency not in CURRENCIES:
        raise invalid("Currency code is illegal", f"{parameter}.currency")
    text = value.get("value")
    match = _VALUE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise invalid("Payment amount is illegal", f"{parameter}.value")
    kopecks = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
    if kopecks < least or (most is not None and kopecks > most):
        raise invalid("Payment amount is illegal", f"{parameter}.value")
    return kopecks, currency
