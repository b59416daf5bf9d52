"""Which calls may still arrive at the gateway when a stop was answered."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from tests.crash.harness.check_barrier import late_calls
from tests.crash.harness.oracle import Call
from tests.crash.harness.people import Stop
from tests.crash.harness.workload import Due

ANSWERED = 1000.0
DUE = Due(*(UUID(int=1),) * 5, "card", 100_00, datetime(2027, 4, 1, tzinfo=UTC), "unlinks")
NAMING = Stop(DUE, ANSWERED - 1, ANSWERED, DUE.due_at, frozenset({7}))


def calls(*after: float) -> list[Call]:
    return [Call(1, ANSWERED + seconds, "POST", "/payments", "key", "card", None, 200, None, None) for seconds in after]


def test_what_the_answer_did_not_name_must_not_be_sent_after_it() -> None:
    assert list(late_calls(8, calls(-3, -0.1), NAMING, [], hosts=1)) == []
    assert list(late_calls(8, calls(0.2), NAMING, [], hosts=1)) == [
        "payment 8 was sent 0.20 s after the answer that did not name it"
    ]


def test_what_the_answer_named_may_leave_under_the_permit_that_it_had_and_no_other() -> None:
    assert list(late_calls(7, calls(-3, 1.9, 4.9), NAMING, [], hosts=1)) == []
    assert list(late_calls(7, calls(1, 5.1), NAMING, [], hosts=1)) == [
        "payment 7 was sent 5.10 s after the answer that named it, beyond the permit it had"
    ]


def test_a_worker_that_was_frozen_makes_its_call_when_it_is_thawed() -> None:
    frozen_before, long_ago, afterwards = ANSWERED - 1, ANSWERED - 30, ANSWERED + 30

    assert list(late_calls(7, calls(19.5, 21.9), NAMING, [frozen_before], hosts=1)) == []
    assert len(list(late_calls(7, calls(22.1), NAMING, [frozen_before], hosts=1))) == 1
    assert len(list(late_calls(7, calls(19.5), NAMING, [long_ago, afterwards], hosts=1))) == 1


def test_no_freeze_excuses_what_was_not_named() -> None:
    assert len(list(late_calls(8, calls(19.5), NAMING, [ANSWERED - 1], hosts=1))) == 1


def test_what_a_host_sent_before_it_was_cut_off_may_arrive_when_it_is_back() -> None:
    assert list(late_calls(7, calls(200), NAMING, [], hosts=3)) == []
    assert len(list(late_calls(8, calls(200), NAMING, [], hosts=3))) == 1
