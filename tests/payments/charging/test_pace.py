"""Questions grow rare with time, and one message of them is short."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from payments.charging import pace

NOW = datetime(2027, 1, 31, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def _asked_at(looks: int) -> list[datetime]:
    times = [NOW]
    for number in range(looks):
        times.append(pace.next_check(times[-1], checks=number))
    return times


def test_the_first_question_follows_within_a_minute_and_pauses_never_shrink() -> None:
    times = _asked_at(50)
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert pauses[0] == timedelta(minutes=1)
    assert pauses == sorted(pauses)


def test_after_a_day_of_questions_there_is_one_a_day() -> None:
    times = _asked_at(60)
    first_day = [at for at in times if at <= NOW + DAY]
    later = [at for at in times if at > NOW + DAY]
    assert all(b - a < timedelta(hours=1) for a, b in itertools.pairwise(first_day))
    assert {b - a for a, b in itertools.pairwise(later)} == {DAY}


def test_a_message_ends_when_its_time_is_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_BUDGET_S", 0.05)
    done: list[UUID] = []
    for payment_id in pace.in_time([str(uuid4()) for _ in range(10)]):
        done.append(payment_id)
        time.sleep(0.03)
    assert 1 <= len(done) < 10


def test_a_quick_message_is_worked_off_whole() -> None:
    ids = [uuid4() for _ in range(pace.PART)]
    assert list(pace.in_time([str(item) for item in ids])) == ids
