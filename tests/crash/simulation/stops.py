"""Who has stopped which charges, and whether a charge that leaves now may leave."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

# How each stop is undone for charges that are written after it: by a new consent that was paid with, or by its opposite.
WITHDRAWN, UNLINKED, HELD, SUSPENDED = "withdrawn", "unlinked", "held", "suspended"
# All charges of all customers: the switch that staff have for the worst case.
EVERYTHING = "everything"
_BY_CONSENT = (WITHDRAWN, UNLINKED)


@dataclass
class Stop:
    """A stop that has committed at `step`. `known` are the charges there were; `named` those that its answer named."""

    kind: str
    step: int
    contracts: frozenset[str]
    known: frozenset[str]
    tokens: frozenset[str] = frozenset()
    named: frozenset[str] | None = None
    undone_at: int | None = None


@dataclass
class Stops:
    """All stops so far, when consents were given, and from when to when an employee had paused charging."""

    stops: list[Stop] = field(default_factory=list)
    consented: dict[str, int] = field(default_factory=dict)
    pauses: list[tuple[int, int | None]] = field(default_factory=list)

    def undo(self, kind: str, contract: str, step: int) -> None:
        """The opposite of stops of this kind has committed."""
        for stop in self.stops:
            if stop.kind == kind and contract in stop.contracts and stop.undone_at is None:
                stop.undone_at = step

    def pause(self, step: int) -> None:
        """An employee pauses all charges; once more changes nothing."""
        if not self.paused:
            self.pauses.append((step, None))

    def resume(self, step: int) -> None:
        """Charges go on."""
        self.pauses[-1] = self.pauses[-1][0], step

    @property
    def paused(self) -> bool:
        return bool(self.pauses) and self.pauses[-1][1] is None

    def objection(self, body: dict[str, Any], *, permitted: int, paid: Collection[dict[str, Any]]) -> str | None:
        """Why the charge with this body, permitted at that step, must not leave. `paid`: what has succeeded at the till."""
        own = body["metadata"]
        for begun, ended in self.pauses:
            if begun <= permitted and (ended is None or permitted < ended):
                return f"charge {own['payment_id']} was permitted while charging was paused"
        for stop in self.stops:
            if body["payment_method_id"] in stop.tokens and permitted > stop.step:
                return f"charge {own['payment_id']} of a card that was unlinked at step {stop.step}"
            if own["contract_id"] in stop.contracts and (why := self._against(stop, own, permitted, paid)):
                return f"charge {own['payment_id']} {why} at step {stop.step}"
        return None

    def _against(self, stop: Stop, own: dict[str, str], permitted: int, paid: Collection[dict[str, Any]]) -> str | None:
        if own["payment_id"] in stop.known:
            if permitted > stop.step:
                return f"was permitted after it was {stop.kind}"
            unnamed = stop.named is not None and own["payment_id"] not in stop.named
            return f"left after the answer that did not name it, {stop.kind}" if unnamed else None
        if stop.kind not in _BY_CONSENT:
            return None if stop.undone_at is not None else f"was written while {stop.kind}"
        anew = any(
            item["metadata"]["contract_id"] == own["contract_id"]
            and self.consented.get(item["metadata"]["payment_id"], -1) > stop.step
            for item in paid
        )
        return None if anew else f"was written without a new consent after it was {stop.kind}"
