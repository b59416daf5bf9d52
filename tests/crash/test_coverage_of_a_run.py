"""What a run must have been hit with, so that it counts."""

from __future__ import annotations

from collections import Counter

from tests.crash.harness.coverage import covered
from tests.crash.harness.plan import CUT, ELSEWHERE, RETURN, ROOT, SETTLED, STOPPING, TARGETS, Plan, points
from tests.crash.harness.record import Record


def _missing(plan: Plan, record: Record) -> set[str]:
    return {hit.name for hit in covered(plan, record, Counter()) if not hit.met}


def _struck() -> Record:
    record = Record(lambda _line: None)
    for target in TARGETS:
        record.note("kill", target)
    for point in points():
        record.note("point", point)
    return record


def test_a_run_on_several_hosts_needs_a_cut_a_return_and_a_charge_settled_after_it() -> None:
    plan, record = Plan(300, 1, hosts=3), _struck()
    assert {CUT, RETURN, SETTLED} <= _missing(plan, record)

    record.note("cable", CUT)
    record.note("cable", RETURN)
    assert {CUT, RETURN, SETTLED} & _missing(plan, record) == {SETTLED}

    record.note("cable", SETTLED)
    assert not {CUT, RETURN, SETTLED} & _missing(plan, record)


def test_a_run_on_one_host_has_no_cable_to_cut() -> None:
    assert not {CUT, RETURN, SETTLED} & {hit.name for hit in covered(Plan(300, 1), _struck(), Counter())}


def test_a_target_that_was_never_struck_is_missing() -> None:
    record = Record(lambda _line: None)
    record.note("kill", "redis")

    assert _missing(Plan(300, 1), record) >= set(TARGETS) - {"redis"}
    assert "redis" not in _missing(Plan(300, 1), record)
    assert "redis" in _missing(Plan(5_000, 1), record)


def test_a_run_in_which_nobody_stopped_in_each_way_has_not_tried_the_barrier() -> None:
    record = _struck()
    record.note("customer", "pays")
    record.note("customer", "came too late")
    assert set(STOPPING) <= _missing(Plan(300, 1), record)

    for fate in ("unlinks", "withdraws", "unlinks_lost"):
        record.note("customer", fate)
    assert _missing(Plan(300, 1), record) & set(STOPPING) == {"unlinks_arrived"}


def test_a_point_that_no_run_can_meet_acts_in_a_test_of_its_own() -> None:
    tests = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]

    assert {point for point in ELSEWHERE if not any(point in text for text in tests)} == set()
