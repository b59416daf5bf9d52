"""RESULTS.md: a section for each part of the bench. A part that is measured alone replaces its own section."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
_HEAD = """# Results of `make bench`

Written by `make bench`. Medians of the rounds, of a peak the greatest, with the least and the most; a ratio is taken in
each round, from figures measured one after the other in that round. Figures of different runs, or of different machines,
do not compare.
"""
_MARK = "\n## "


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


def write(title: str, lines: Sequence[str]) -> None:
    """Put a section into RESULTS.md, in the place of its last version, and on the terminal."""
    section = "\n".join([title, "", _circumstances(), "", *lines, ""])
    head, *sections = RESULTS.read_text(encoding="utf-8").split(_MARK) if RESULTS.exists() else [_HEAD]
    by_title = {old.split("\n", 1)[0]: old for old in sections}
    by_title[title] = section
    RESULTS.write_text(_MARK.join([head, *by_title.values()]), encoding="utf-8")
    print(f"\n## {section}", flush=True)


def say(text: str) -> None:
    """Progress, for whoever waits."""
    print(text, file=sys.stderr, flush=True)


def _circumstances() -> str:
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    load = os.getloadavg()[0]
    return f"{at}, commit {_commit()}, {os.cpu_count()} cores, Python {platform.python_version()}, load at the end {load:.1f}"


def _commit() -> str:
    # The results themselves are written part by part: they do not make the tree another one.
    commit = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--", ".", ":(exclude)bench/RESULTS.md")
    return f"{commit or 'unknown'}{'-dirty' if changed else ''}"


def _git(*arguments: str) -> str:
    asked = subprocess.run(["git", *arguments], cwd=RESULTS.parent.parent, capture_output=True, text=True, check=False)
    return asked.stdout.strip()
