"""Values of fields: from what clients write to what the portal keeps and shows."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from sandbox.bitrix24.errors import CrmError, bad_value
from sandbox.bitrix24.fields import Field
from sandbox.bitrix24.instants import read_date, read_datetime

_INTEGER = re.compile(r"\s*([+-]?\d+)")
_MONEY = re.compile(r"-?\d+(?:\.\d+)?(?:\|[A-Z]{3})?")
_YES, _NO = ("Y", "1", "true"), ("N", "0", "false", "")


def read_value(field: Field, value: Any) -> Any:
    """What a record keeps of a value; None, or an empty list, for nothing.

    Raises:
        CrmError: 400, the field takes no such value.
    """
    if not field.multiple:
        return _one(field, value)
    if value in (None, "", False):
        return []
    if not isinstance(value, list | dict):
        got = {str: "string", int: "integer", float: "double", bool: "boolean"}.get(type(value), "object")
        raise CrmError(400, "100", f"Expected iterable value for multiple field, but got {got} instead")
    several = value.values() if isinstance(value, dict) else value
    return [kept for item in several if (kept := _one(field, item)) is not None]


def number(value: float) -> float | int:
    """A number as JSON shows it: 300, not 300.0."""
    return int(value) if value == int(value) else value


def as_integer(value: Any) -> int:
    """The whole number that a value begins with, 0 if with none."""
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else 0
    match = _INTEGER.match(value) if isinstance(value, str) else None
    return int(match[1]) if match else 0


def _one(field: Field, value: Any) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, list | dict):
        raise bad_value(field.name)
    read: Callable[[Any], Any] = _READERS.get(field.type, as_integer)
    try:
        return read(value)
    except (ValueError, OverflowError):
        raise bad_value(field.name) from None


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "1" if value else None
    return str(number(value) if isinstance(value, float) else value)


def _boolean(value: Any) -> str:
    if value is True or str(value) in _YES:
        return "Y"
    if value is False or str(value) in _NO:
        return "N"
    return "Y"


def _double(value: Any) -> float | int:
    found = float(value)
    if not math.isfinite(found):
        raise ValueError(value)
    return number(found)


def _date(value: Any) -> str:
    return read_date(str(value))


def _datetime(value: Any) -> str:
    return read_datetime(str(value))


def _money(value: Any) -> str:
    if not _MONEY.fullmatch(str(value)):
        raise ValueError(value)
    return str(value) if "|" in str(value) else f"{value}|RUB"


_READERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("string", "text", "url", "crm_status", "crm_currency", "location", "file"), _text),
    "boolean": _boolean,
    "double": _double,
    "date": _date,
    "datetime": _datetime,
    "money": _money,
}
