"""What is kept of a run among the committed results: its verdict, what it looked at, what it was hit with, the figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.sections import SOAK
from tests.crash.harness.checker import Verdict
from tests.crash.harness.coverage import Hit
from tests.crash.harness.figures import Spread
from tests.crash.harness.goals import GOALS
from tests.crash.harness.plan import Plan

if TYPE_CHECKING:
    from tests.crash.harness.run import Result

# Of a check that failed: the rest is in the run's own report.
_WRONG = 3


def write(result: Result, title: str) -> None:
    """Keep it, in the place of what was kept under this title."""
    SOAK.write(title, section(result))


def section(result: Result) -> list[str]:
    """Its lines."""
    goals = {goal.name for goal in GOALS}
    checks = [verdict for verdict in result.verdicts if verdict.name not in goals]
    missing = [f"{hit.group} {hit.name} {hit.times} of {hit.wanted}" for hit in result.hits if not hit.met]
    figures = result.figures
    return [
        f"{'Passed' if result.passed else '**Failed**'} after {result.seconds:.0f} s: `{command(result.plan)}`",
        "",
        "| check | | looked at | |",
        "|---|---|---:|---|",
        *(_check(verdict) for verdict in checks),
        "",
        "| goal | cases | p50, s | p95, s | max, s | |",
        "|---|---:|---:|---:|---:|---|",
        *_goals(result),
        *(
            [_row("a host cut off: what it had in hand is settled", figures.after_cut, "")]
            if result.plan.hosts > 1
            else []
        ),
        "",
        f"- {figures.charges} charges in {figures.charging_s:.0f} s, {figures.rate:.1f} a second; {result.rest}.",
        f"- Blows: {_counted(result, 'target')}.",
        f"- Customers who stopped: {_counted(result, 'customer')}.",
        f"- {_extremes('faults', [hit for hit in result.hits if hit.group == 'fault'])}",
        f"- {_extremes('points at which a process died', [hit for hit in result.hits if hit.group == 'point'])}",
        *([f"- **Not hit hard enough**: {', '.join(missing)}."] if missing else []),
    ]


def command(plan: Plan) -> str:
    """What makes an attack by the same plan again."""
    usual = Plan(plan.charges, plan.seed)
    words = [f"python -m tests.crash.harness --n {plan.charges} --seed {plan.seed}"]
    words += [f"--hosts {plan.hosts}"] if plan.hosts != usual.hosts else []
    words += [f"--patience {plan.patience_s:g}"] if plan.patience_s != usual.patience_s else []
    words += [f"--attack {plan.attack_s:g}"] if plan.attack_s else []
    words += ["--short-leases"] if plan.short_leases else []
    return " ".join(words)


def _check(verdict: Verdict) -> str:
    said = [verdict.about, *([verdict.remark] if verdict.remark else []), *verdict.wrong[:_WRONG]]
    more = len(verdict.wrong) - _WRONG
    said += [f"… and {more} more"] if more > 0 else []
    return f"| {verdict.name} | {_cell('; '.join(said))} | {verdict.looked_at} | {_held(verdict)} |"


def _goals(result: Result) -> list[str]:
    # In a short run they are figures, not goals.
    judged = {verdict.name: verdict for verdict in result.verdicts}
    return [
        _row(goal.about, goal.figure(result.figures), _held(judged[goal.name]) if goal.name in judged else "not judged")
        for goal in GOALS
    ]


def _row(what: str, spread: Spread, verdict: str) -> str:
    return f"| {what} | {spread.count} | {spread.median:.1f} | {spread.p95:.1f} | {spread.most:.1f} | {verdict} |"


def _held(verdict: Verdict) -> str:
    return "holds" if verdict.passed else "**broken**"


def _counted(result: Result, group: str) -> str:
    return ", ".join(f"{hit.name} {hit.times}" for hit in result.hits if hit.group == group)


def _extremes(what: str, hits: Sequence[Hit]) -> str:
    ranked = sorted(hits, key=lambda hit: hit.times)
    least, most = ranked[0], ranked[-1]
    return f"{len(hits)} {what}, from {least.name} {least.times} to {most.name} {most.times}."


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
