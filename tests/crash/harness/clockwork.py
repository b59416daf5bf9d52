"""How time goes in a run: as on the wall, or faster in a short one, while charges fall due, then a day in strides, then to rest."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg

from crm_sync.part import CRM
from kernel.clock import business_now
from kernel.db import begin, is_away
from portal.demo.engines import plain
from portal.playing import Rest, look
from portal.wiring import Wiring
from tests.crash.harness.outside import Outside

# In a short run every five seconds ten more pass: its charges could not be asked about again otherwise.
_TICK_S, _SKIP_S = 5.0, 10.0
_SAMPLE_S = 0.25
# Beyond this nothing belongs to the run: the next period's charges are announced.
HORIZON = timedelta(days=20)
_REST_LOOK_S = 0.25
_GRAIN = timedelta(minutes=30)
_MIRROR = frozenset(wait.name for duty in CRM.duties for wait in duty.waits)


@dataclass
class Clockwork:
    """Skips a little at each tick where that is asked for, and notes what the product's own clock says meanwhile (for the barrier's check)."""

    outside: Outside
    database_url: str
    skips: bool
    shifts: list[tuple[float, float]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _ticks: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Let time run."""
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._tick, self._sample)]
        for thread in self._threads:
            thread.start()

    def hold(self) -> None:
        """From now on time only flows, or is moved by others."""
        self._ticks.set()

    def stop(self) -> None:
        """End."""
        self._ticks.set()
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _tick(self) -> None:
        while self.skips and not self._ticks.wait(_TICK_S):
            self.outside.jump(_SKIP_S)

    def _sample(self) -> None:
        while not self._stop.wait(_SAMPLE_S):
            try:
                with psycopg.connect(plain(self.database_url), autocommit=True, connect_timeout=2) as connection:
                    while not self._stop.wait(_SAMPLE_S):
                        row = connection.execute("SELECT extract(epoch FROM shift) FROM virtual_clock").fetchone()
                        if row and (not self.shifts or self.shifts[-1][1] != float(row[0])):
                            self.shifts.append((time.time(), float(row[0])))
            except psycopg.OperationalError:
                continue


class NeverRestsError(AssertionError):
    """Something did not come to its end in time; the text says what still waits."""


@dataclass
class Patience:
    """How long (seconds, real) the house may take to its rest, and the mirror by itself after it; and how long they did.

    A CRM takes so many objects a second and no more: what it is behind after a long attack it works off at its own pace.
    """

    house_s: float
    mirror_s: float
    house_took_s: float = 0.0
    mirror_took_s: float = 0.0
    _looked: float = field(default_factory=time.monotonic)

    def spend(self, rest: Rest | None, *, busy: bool) -> None:
        """Count the time since the last look.

        Raises:
            NeverRestsError: it is more than was given.
        """
        now = time.monotonic()
        if rest is not None and rest.due and rest.due <= _MIRROR and not busy:
            self.mirror_took_s += now - self._looked
        else:
            self.house_took_s += now - self._looked
        self._looked = now
        if self.house_took_s > self.house_s or self.mirror_took_s > self.mirror_s:
            due = sorted(rest.due) if rest else ["the database"]
            raise NeverRestsError(f"still due: {', '.join(due)}; notifications under way: {busy}")


def come_to_rest(outside: Outside, wiring: Wiring, patience: Patience) -> int:
    """Move from one awaited instant to the next until nothing within the horizon waits any more; how many stops.

    Raises:
        NeverRestsError: the patience was over and something was still due.
    """
    with begin() as session:
        horizon = business_now(session) + HORIZON
    stops = 0
    while True:
        rest, state = _at_rest(outside, wiring, patience)
        ahead = [datetime.fromisoformat(at) for at in (rest.next_at, state["next_instant"]) if at]
        if not ahead or min(ahead) > horizon:
            return stops
        now = datetime.fromisoformat(outside.ask("clock")["now"])
        outside.jump((max(min(ahead), now + _GRAIN) - now).total_seconds() + 1)
        stops += 1


def _at_rest(outside: Outside, wiring: Wiring, patience: Patience) -> tuple[Rest, dict[str, Any]]:
    seen = 0
    while True:
        rest = _look(wiring)
        state = outside.ask("state")
        busy = bool(state["deliveries_due"] or state["deliveries_in_flight"])
        same = rest is not None and abs(rest.shift_s - outside.ask("clock")["shift_s"]) < 1
        seen = seen + 1 if rest is not None and same and not rest.due and not busy else 0
        if rest is not None and seen > 1:
            return rest, state
        patience.spend(rest, busy=busy)
        time.sleep(_REST_LOOK_S)


def _look(wiring: Wiring) -> Rest | None:
    try:
        return look(wiring.waits)
    except Exception as error:
        if not is_away(error):
            raise
        return None
