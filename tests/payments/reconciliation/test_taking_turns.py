"""Two reconciliations at once take turns; the leavings of one that was killed are nobody's, and it cannot come back."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, update

from kernel.db import begin, read
from kernel.fault import InjectedFault
from kernel.settings import get_settings
from payments.installation.models import Shop
from payments.reconciliation.duty import TO_RECONCILE, hint_reconciliation, run
from payments.reconciliation.models import Reconciliation
from payments.reconciliation.running import UnderWay, Unread, reconcile
from tests.payments.reconciliation.conftest import pay
from tests.support.faults import faulty
from tests.support.world import World


def _runs() -> list[tuple[str, str | None]]:
    with read() as session:
        rows = session.execute(select(Reconciliation.status, Reconciliation.error).order_by(Reconciliation.id))
        return [(row.status, row.error) for row in rows]


def _try() -> bool:
    try:
        reconcile()
    except UnderWay:
        return False
    return True


def test_of_two_at_once_one_goes_on_and_the_other_is_told(world: World) -> None:
    pay()
    world.fail(system="yookassa", match={"method": "GET"}, kind="slow", seconds=2, times=1)
    with ThreadPoolExecutor(4) as people:
        went_on = list(people.map(lambda _: _try(), range(4)))
    assert sorted(went_on) == [False, False, False, True]
    assert _runs() == [("done", None)]


def test_one_that_was_killed_is_followed_by_another_when_its_lease_is_over(world: World) -> None:
    pay()
    with faulty("reconcile.after_reading=raise"), pytest.raises(InjectedFault):
        reconcile()
    assert not _try()
    with begin() as session:
        session.execute(update(Reconciliation).values(lease_until=func.clock_timestamp()))
    reconcile()
    assert _runs() == [("failed", "прервана: процесс остановился"), ("done", None)]


def test_one_that_slept_past_its_lease_keeps_nothing(world: World) -> None:
    pay()
    world.fail(system="yookassa", match={"method": "GET"}, kind="slow", seconds=4, times=1)
    with ThreadPoolExecutor(1) as other:
        asleep = other.submit(reconcile)
        while not _runs() or not _took_over():
            time.sleep(0.05)
        with pytest.raises(Unread, match="прервана"):
            asleep.result()
    assert [status for status, _ in _runs()] == ["failed", "done"]


def _took_over() -> bool:
    """The lease of the other is let run out; it renews it once more before it falls asleep."""
    with begin() as session:
        session.execute(update(Reconciliation).values(lease_until=func.clock_timestamp()))
    return _try()


def _jump_to_a_noon(world: World) -> None:
    """Whatever the hour of the real day, two more hours are of the same date."""
    tomorrow = datetime.now(get_settings().zone) + timedelta(days=1)
    world.jump(tomorrow.replace(hour=12, minute=0).isoformat(timespec="seconds"))


def test_the_duty_hints_once_an_hour_and_the_first_of_a_day_whenever_it_is(world: World) -> None:
    _jump_to_a_noon(world)
    pay()
    send = partial(lambda *_: None)
    assert hint_reconciliation(send) == 1
    assert hint_reconciliation(send) == 0
    run([])
    assert _runs() == [("done", None)]

    # An hour of business time alone is a played one: it is not worth a reading.
    world.jump("PT2H")
    assert hint_reconciliation(send) == 0
    world.jump("P1D")
    assert hint_reconciliation(send) == 1
    run([])

    with begin() as session:
        session.execute(
            update(Reconciliation).values(begun_at=func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 1))
        )
    world.jump("PT1H")
    assert hint_reconciliation(send) == 1


def test_what_could_not_be_read_is_tried_again_in_ten_minutes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pay()
    assert hint_reconciliation(lambda *_: None) == 1
    world.fail(system="yookassa", match={"method": "GET"}, kind="unknown_status")
    run([])
    with read() as session:
        next_at, now = session.execute(select(Shop.reconcile_at, func.business_now())).one()
    assert timedelta(minutes=8) < next_at - now <= timedelta(minutes=10)
    world.jump("PT11M")
    assert hint_reconciliation(lambda *_: None) == 1


def test_it_is_no_stop_of_the_played_clock_and_does_not_keep_it_from_resting(world: World) -> None:
    pay()
    assert TO_RECONCILE.chore
    world.play(advance="P2D")
    assert _runs() == []


def test_refused_reading_is_named(world: World) -> None:
    pay()
    world.fail(system="yookassa", match={"method": "GET"}, kind="unknown_status")
    with pytest.raises(Unread, match="status"):
        reconcile()
