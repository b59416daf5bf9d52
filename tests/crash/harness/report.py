"""What a run came to, for the terminal and as a page."""

from __future__ import annotations

import base64
import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from bench.sections import commit
from tests.crash.harness.drawing import drawn
from tests.crash.harness.figures import Figures, Spread
from tests.crash.harness.plan import ROOT, Plan

if TYPE_CHECKING:
    from tests.crash.harness.run import Result

_HERE = Path(__file__).parent
_STATIC = ROOT / "static"
_SHEETS = ("tokens", "base", "card", "pill", "table", "kpi")
_FONT = re.compile(r"url\((\.\./vendor/[^)]+\.woff2)\)")


def printed(result: Result) -> str:
    """The figures, the verdicts, and on a failure everything that is needed to repeat and to look."""
    figures, plan = result.figures, result.plan
    lines = ["", "checks"]
    for verdict in result.verdicts:
        mark = "ok  " if verdict.passed else "FAIL"
        lines.append(f"  {mark} {verdict.name:<9} {verdict.looked_at:>7}  {verdict.about}")
        lines += [f"         {wrong}" for wrong in verdict.shown()]
        if verdict.remark:
            lines.append(f"         {verdict.remark}")
        if not verdict.looked_at:
            lines.append("         there was nothing to look at")
    lines += ["", "coverage"]
    for group in ("target", "fault", "customer", "point"):
        hits = [hit for hit in result.hits if hit.group == group]
        lines.append(f"  {group + 's':<9} " + ", ".join(f"{hit.name} {hit.times}" for hit in hits))
    missing = [hit for hit in result.hits if not hit.met]
    lines += [f"  MISSING  {hit.group} {hit.name}: {hit.times} of {hit.wanted}" for hit in missing]
    lines += [
        "",
        "figures",
        f"  charges                      {figures.charges} in {figures.charging_s:.0f} s, {figures.rate:.1f} a second",
        f"  unknown settled, card linked {_spread(figures.linked_lived)} lived",
        f"                               {_spread(figures.linked_waited)} of business time",
        f"  unknown settled, looked for  {_spread(figures.unlinked_waited)} of business time",
        f"  worker killed, work again    {_spread(figures.after_kill)} after the lease's end",
        f"  Redis emptied, charges again {_spread(figures.after_empty_redis)}",
        *([f"  host cut off, settled        {_spread(figures.after_cut)} after the cut"] if plan.hosts > 1 else []),
        f"  rest                         {result.rest}",
        f"  the whole run                {result.seconds:.0f} s",
        "",
    ]
    if result.passed:
        lines.append(f"PASSED  {_named(plan)}")
    else:
        lines.append(f"FAILED  {_named(plan)} commit {result.commit} journal {result.folder / 'sandbox.sqlite'}")
    lines.append(f"report  {result.folder / 'report.html'}")
    return "\n".join(lines)


def printed_end(plan: Plan, folder: Path) -> str:
    """The last line of a run that broke off before its verdict."""
    return f"BROKE OFF  {_named(plan)} commit {commit()} journal {folder / 'sandbox.sqlite'}"


def _named(plan: Plan) -> str:
    return f"N={plan.charges} SEED={plan.seed} HOSTS={plan.hosts}"


def _spread(spread: Spread) -> str:
    if not spread.count:
        return "none"
    return f"p50 {spread.median:.1f} s, p95 {spread.p95:.1f} s, max {spread.most:.1f} s ({spread.count})"


def write(result: Result, path: Path) -> None:
    """The page: one file, in the product's look."""
    figures = result.figures
    spreads = _spreads(figures)
    groups = (
        ("Kills", "target"),
        ("Faults", "fault"),
        ("Customers who stopped", "customer"),
        ("Deaths at a point", "point"),
    )
    page = Environment(loader=FileSystemLoader(_HERE), autoescape=True).get_template("report.html.j2")
    context = {
        "result": result,
        "plan": result.plan,
        "began": time.strftime("%Y-%m-%d %H:%M", time.localtime(result.record.began)),
        "deaths": len(result.record.of("died"))
        + sum(result.record.count("kill")[name] for name in ("redis", "postgres")),
        "kpis": [
            ("Charges a second", f"{figures.rate:.1f}", "", f"{figures.charges} while attacked"),
            ("Unknown settled, p95", f"{figures.linked_lived.p95 / 60:.1f}", "min", "lived, card linked"),
            ("Work of a dead worker", f"{figures.after_kill.most:.1f}", "s", "at most, after its lease"),
            ("Redis emptied", f"{figures.after_empty_redis.most:.1f}", "s", "until every due charge ran"),
            ("The whole run", f"{result.seconds / 60:.1f}", "min", ""),
        ],
        "legend": [
            ("kill", "killed, stopped, moved"),
            ("point", "died at a named point"),
            ("fault", "lies and arranged faults"),
            ("customer", "customers"),
        ],
        "chart": drawn(result),
        "coverage": [(title, [hit for hit in result.hits if hit.group == group]) for title, group in groups],
        "spreads": spreads,
        "css": Markup(_css()),  # our own files
    }
    path.write_text(page.render(context), encoding="utf-8")


def write_verdict(result: Result, path: Path) -> None:
    """The verdict for other programs."""
    verdict = {
        "passed": result.passed,
        "failed": [item.name for item in result.verdicts if not item.passed],
        "missing": [f"{hit.group} {hit.name}" for hit in result.hits if not hit.met],
        "first": {item.name: item.wrong[0] for item in result.verdicts if item.wrong},
        "seconds": round(result.seconds, 1),
    }
    path.write_text(json.dumps(verdict, ensure_ascii=False, indent=1), encoding="utf-8")


def _spreads(figures: Figures) -> list[tuple[str, Spread]]:
    return [
        ("Unknown outcome settled, card linked (lived)", figures.linked_lived),
        ("Unknown outcome settled, card linked (business time)", figures.linked_waited),
        ("Unknown outcome settled, only to be looked for (business time)", figures.unlinked_waited),
        ("Worker killed, its due work runs again after the lease's end", figures.after_kill),
        ("Redis emptied, a due charge runs", figures.after_empty_redis),
        *([("A host cut off, the charges in its hand settled", figures.after_cut)] if figures.after_cut.count else []),
    ]


def _css() -> str:
    sheets = [(_STATIC / "css" / f"{name}.css").read_text(encoding="utf-8") for name in _SHEETS]
    return _FONT.sub(_inlined, "\n".join(sheets)) + (_HERE / "report.css").read_text(encoding="utf-8")


def _inlined(found: re.Match[str]) -> str:
    data = base64.b64encode((_STATIC / "css" / found[1]).read_bytes()).decode()
    return f"url(data:font/woff2;base64,{data})"
