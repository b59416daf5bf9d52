"""Playing time through: from one instant that something waits for to the next, never past anything.

The product's scheduler follows: it reports when it is at rest and learns the new shift from the answer. Without a
follower the sandbox plays its own instants alone.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sandbox.bitrix24.delivering import due_events, next_event
from sandbox.moments import SECOND, iso
from sandbox.world import World
from sandbox.yookassa.delivering import due, next_delivery
from sandbox.yookassa.settling import next_due, settle_due


@dataclass(frozen=True)
class Patience:
    """Real seconds until nobody is taken to follow, the follower to be silent, the rest never to come."""

    alone_s: float = 5.0
    silent_s: float = 30.0
    restless_s: float = 240.0


@dataclass(frozen=True)
class Report:
    """What the product says of itself: `next_instant` is what it waits for, `waiting` what keeps it from rest."""

    rest: bool
    next_instant: int | None
    seen_shift_ms: int
    waiting: tuple[str, ...] = ()


class Player:
    """Moves the clock while there is a target, and notices when it gets no further."""

    def __init__(self, world: World, patience: Patience = Patience()) -> None:
        self._world = world
        self._patience = patience
        self._heard_at: float | None = None
        self._report: Report | None = None
        self._aimed_at = self._rested_at = time.monotonic()
        self.alone = False

    def aim(self, target: int) -> None:
        """Begin to play to a target.

        Raises:
            ClockRefusalError: behind, or one is being played to.
        """
        self._world.clock.aim(target)
        self._aimed_at = self._rested_at = time.monotonic()
        self._report, self.alone = None, False

    def hear(self, report: Report) -> None:
        """The product's turn: move on if everything is at rest under the shift that the product has seen."""
        self._heard_at, self._report, self.alone = time.monotonic(), report, False
        if self._world.clock.target is None or not report.rest:
            return
        if report.seen_shift_ms == self._world.clock.shift_ms:
            self._go_on(report.next_instant)

    def watch(self) -> None:
        """Called several times a second: play alone where nobody follows, give up where nothing moves."""
        if self._world.clock.target is None:
            return
        now = time.monotonic()
        if self._heard_at is None:
            self.alone = now - self._aimed_at > self._patience.alone_s
            if self.alone:
                self._go_on(None)
        elif now - max(self._heard_at, self._aimed_at) > self._patience.silent_s:
            self._give_up(f"планировщик молчит больше {self._patience.silent_s:.0f} секунд")
            return
        if now - self._rested_at > self._patience.restless_s:
            self._give_up(f"за {self._patience.restless_s:.0f} секунд ничего не успокоилось")

    def view(self) -> dict[str, Any]:
        """The clock as JSON."""
        clock = self._world.clock
        return {
            "now": iso(clock.now()),
            "shift_s": self._world.shift_s(),
            "target": clock.target and iso(clock.target),
            "playing": clock.target is not None,
            "state": clock.state(),
            "progress": self.progress(),
            "stops": clock.stops,
            "next": self._next(),
            "alone": self.alone,
            "waiting": clock.stuck if clock.stuck is not None else self._waiting() if clock.target else [],
        }

    def progress(self) -> int:
        """Per cent of the way from where playing began to the target; 100 when not playing."""
        clock = self._world.clock
        if clock.target is None or clock.origin is None or clock.target <= clock.origin:
            return 100
        return max(0, min(99, (clock.now() - clock.origin) * 100 // (clock.target - clock.origin)))

    def _go_on(self, product_next: int | None) -> None:
        world = self._world
        with world.store.transaction():
            if settle_due(world) or world.in_flight or due(world, 1) or due_events(world, 1):
                return
            self._rested_at = time.monotonic()
            if world.clock.reached():
                world.clock.arrive()
                return
            instants = [instant for instant in (product_next, own_next(world)) if instant is not None]
            world.clock.step_to(min(instants, default=None))
            settle_due(world)
        world.work.set()

    def _give_up(self, why: str) -> None:
        with self._world.store.transaction():
            self._world.clock.give_up([why, *self._waiting()])

    def _waiting(self) -> list[str]:
        ours = [
            f"уведомление {row['event']} → {row['url']}, попыток: {row['attempts']}" for row in due(self._world, 10)
        ]
        events = [f"событие {row['event']} → {row['url']}" for row in due_events(self._world, 10)]
        theirs = self._report.waiting if self._report and not self._report.rest else ()
        return [*theirs, *ours, *events]

    def _next(self) -> str | None:
        theirs = self._report.next_instant if self._report else None
        instants = [instant for instant in (theirs, own_next(self._world)) if instant is not None]
        return iso(min(instants)) if instants else None


def own_next(world: World) -> int | None:
    """The nearest instant ahead at which the sandbox itself does something."""
    instants = (next_due(world), next_delivery(world), next_event(world))
    return min((instant for instant in instants if instant is not None), default=None)


def seconds_to_shift(seconds: float) -> int:
    """A reported shift in milliseconds."""
    return round(seconds * SECOND)
