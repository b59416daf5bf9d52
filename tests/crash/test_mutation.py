"""Which check has to catch which mutant; the mutants themselves are tried by `make mutants`."""

from __future__ import annotations

import subprocess

import pytest

from tests.crash.harness.checker import CHECKS
from tests.crash.harness.judging import LIVENESS
from tests.crash.mutation import EXPECTED, PATCHES, ROOT, Fate, line_of, line_of_control


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
