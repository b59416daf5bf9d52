"""Results that are committed: a Markdown file with a section for each part, replaced when that part is done again."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
_ROOT = _HERE.parent
_MARK = "\n## "


@dataclass(frozen=True, slots=True)
class Sections:
    """One such file and what stands at its top."""

    path: Path
    head: str

    def write(self, title: str, lines: Sequence[str], *, said: str = "") -> str:
        """Put a section in the place of its last version, or at the end; `said` is told of its circumstances too."""
        section = "\n".join([title, "", ", ".join(filter(None, (_circumstances(), said))), "", *lines, ""])
        written = self.path.read_text(encoding="utf-8").split(_MARK)[1:] if self.path.exists() else []
        by_title = {old.split("\n", 1)[0]: old for old in written}
        by_title[title] = section
        self.path.write_text(_MARK.join([self.head, *by_title.values()]), encoding="utf-8")
        return section


RESULTS = Sections(
    _HERE / "RESULTS.md",
    """# Results of `make bench`

Written by `make bench`. Medians of the rounds, of a peak the greatest, with the least and the most; a ratio is taken in
each round, from figures measured one after the other in that round. Figures of different runs, or of different machines,
do not compare. MISSED.md tells of goals that were missed: the profile, and what was tried.
""",
)
SOAK = Sections(
    _HERE / "SOAK.md",
    """# Verdicts of `make soak`

Written by `make soak`: the last crash run of each kind and the last run of the mutants, passed or failed, once it came to
its end, and how much of payments/ its own tests take. The same seed is the same plan (workload, customers, moments, blows,
rates of the faults), not the same run: which calls a fault hits follows from their keys too, and these are new in each run.
""",
)


@cache
def commit() -> str:
    """Which code runs: the commit, and whether the tree differs from it. As it was when this was first asked for."""
    name = _git("rev-parse", "--short", "HEAD")
    # The results themselves are written part by part: they do not make the tree another one.
    results = (f":(exclude){kept.path.relative_to(_ROOT)}" for kept in (RESULTS, SOAK))
    changed = _git("status", "--porcelain", "--", ".", *results)
    return f"{name or 'unknown'}{'-dirty' if changed else ''}"


def _circumstances() -> str:
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    load = os.getloadavg()[0]
    return f"{at}, commit {commit()}, {os.cpu_count()} cores, Python {platform.python_version()}, load at the end {load:.1f}"


def _git(*arguments: str) -> str:
    try:
        asked = subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, text=True, check=False)
    except OSError:  # a machine without git knows as little as a folder without a repository
        return ""
    return asked.stdout.strip()
