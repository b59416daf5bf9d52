"""At which point a process killed itself, as the supervisor reads it from the log that all of them write."""

from __future__ import annotations

from pathlib import Path

from tests.crash.harness.programs import point_of


def test_a_process_that_died_at_a_point_is_told_by_its_number(tmp_path: Path) -> None:
    log = tmp_path / "points.log"
    log.write_text("41 charge.after_answer\n42 mail.after_claim\n")

    assert point_of(log, 41, 0) == "charge.after_answer"
    assert point_of(log, 42, 0) == "mail.after_claim"
    assert point_of(log, 43, 0) == ""


def test_what_an_earlier_process_of_the_same_number_wrote_is_not_its_own(tmp_path: Path) -> None:
    log = tmp_path / "points.log"
    log.write_text("41 charge.after_answer\n")
    born = log.stat().st_size

    assert point_of(log, 41, born) == ""

    with log.open("a") as more:
        more.write("42 mail.after_claim\n41 check.after_commit\n")

    assert point_of(log, 41, born) == "check.after_commit"


def test_before_anybody_has_died_there_is_no_log(tmp_path: Path) -> None:
    assert point_of(tmp_path / "points.log", 41, 0) == ""
