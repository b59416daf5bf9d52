"""Whatever breaks off while a crash run is judged, the run comes to a verdict."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from kernel.db import Session, begin
from kernel.errors import KabinetError
from payments.reconciliation.running import Unread
from portal.wiring import Wiring
from tests.crash.harness import checker, judging
from tests.crash.harness.checker import Evidence, check_all
from tests.crash.harness.judging import BrokeOffError, begun, judge
from tests.crash.harness.oracle import Oracle
from tests.crash.harness.plan import Plan
from tests.crash.harness.record import Record


def _evidence() -> Evidence:
    oracle, wiring = Oracle(Path("nowhere")), Wiring()
    return Evidence(Plan(300, 1), [], [], [], [], [], [], Record(lambda _line: None), oracle, wiring)


def _asks(session: Session, _evidence: Evidence) -> tuple[int, list[str]]:
    return session.execute(text("SELECT 7")).scalar_one(), []


def _breaks(session: Session, _evidence: Evidence) -> tuple[int, list[str]]:
    return session.execute(text("SELECT 1 / 0")).scalar_one(), []


def test_a_check_that_breaks_off_has_failed_and_the_next_ones_are_asked(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checker, "CHECKS", (("one", "", _asks), ("two", "is asked", _breaks), ("three", "", _asks)))

    one, two, three = check_all(_evidence())

    assert (one.passed, two.passed, three.passed) == (True, False, True)
    assert (two.about, two.looked_at) == ("is asked", 1)
    assert "broke off" in two.wrong[0]
    assert "division by zero" in two.wrong[0]
    assert three.looked_at == 7


def _loses_its_connection(session: Session, _evidence: Evidence) -> tuple[int, list[str]]:
    # As a check does that works in silence for longer than a transaction may be idle.
    with begin() as other:
        other.execute(
            text("SELECT pg_terminate_backend(:pid)"), {"pid": session.scalar(text("SELECT pg_backend_pid()"))}
        )
    return 1, []


def test_a_check_that_loses_its_connection_takes_no_other_one_with_it(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checker, "CHECKS", (("one", "", _loses_its_connection), ("two", "", _asks)))

    assert [verdict.passed for verdict in check_all(_evidence())][1]


def test_lists_that_cannot_be_read_are_a_verdict_beside_all_others(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody_answers() -> None:
        raise Unread("the gateway does not answer")

    monkeypatch.setattr(judging, "read_lists", nobody_answers)
    monkeypatch.setattr(checker, "CHECKS", (("one", "", _asks),))

    reading, one, liveness = judge(_evidence(), "still due: charges")

    assert (reading.name, reading.passed, one.passed) == ("reading", False, True)
    assert "the gateway does not answer" in reading.wrong[0]
    assert (liveness.name, liveness.wrong) == ("liveness", ["still due: charges"])


def test_lists_that_were_read_are_no_verdict_of_their_own(committed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "read_lists", lambda: None)
    monkeypatch.setattr(checker, "CHECKS", (("one", "", _asks),))

    assert [verdict.name for verdict in judge(_evidence(), "at rest")] == ["one"]


def test_what_the_product_refuses_once_the_attack_began_is_not_taken_for_a_run_that_cannot_be() -> None:
    with pytest.raises(BrokeOffError, match="wrong somewhere") as broke_off, begun():
        raise KabinetError("wrong somewhere")

    assert not isinstance(broke_off.value, KabinetError)
