"""What a run came to, for the terminal and as a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.crash.harness.figures import Spread

if TYPE_CHECKING:
    from tests.crash.harness.run import Result


def printed(result: Result) -> str:
    """The figures, the verdicts, and on a failure everything that is needed to repeat and to look."""
    figures, plan = result.figures, result.plan
    lines = ["", "checks"]
    for verdict in result.verdicts:
        mark = "ok  " if verdict.passed else "FAIL"
        lines.append(f"  {mark} {verdict.name:<9} {verdict.looked_at:>7}  {verdict.about}")
        lines += [f"         {wrong}" for wrong in verdict.shown()]
        if not verdict.looked_at:
            lines.append("         there was nothing to look at")
    lines += ["", "coverage"]
    for group in ("target", "fault", "point"):
        hits = [hit for hit in result.hits if hit.group == group]
        lines.append(f"  {group + 's':<8} " + ", ".join(f"{hit.name} {hit.times}" for hit in hits))
    missing = [hit for hit in result.hits if not hit.met]
    lines += [f"  MISSING  {hit.group} {hit.name}: {hit.times} of {hit.wanted}" for hit in missing]
    lines += [
        "",
        "figures",
        f"  charges                      {figures.charges} in {figures.charging_s:.0f} s, {figures.rate:.1f} a second",
        f"  unknown settled, card linked {_spread(figures.unknown_linked)} of business time",
        f"  unknown settled, card gone   {_spread(figures.unknown_unlinked)} of business time",
        f"  worker killed, work again    {_spread(figures.after_kill)} after the lease's end",
        f"  Redis emptied, charges again {_spread(figures.after_empty_redis)}",
        f"  rest                         {result.rest}",
        f"  the whole run                {result.seconds:.0f} s",
        "",
    ]
    journal = f"journal {result.folder / 'sandbox.sqlite'}"
    if result.passed:
        lines.append(f"PASSED  N={plan.charges} SEED={plan.seed} HOSTS={plan.hosts}")
    else:
        lines.append(f"FAILED  N={plan.charges} SEED={plan.seed} HOSTS={plan.hosts} commit {result.commit} {journal}")
    lines.append(f"report  {result.folder / 'report.html'}")
    return "\n".join(lines)


def _spread(spread: Spread) -> str:
    if not spread.count:
        return "none"
    return f"p50 {spread.median:.1f} s, p95 {spread.p95:.1f} s, max {spread.most:.1f} s ({spread.count})"


def write(result: Result, path: Path) -> None:
    """The page."""
    path.write_text(f"<pre>{printed(result)}</pre>", encoding="utf-8")
