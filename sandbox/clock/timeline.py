"""The clock's state: how far virtual time is ahead of real time, and where it is being played to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.database import Store
from sandbox.moments import MINUTE, SECOND, from_datetime, iso, real_now

GRAIN = 10 * MINUTE
_FURTHEST = from_datetime(datetime(2100, 1, 1, tzinfo=UTC))


class ClockRefusalError(Exception):
    """The clock was asked for something it does not do; `status` is the HTTP answer."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Timeline:
    """One shift for everybody. Only the shift is stored: time flows between steps by itself."""

    store: Store
    shift_ms: int = 0
    target: int | None = None
    origin: int | None = None
    stops: list[str] = field(default_factory=list)
    stuck: list[str] | None = None

    def __post_init__(self) -> None:
        """Take up what the file holds, so that a restart goes on where the last process stopped."""
        row = self.store.one("SELECT * FROM clock")
        if row is not None:
            self.shift_ms, self.target, self.origin = row["shift_ms"], row["target"], row["origin"]
            self.stops = json.loads(row["stops"])
            self.stuck = json.loads(row["stuck"]) if row["stuck"] else None

    def now(self) -> int:
        """The virtual instant."""
        return real_now() + self.shift_ms

    def aim(self, target: int) -> None:
        """Begin to play time up to a target.

        Raises:
            ClockRefusalError: the target lies behind, or another one is being played to.
        """
        self._refuse_while_playing()
        self._refuse_backwards_and_beyond(target)
        self.target, self.origin, self.stops, self.stuck = target, self.now(), [], None
        self._keep()

    def jump(self, moment: int) -> None:
        """Move at once, playing nothing through.

        Raises:
            ClockRefusalError: the moment lies behind, or time is being played.
        """
        self._refuse_while_playing()
        self._refuse_backwards_and_beyond(moment)
        self.stuck = None
        self._move(moment)

    def return_to_real_time(self) -> None:
        """End a history that began in the past: from now on virtual time is real time.

        Raises:
            ClockRefusalError: virtual time is already ahead.
        """
        self._refuse_while_playing()
        if self.shift_ms > 0:
            raise ClockRefusalError("virtual time is ahead of real time: the clock never goes backwards")
        self.shift_ms, self.stuck = 0, None
        self._keep()

    def begin_at(self, moment: int) -> None:
        """Put an unused clock anywhere, the past included (a demo's history starts a year back)."""
        self._refuse_while_playing()
        self._move(moment)

    def step_to(self, next_instant: int | None) -> None:
        """Go to the next instant that something waits for, rounded up to the grain, or to the target."""
        if self.target is None:
            return
        stop = self.target if next_instant is None else min(-(-next_instant // GRAIN) * GRAIN, self.target)
        if stop > self.now():
            self.stops.append(iso(stop))
            self._move(stop)

    def arrive(self) -> None:
        """The target is reached and everything is at rest."""
        self.target = None
        self._keep()

    def give_up(self, waiting: list[str]) -> None:
        """Stop here: something does not come to rest."""
        self.target, self.stuck = None, waiting
        self._keep()

    def restart(self) -> None:
        """Back to real time, as new."""
        self.shift_ms, self.target, self.origin, self.stops, self.stuck = 0, None, None, [], None
        self._keep()

    def reached(self) -> bool:
        """Whether the target is not ahead any more."""
        return self.target is not None and self.now() >= self.target

    def state(self) -> str:
        """`idle`, `playing` or `stuck`."""
        if self.target is not None:
            return "playing"
        return "idle" if self.stuck is None else "stuck"

    def _move(self, moment: int) -> None:
        self.shift_ms = moment - real_now()
        self._keep()

    def _keep(self) -> None:
        stuck = None if self.stuck is None else json.dumps(self.stuck, ensure_ascii=False)
        self.store.run(
            "INSERT OR REPLACE INTO clock (one, shift_ms, target, origin, stops, stuck) VALUES (1, ?, ?, ?, ?, ?)",
            self.shift_ms, self.target, self.origin, json.dumps(self.stops), stuck,
        )  # fmt: skip

    def _refuse_while_playing(self) -> None:
        if self.target is not None:
            raise ClockRefusalError(f"time is being played to {iso(self.target)}: wait for it", 409)

    def _refuse_backwards_and_beyond(self, moment: int) -> None:
        if moment > _FURTHEST:
            raise ClockRefusalError(f"the clock goes no further than {iso(_FURTHEST)}")
        if moment < self.now() - SECOND:
            raise ClockRefusalError(f"the clock never goes backwards: it is {iso(self.now())} already")
