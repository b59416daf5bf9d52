"""How soon to ask again: growing pauses in business time, as YooKassa advises for pending and unknown outcomes."""

from __future__ import annotations

from datetime import datetime, timedelta

_MINUTES = (1, 1, 2, 3, 5, 8, 13, 21, 34, 55)


def next_check(now: datetime, *, checks: int) -> datetime:
    """When to look at a payment again after `checks` looks; the pauses grow to 55 minutes and stay there."""
    return now + timedelta(minutes=_MINUTES[min(checks, len(_MINUTES) - 1)])
