"""How fast the product has to get over what is done to it: verdicts of a long run, in a short one figures only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from tests.crash.harness.checker import Verdict
from tests.crash.harness.figures import Figures, Spread

_MINUTE_S, _HOUR_S = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class Goal:
    """What the 95th of a hundred, and the worst, may take (seconds)."""

    name: str
    about: str
    figure: Callable[[Figures], Spread]
    p95_s: float = inf
    most_s: float = inf

    def verdict(self, figures: Figures) -> Verdict:
        """Whether it is met; where nothing was measured it is not."""
        spread = self.figure(figures)
        return Verdict(
            self.name,
            self.about,
            spread.count,
            [
                f"{what} is {value:.1f} s, not {goal:.0f} s"
                for what, value, goal in (("p95", spread.p95, self.p95_s), ("max", spread.most, self.most_s))
                if value > goal
            ],
            f"the slowest: {spread.slowest}",
        )


GOALS = (
    Goal(
        "settled",
        "19 of 20 unknown outcomes are known within 5 min that were lived, while the card is linked (a dead worker's: of the"
        " lease's end)",
        lambda figures: figures.linked_lived,
        p95_s=5 * _MINUTE_S,
    ),
    Goal(
        "linked",
        "every unknown outcome is known within 20 h of business time while the card is linked",
        lambda figures: figures.linked_waited,
        most_s=20 * _HOUR_S,
    ),
    Goal(
        "unlinked",
        "every unknown outcome is known within 26 h of business time when the card is gone, or the clock leapt over the end of"
        " its key",
        lambda figures: figures.unlinked_waited,
        most_s=26 * _HOUR_S,
    ),
    Goal(
        "orphans",
        "what a dead worker had in hand is at work again within 30 s of the lease's end",
        lambda figures: figures.after_kill,
        most_s=30,
    ),
    Goal(
        "emptied",
        "every charge that was due when Redis was emptied runs within 60 s",
        lambda figures: figures.after_empty_redis,
        most_s=60,
    ),
)


def judge(figures: Figures) -> list[Verdict]:
    """A verdict on each goal."""
    return [goal.verdict(figures) for goal in GOALS]
