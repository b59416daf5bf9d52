"""Figures with their goals as a table, and progress for whoever waits."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Figure:
    """What was measured in each round, and what it should be: at least `least`, or at most `most`.

    The median of the rounds counts; of a `peak` the greatest, for that is what it says.
    """

    name: str
    unit: str = ""
    least: float | None = None
    most: float | None = None
    digits: int = 1
    peak: bool = False
    rounds: list[float] = field(default_factory=list)

    def add(self, value: float) -> float:
        """One more round."""
        self.rounds.append(value)
        return value

    def row(self) -> str:
        """A line of the table."""
        found = max(self.rounds) if self.peak else statistics.median(self.rounds)
        spread = f"{self._text(min(self.rounds))}…{self._text(max(self.rounds))}"
        goal = "" if self.least is None else f"≥{self.least:g}"
        goal = goal if self.most is None else f"≤{self.most:g}"
        met = (self.least is None or found >= self.least) and (self.most is None or found <= self.most)
        verdict = ("met" if met else "**missed**") if goal else ""
        unit = f" {self.unit}" if self.unit else ""
        return f"| {self.name} | {self._text(found)}{unit} | {spread} | {goal} | {verdict} |"

    def _text(self, value: float) -> str:
        return f"{value:,.{self.digits}f}".replace(",", " ")


def table(figures: Sequence[Figure]) -> list[str]:
    """The figures as a table of Markdown."""
    return [
        "| what | median, or peak | least…most | goal | |",
        "|---|---:|---:|---:|---|",
        *(figure.row() for figure in figures),
    ]


def say(text: str) -> None:
    """Progress, for whoever waits."""
    print(text, file=sys.stderr, flush=True)
