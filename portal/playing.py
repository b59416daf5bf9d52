"""The follower of the sandbox's clock: says when the product is at rest, and moves our copy of the shift.

Only demo and tests have it. The sandbox owns the shift and the target; PostgreSQL is asked whether anything is due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import httpx
from sqlalchemy import select

from kernel import log
from kernel.clock import VirtualClock, business_now, next_instant, set_shift
from kernel.db import begin, read
from portal.wiring import WAITS

_log = log.get(__name__)
_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Rest:
    """Whether nothing is due, and what is waited for next."""

    at_rest: bool
    next_at: str | None
    waiting: tuple[str, ...]
    shift_s: float


class Follower:
    """Reports to the sandbox after each pass and takes its answer over."""

    def __init__(self, clock_url: str) -> None:
        self._client = httpx.Client(base_url=clock_url, timeout=_TIMEOUT_S, trust_env=False)
        self._away = False
        self.playing = False

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def step(self, *, found: int) -> None:
        """Report after a pass that found `found` things to do, and follow the sandbox's shift."""
        self.report(look(found=found))

    def report(self, rest: Rest) -> None:
        """Tell the sandbox how we stand, and take its shift over."""
        try:
            answer = self._client.post(
                "/control/clock/step",
                json={
                    "rest": rest.at_rest,
                    "next": rest.next_at,
                    "waiting": list(rest.waiting),
                    "seen_shift_s": rest.shift_s,
                },
            )
            answer.raise_for_status()
            told = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            self._note_away(error)
            return
        self._away = False
        self.playing = bool(told["playing"])
        if told["shift_s"] != rest.shift_s:
            with begin() as session:
                set_shift(session, timedelta(seconds=told["shift_s"]))

    def _note_away(self, error: Exception) -> None:
        if not self._away:
            _log.warning("clock.owner_away", error=type(error).__name__)
        self._away, self.playing = True, False


def look(*, found: int) -> Rest:
    """How the product stands: at rest when the pass found nothing and no row's instant has come."""
    with read() as session:
        now = business_now(session)
        shift = session.execute(select(VirtualClock.shift)).scalar_one_or_none() or timedelta(0)
        first = next_instant(session, WAITS)
    due = first is not None and first[0] <= now
    waiting = (first[1],) if first and due else ()
    next_at = first[0].isoformat() if first and not due else None
    return Rest(not found and not due, next_at, waiting, shift.total_seconds())
