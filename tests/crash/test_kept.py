"""What is kept of a crash run and of the mutants in the committed results."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from bench.sections import RESULTS, SOAK, Sections, commit
from tests.crash.harness.checker import Verdict
from tests.crash.harness.coverage import Hit
from tests.crash.harness.figures import Figures, Spread
from tests.crash.harness.goals import GOALS, judge
from tests.crash.harness.kept import command, section
from tests.crash.harness.oracle import Oracle
from tests.crash.harness.plan import Plan
from tests.crash.harness.record import Record
from tests.crash.harness.run import Result
from tests.crash.mutation import Fate, kept

FIGURES = Figures(
    linked_lived=Spread.of([(float(value), UUID(int=value)) for value in range(100, 200)]),
    linked_waited=Spread(80, 60, 300, 7280),
    unlinked_waited=Spread(14, 1399, 3552, 4811),
    after_kill=Spread(34, 0, 1.2, 8.9),
    after_empty_redis=Spread(119, 5.5, 14.4, 37.5),
    after_cut=Spread(2, 134.7, 134.8, 134.9),
    charges=8881,
    charging_s=1514,
)
CHECKS = [Verdict("once", "each due line was paid once", 10_000), Verdict("mail", "each letter arrived", 11_030)]


def _result(plan: Plan, verdicts: list[Verdict]) -> Result:
    hits = [
        Hit("target", "worker", 68, 5),
        Hit("target", "redis", 34, 5),
        Hit("customer", "unlinks", 300, 1),
        Hit("customer", "unlinks_lost", 20, 1),
        Hit("fault", "webhook: forged", 100, 20),
        Hit("fault", "webhook: webhook_shuffle", 3756, 20),
        Hit("fault", "yookassa: slow", 434, 20),
        Hit("point", "mail.after_claim", 1, 1),
        Hit("point", "relay.after_commit", 6, 1),
    ]
    record, nowhere = Record(lambda _line: None), Path("nowhere")
    rest = "at rest 120.0 s after the last fault, 5 stops of the clock"
    return Result(
        plan, nowhere, "1234567", record, verdicts, hits, FIGURES, 2212.4, rest, Oracle(nowhere), [], (0.0, 1.0)
    )


def test_a_run_is_kept_with_its_verdict_its_command_and_all_that_it_counted() -> None:
    told = section(_result(Plan(10_000, 7), [*CHECKS, *judge(FIGURES)]))

    assert told[0] == "Passed after 2212 s: `python -m tests.crash.harness --n 10000 --seed 7`"
    assert "| once | each due line was paid once | 10000 | holds |" in told
    assert "| mail | each letter arrived | 11030 | holds |" in told
    assert f"| {GOALS[0].about} | 100 | 150.0 | 195.0 | 199.0 | holds |" in told
    assert "- 8881 charges in 1514 s, 5.9 a second; at rest 120.0 s after the last fault, 5 stops of the clock." in told
    assert "- Blows: worker 68, redis 34." in told
    assert "- Customers who stopped: unlinks 300, unlinks_lost 20." in told
    assert "- 3 faults, from webhook: forged 100 to webhook: webhook_shuffle 3756." in told
    assert "- 2 points at which a process died, from mail.after_claim 1 to relay.after_commit 6." in told
    assert not [line for line in told if "**" in line or "host" in line]


def test_a_run_that_failed_is_kept_as_failed_with_what_was_wrong() -> None:
    lost = Verdict(
        "mail", "each letter arrived", 11_030, [f"letter {place} | is gone" for place in range(5)], "2 given up"
    )
    late = replace(FIGURES, after_kill=Spread(34, 0, 1.2, 31))
    told = section(_result(Plan(10_000, 7), [CHECKS[0], lost, *judge(late)]))

    assert told[0].startswith("**Failed** after 2212 s")
    assert (
        "| mail | each letter arrived; 2 given up; letter 0 \\| is gone; letter 1 \\| is gone; letter 2 \\| is gone;"
        " … and 2 more | 11030 | **broken** |"
    ) in told
    assert next(line for line in told if line.startswith(f"| {GOALS[3].about} |")).endswith("| **broken** |")


def test_a_run_that_was_not_hit_hard_enough_is_kept_as_failed_with_what_is_missing() -> None:
    result = _result(Plan(10_000, 7), CHECKS)
    told = section(replace(result, hits=[*result.hits, Hit("target", "web", 4, 5)]))

    assert told[0].startswith("**Failed**")
    assert told[-1] == "- **Not hit hard enough**: target web 4 of 5."


def test_a_short_run_on_several_hosts_has_no_goals_and_tells_how_the_cut_was_got_over() -> None:
    told = section(_result(Plan(1000, 7, hosts=3), CHECKS))

    assert told[0].endswith("`python -m tests.crash.harness --n 1000 --seed 7 --hosts 3`")
    assert f"| {GOALS[3].about} | 34 | 0.0 | 1.2 | 8.9 | not judged |" in told
    assert "| a host cut off: what it had in hand is settled | 2 | 134.7 | 134.8 | 134.9 |  |" in told


def test_the_command_names_every_limit_that_is_not_the_usual_one() -> None:
    assert command(Plan(80, 1, patience_s=75, short_leases=True, attack_s=90)) == (
        "python -m tests.crash.harness --n 80 --seed 1 --patience 75 --attack 90 --short-leases"
    )


def test_the_mutants_are_kept_with_what_caught_each_and_what_else_failed() -> None:
    control = Fate("the product as it is", {}, 222.0)
    caught = Fate("no-live-index", {"crm": "x stands there twice", "alone": "payments 7 and 8"}, 61.0)
    survivor = Fate("mark-before-send", {"crm": "x stands there twice"}, 62.0)

    told = kept(control, [caught], charges=80, seed=1)
    assert told[0] == "Passed: 1 of 1 caught, `python -m tests.crash.mutation --n 80 --seed 1`"
    assert "| the product as it is | passes every check |  | 222 |" in told
    assert "| no-live-index | alone | crm | 61 |" in told

    told = kept(control, [caught, survivor], charges=80, seed=1)
    assert told[0].startswith("**Failed**: 1 of 2 caught")
    assert "| mark-before-send | **survived** | crm | 62 |" in told


def test_a_mutant_whose_run_broke_off_is_kept_as_that() -> None:
    control = Fate("the product as it is", {}, 222.0)
    told = kept(control, [Fate("no-live-index", {"broke off": "ended after 900 s"}, 901.0)], charges=80, seed=1)

    assert told[0].startswith("**Failed**: 0 of 1 caught")
    assert "| no-live-index | **broke off** |  | 901 |" in told


def test_a_product_that_fails_by_itself_is_kept_as_failed() -> None:
    told = kept(Fate("the product as it is", {"rest": "due: x"}, 222.0), [], charges=80, seed=1)

    assert told[0].startswith("**Failed**: the product fails without a mutant")
    assert "| the product as it is | **fails** | rest | 222 |" in told


def test_a_machine_without_git_does_not_know_which_commit_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert commit.__wrapped__() == "unknown"


@pytest.mark.parametrize("results", [RESULTS, SOAK])
def test_what_stands_at_the_top_of_the_committed_results_is_what_the_next_run_writes_there(results: Sections) -> None:
    assert results.path.read_text(encoding="utf-8").startswith(f"{results.head}\n## ")


def test_a_section_replaces_the_one_of_its_title_and_leaves_the_others(tmp_path: Path) -> None:
    results = Sections(tmp_path / "SOAK.md", "# Verdicts\n")
    results.write("Seed 1", ["Passed"])
    results.write("A drawn seed", ["Passed"])
    before = results.path.read_text(encoding="utf-8")
    section_ = results.write("Seed 1", ["**Failed**"])

    written = results.path.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", written, re.MULTILINE) == ["Seed 1", "A drawn seed"]
    assert written.startswith(f"# Verdicts\n\n## {section_}")
    assert written.split("## A drawn seed")[1] == before.split("## A drawn seed")[1]
    assert re.search(r"^\d{4}-\d\d-\d\d \d\d:\d\d UTC, commit \S+, \d+ cores, ", written, re.MULTILINE)
