"""How soon to ask the gateway again, and how long one message may go on asking.

The pauses are business time and grow, as YooKassa advises for pending and unknown outcomes; the budget is real time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func

_MINUTES = (1, 1, 2, 3, 5, 8, 13, 21, 34, 55)
# So many looks fill the first day; who knows no more by then is asked once a day.
_LOOKS_OF_THE_FIRST_DAY = 34
_DAY = timedelta(days=1)
# A hint is trusted for this long (real time) before the row is hinted at again.
HINT_LIFE = func.clock_timestamp() + timedelta(seconds=30)
# A message of look-ups by id is small and short: a gateway that takes 40 s for each answer holds a thread a minute and
# a half.
PART = 10
_BUDGET_S = 30.0
# So many rows at most wait in Redis for their look: what a slow gateway keeps waiting must not pile up there.
HINTED_AT_ONCE = 100


def next_check(now: datetime, *, checks: int) -> datetime:
    """When to look again after `checks` looks: the pauses grow to 55 minutes and, after a day of them, to a day."""
    if checks >= _LOOKS_OF_THE_FIRST_DAY:
        return now + _DAY
    return now + timedelta(minutes=_MINUTES[min(checks, len(_MINUTES) - 1)])


def in_time(ids: Sequence[str]) -> Iterator[UUID]:
    """These ids until half a minute of real time is used up; the rest stays due, and the sweep hints at it again."""
    stop_at = time.monotonic() + _BUDGET_S
    for item in ids:
        if time.monotonic() > stop_at:
            return
        yield UUID(item)
