"""Instants and dates as the portal writes them: in its own time zone, to the second.

The zone has one offset all year, so that texts of this form sort as the instants do.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from sandbox.moments import to_datetime

ZONE = timezone(timedelta(hours=3))
_MIDNIGHT = "T03:00:00+03:00"
# By the number of colons in it.
_BY_HAND = ("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S")


def written(instant: int) -> str:
    """`2026-11-21T18:26:05+03:00`, from milliseconds."""
    return to_datetime(instant).astimezone(ZONE).isoformat(timespec="seconds")


def read_datetime(text: str) -> str:
    """A moment written in another way, as the portal writes it; without an offset it is the portal's own time.

    Raises:
        ValueError: no moment.
    """
    moment = _read(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).astimezone(ZONE).isoformat(timespec="seconds")


def read_date(text: str) -> str:
    """A date as the portal writes it: the midnight of UTC in its own zone.

    Raises:
        ValueError: no date.
    """
    moment = _read(text)
    day = (moment.astimezone(ZONE) if moment.tzinfo else moment).date()
    return written_date(day)


def written_date(day: date) -> str:
    """`2026-11-21T03:00:00+03:00`."""
    return day.isoformat() + _MIDNIGHT


def instant_of(text: str) -> int:
    """Milliseconds of a moment that the portal wrote."""
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * 1000


def _read(text: str) -> datetime:
    text = text.strip()
    if "." not in text[:3]:
        return datetime.fromisoformat(text)
    form = _BY_HAND[min(text.count(":"), len(_BY_HAND) - 1)]
    return datetime.strptime(text, form)  # noqa: DTZ007 - the caller gives the zone
