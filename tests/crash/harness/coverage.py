"""Whether the run was hit hard enough to prove anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tests.crash.harness.plan import (
    CUT,
    GATEWAY_FAULTS,
    MISCHIEF,
    OUTSIDE_FAULTS,
    RETURN,
    SETTLED,
    STOPPING,
    TARGETS,
    WEBHOOK_FAULTS,
    Plan,
    points,
)
from tests.crash.harness.record import Record


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that had to happen, how often it did, and how often it had to."""

    group: str
    name: str
    times: int
    wanted: int

    @property
    def met(self) -> bool:
        """It happened often enough."""
        return self.times >= self.wanted


def covered(plan: Plan, record: Record, faults: Counter[str]) -> list[Hit]:
    """Everything that a run must meet. `faults` are counted by `system: kind`."""
    kills, deaths, mischief = record.count("kill"), record.count("point"), record.count("fault")
    hits = [Hit("target", target, kills[target], plan.kills_wanted) for target in TARGETS]
    if plan.hosts > 1:
        cable = record.count("cable")
        hits += [Hit("target", what, cable[what], 1) for what in (CUT, RETURN, SETTLED)]
    named = [
        *(f"yookassa: {kind}" for kind in GATEWAY_FAULTS),
        *(f"webhook: {kind}" for kind in WEBHOOK_FAULTS),
        *OUTSIDE_FAULTS,
    ]
    hits += [Hit("fault", name, faults[name], plan.faults_wanted) for name in named]
    hits += [Hit("fault", f"webhook: {kind}", mischief[kind], plan.faults_wanted) for kind in MISCHIEF]
    acted = record.count("customer")
    hits += [Hit("customer", fate, acted[fate], 1) for fate in STOPPING]
    return hits + [Hit("point", point, deaths[point], 1) for point in points()]
