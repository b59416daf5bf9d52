"""Which check has to catch which mutant; the mutants themselves are tried by `make mutants`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.harness.checker import CHECKS
from tests.crash.harness.judging import LIVENESS
from tests.crash.mutation import EXPECTED, PATCHES, ROOT, Fate, failed_in, line_of, line_of_control, said_by


def test_each_mutant_has_checks_that_are_there_for_it() -> None:
    assert {path.stem for path in PATCHES.glob("*.patch")} == set(EXPECTED)
    assert set().union(*EXPECTED.values()) <= {name for name, _, _ in CHECKS} | {LIVENESS}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_mutant_can_still_be_planted(name: str) -> None:
    done = subprocess.run(
        ["git", "apply", "--check", str(PATCHES / f"{name}.patch")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_mutant_is_caught_by_the_checks_that_are_there_for_it() -> None:
    fate = Fate("no-live-index", {"crm": "x stands in the CRM 2 times", "alone": "payments 7 and 8"}, 61.0)

    assert fate.caught_by == ["alone"]
    told = line_of(fate)
    assert "61 s  alone" in told
    assert "alone: payments 7 and 8" in told
    assert "also failed: crm" in told


def test_a_mutant_survives_when_only_other_checks_failed() -> None:
    fate = Fate("mark-before-send", {"crm": "x stands in the CRM 2 times"}, 61.0)

    assert fate.caught_by == []
    assert "SURVIVED" in line_of(fate)


def test_the_product_as_it_is_is_shown_with_every_check_that_failed() -> None:
    assert "passes every check" in line_of_control(Fate("the product as it is", {}, 61.0))
    assert "rest, crm" in line_of_control(Fate("the product as it is", {"rest": "due: x", "crm": ""}, 61.0))


def test_a_mutant_is_not_caught_by_a_check_that_broke_off() -> None:
    fate = Fate("no-live-index", {"alone": "broke off: OperationalError()"}, 61.0)

    assert fate.caught_by == []
    assert "SURVIVED" in line_of(fate)
    assert "also failed: alone" in line_of(fate)


def test_a_run_without_a_verdict_is_not_caught_and_shows_the_end_of_what_it_said(tmp_path: Path) -> None:
    lines = "\n".join(f"line {number}" for number in range(1000))
    fate = Fate("no-live-index", failed_in(tmp_path / "verdict.json", f"{lines}\nended with code 1"), 61.0)

    assert fate.broke_off
    assert fate.caught_by == []
    told = line_of(fate)
    assert "BROKE OFF" in told
    assert "line 999\n    ended with code 1" in told
    assert "line 100\n" not in told
    assert "also failed" not in told
    assert "broke off" in line_of_control(Fate("the product as it is", fate.failed, 61.0))


def test_what_failed_is_read_from_the_verdict_with_the_first_thing_that_was_wrong(tmp_path: Path) -> None:
    verdict = tmp_path / "verdict.json"
    verdict.write_text(json.dumps({"failed": ["rest", "people"], "first": {"rest": "due: x"}}), encoding="utf-8")

    assert failed_in(verdict, "whatever it said") == {"rest": "due: x", "people": ""}


def test_a_run_is_ended_when_its_time_is_over_and_what_it_said_until_then_is_kept(tmp_path: Path) -> None:
    said = "print('began', flush=True); import time; time.sleep(60)"

    assert said_by([sys.executable, "-c", said], tmp_path, 3) == "began\nended after 3 s"
    assert said_by([sys.executable, "-c", "print('done'); exit(2)"], tmp_path, 60) == "done\nended with code 2"
