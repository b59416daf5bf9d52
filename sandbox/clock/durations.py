"""What a person or a script may write to name a moment: `P1M`, `2027-01-31`, a datetime."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sandbox.moments import BUSINESS_ZONE, from_datetime, in_business_zone

_ISO_DURATION = re.compile(
    r"P(?=.)(?:(?P<years>\d{1,3})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,6})M)?(?:(?P<seconds>\d{1,8})S)?)?"
)


@dataclass(frozen=True)
class Duration:
    """Calendar months and exact time, as in ISO 8601."""

    months: int
    exact: timedelta


def parse_duration(text: str) -> Duration:
    """Read an ISO 8601 duration such as `P1M`, `P3D`, `P1Y2M`, `PT36H`.

    Raises:
        ValueError: the text is no such duration, or a duration of nothing.
    """
    match = _ISO_DURATION.fullmatch(text.strip().upper())
    if match is None:
        raise ValueError(f"not an ISO 8601 duration: {text!r} (examples: P1D, P1M, PT6H)")
    part = {name: int(value or 0) for name, value in match.groupdict().items()}
    months = part.pop("years") * 12 + part.pop("months")
    duration = Duration(months, timedelta(**part))
    if not (months or duration.exact):
        raise ValueError(f"a duration of nothing: {text!r}")
    return duration


def add(instant: int, duration: Duration) -> int:
    """The instant that much later on the business's wall clock: 30 January + P1M is 28 February, same hour."""
    local = in_business_zone(instant)
    year, month0 = divmod(local.year * 12 + local.month - 1 + duration.months, 12)
    day = min(local.day, calendar.monthrange(year, month0 + 1)[1])
    moved = local.replace(year=year, month=month0 + 1, day=day)
    return from_datetime(moved) + duration.exact // timedelta(milliseconds=1)


def parse_moment(text: str) -> int:
    """A date (its midnight in the business zone) or a datetime (business zone unless it has an offset).

    Raises:
        ValueError: neither.
    """
    text = text.strip()
    if len(text) <= len("2027-01-31"):
        return from_datetime(datetime.combine(date.fromisoformat(text), time(), BUSINESS_ZONE))
    moment = datetime.fromisoformat(text)
    return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=BUSINESS_ZONE))
