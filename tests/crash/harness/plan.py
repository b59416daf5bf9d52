"""What one run is: how many charges, which seed, how hard it must be hit to count."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGES = ("kernel", "payments", "portal", "crm_sync")
# From here on a run is long enough to be hit as hard as reliability asks for.
LONG = 5_000
# All fall due on one business date.
_ONE_DAY_S = 80_000.0
_DUSK_S, _LONG_DUSK_S = 120.0, 600.0
_POINT = re.compile(r'\bfault\("([a-z_.]+)"\)')
# No file is exported, no dump restored and no difference repaired while charges run.
ELSEWHERE = {
    "exports.after_claim",
    "restore.before_standstill",
    "recall.after_hold",
    "recall.before_done",
    "recall.before_stop",
    "repair.after_answer",
    "repair.after_apply",
    "repair.after_commit",
    "repair.after_import",
    "repair.before_commit",
}
_IN_WEB = ("checkout.", "stop.", "webhook.after_intake", "webhook.before_intake")
_IN_SCHEDULER = ("relay.", "duty.", "lease.", "sweep.")

# How what came to no end begins to tell of itself: a check that raised, a run without a verdict.
BROKE_OFF = "broke off"
# So long a worker is frozen; then it goes on as if nothing had been.
FROZEN_S = 20.0
# What becomes of the cable of a host, where there are several.
CUT, RETURN, SETTLED = "cut", "return", "settled after the cut"
# The customers whose stop must have been answered: without them the barrier was not tried.
STOPPING = ("unlinks", "withdraws", "unlinks_lost", "unlinks_arrived")
TARGETS = ("worker", "scheduler", "web", "redis", "postgres", "pause", "clock")
GATEWAY_FAULTS = (
    "drop_before",
    "error_500_before",
    "too_many_requests",
    "drop_after",
    "html_502",
    "slow",
    "processing_202",
    "cut_json",
)
WEBHOOK_FAULTS = ("webhook_lost", "webhook_duplicate", "webhook_shuffle")
# Told by us, not by the sandbox.
MISCHIEF = ("foreign", "forged")
OUTSIDE_FAULTS = ("mail: drop_after_data", "bitrix24: error_500_after")


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. Everything that is drawn comes from the seed; what the operating system does with it does not.

    `patience_s` is how long after the last fault all must have come to its end. `short_leases` ends the leases of the
    dead at once instead of waiting them out (150 s), for runs that must be short. `attack_s` ends the attack at the
    latest, and no point that is still open is waited for; 0 gives it the time that so many charges may take.
    """

    charges: int
    seed: int
    hosts: int = 1
    patience_s: float = 300.0
    short_leases: bool = False
    attack_s: float = 0.0

    def chance(self, what: str) -> random.Random:
        """A source of randomness of its own for each part, so that one part's draws do not move another's."""
        return random.Random(f"{self.seed}:{what}")

    @property
    def is_long(self) -> bool:
        return self.charges >= LONG

    @property
    def kills_wanted(self) -> int:
        return 5 if self.is_long else 1

    @property
    def faults_wanted(self) -> int:
        return 20 if self.is_long else 1

    @property
    def longest_attack_s(self) -> float:
        """When the attack ends though not every blow was struck: then the run does not count."""
        return self.attack_s or 450.0 + self.charges / 4

    @property
    def longest_dusk_s(self) -> float:
        """How long the attack goes on after the day's strides for the sake of the points that come last."""
        if self.attack_s:
            return 0.0
        return _LONG_DUSK_S if self.is_long else _DUSK_S

    @property
    def spread_s(self) -> float:
        """The business time over which the charges fall due: as the clock jumps, some seven a second in a long run."""
        return min(_ONE_DAY_S, max(420.0, self.charges * 0.25))


def points() -> dict[str, str]:
    """Every fault point in the source by the role of the process that is expected to die there."""
    found = {
        point
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for point in _POINT.findall(path.read_text(encoding="utf-8"))
    }
    return {point: _role(point) for point in sorted(found - ELSEWHERE)}


def _role(point: str) -> str:
    if point.startswith(_IN_WEB):
        return "web"
    return "scheduler" if point.startswith(_IN_SCHEDULER) else "worker"
