"""The follower of the sandbox's clock: says when the product is at rest, and moves our copy of the shift.

Only demo and tests have it. The sandbox owns the shift and the target; PostgreSQL is asked whether anything is due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import httpx
from sqlalchemy import func, select

from kernel import log
from kernel.clock import VirtualClock, Wait, instants, set_shift
from kernel.db import begin, read

_log = log.get(__name__)
_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Rest:
    """The names of the waits that are due now, and the next instant that any row waits for.

    A chore that is due is among `chores`: time may pass over it.
    """

    due: frozenset[str]
    chores: frozenset[str]
    next_at: str | None
    shift_s: float


class Follower:
    """Reports to the sandbox and takes its answer over."""

    def __init__(self, clock_url: str) -> None:
        self._client = httpx.Client(base_url=clock_url, timeout=_TIMEOUT_S, trust_env=False)
        self._away = False
        self.playing = False

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def report(self, rest: Rest) -> None:
        """Tell the sandbox how we stand, and take its shift over."""
        try:
            answer = self._client.post(
                "/control/clock/step",
                json={
                    "rest": not rest.due,
                    "next": rest.next_at,
                    "waiting": sorted(rest.due),
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


def look(waits: tuple[Wait, ...]) -> Rest:
    """How the product stands: it is at rest when no row's instant in these waits has come."""
    with read() as session:
        now, shift = session.execute(select(func.business_now(), select(VirtualClock.shift).scalar_subquery())).one()
        found = instants(session, waits)
    all_chores = {wait.name for wait in waits if wait.chore}
    due = frozenset(name for name, at in found.items() if at <= now)
    ahead = [at for name, at in found.items() if name not in due | all_chores]
    return Rest(
        due - all_chores,
        due & all_chores,
        min(ahead).isoformat() if ahead else None,
        shift.total_seconds() if shift else 0.0,
    )
