"""Instants as integer milliseconds since the Unix epoch, and their written forms."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

BUSINESS_ZONE = ZoneInfo("Europe/Moscow")

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def real_now() -> int:
    """The machine's own clock, in milliseconds."""
    return time.time_ns() // 1_000_000


def from_datetime(moment: datetime) -> int:
    """Milliseconds of an aware datetime, without passing through a float."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def to_datetime(instant: int) -> datetime:
    """Aware UTC datetime of an instant."""
    return _EPOCH + timedelta(milliseconds=instant)


def in_business_zone(instant: int) -> datetime:
    """The same instant on the business's wall clock."""
    return to_datetime(instant).astimezone(BUSINESS_ZONE)


def iso(instant: int) -> str:
    """As the gateway writes it: `2026-07-18T10:51:18.139Z`."""
    return to_datetime(instant).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_iso(text: str) -> int:
    """An instant from an ISO 8601 datetime; one without an offset is taken as UTC.

    Raises:
        ValueError: the text is no datetime.
    """
    moment = datetime.fromisoformat(text)
    return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
