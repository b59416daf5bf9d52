"""Where a page of a list goes on, in the types that its query compares. A cursor that is not ours begins the list."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from fastapi import Request

from portal.web.kit.paging import Key, read_cursor

_BIGGEST = 2**63 - 1


def after_id(request: Request) -> UUID | None:
    """The id of the last row shown."""
    key = _key(request, 1)
    return _uuid(key[0]) if key else None


def after_number(request: Request) -> int | None:
    """The number of the last row shown."""
    key = _key(request, 1)
    return _number(key[0]) if key else None


def after_name(request: Request) -> tuple[str, UUID] | None:
    """The name and id of the last row shown."""
    key = _key(request, 2)
    last = _uuid(key[1]) if key else None
    return (key[0], last) if key and last and "\0" not in key[0] else None


def after_moment(request: Request) -> tuple[datetime, str] | None:
    """The instant and reference of the last event shown."""
    key = _key(request, 2)
    if key is None or "\0" in key[1]:
        return None
    try:
        at = datetime.fromisoformat(key[0])
    except ValueError:
        return None
    return (at, key[1]) if at.tzinfo else None


def after_day(request: Request) -> tuple[date, UUID] | None:
    """The date and id of the last row shown."""
    key = _key(request, 2)
    last = _uuid(key[1]) if key else None
    try:
        return (date.fromisoformat(key[0]), last) if key and last else None
    except ValueError:
        return None


def moment_and_number(key: Key) -> tuple[datetime, int] | None:
    """Where a row stands in a list by time: its instant and number."""
    try:
        at, number = datetime.fromisoformat(key[0]), _number(key[1])
    except ValueError:
        return None
    return (at, number) if at.tzinfo and number is not None else None


def sum_and_number(key: Key) -> tuple[int, int] | None:
    """Where a row stands in a list by sum: its kopecks and number."""
    kopecks, number = _number(key[0]), _number(key[1])
    return (kopecks, number) if kopecks is not None and number is not None else None


def _key(request: Request, parts: int) -> Key | None:
    return read_cursor(request.query_params.get("after"), parts=parts)


def _number(text: str) -> int | None:
    known = text.isascii() and text.isdigit() and int(text) <= _BIGGEST
    return int(text) if known else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
