"""What becomes of the charges that a host had in hand when it was cut off: none may be missing in the figure."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest

from tests.crash.harness.cable import Hand, is_the_moment
from tests.crash.harness.plan import SETTLED
from tests.crash.harness.record import Record
from tests.support.charging import one_unknown_charge
from tests.support.world import World


def test_a_charge_is_watched_until_its_outcome_is_known(world: World) -> None:
    payment_id = one_unknown_charge(world, "drop_after").payment_id
    record = Record(lambda _line: None)
    hand = Hand(record, open={payment_id}, cut_at=time.time() - 100)

    hand.watch()
    assert hand.settled == []
    assert not hand.verdict().passed
    assert hand.verdict().wrong == [f"payment {payment_id} was never seen settled"]
    assert not record.count("cable")

    world.play(advance="PT20M")
    hand.watch()
    hand.watch()

    (took,) = hand.settled
    assert took[1] == payment_id
    assert 100 <= took[0] < 200
    assert record.count("cable") == {SETTLED: 1}
    assert hand.verdict().passed
    assert hand.verdict().looked_at == 1


def test_a_hand_in_which_nothing_was_proves_nothing() -> None:
    assert not Hand(Record(lambda _line: None)).verdict().passed


@pytest.mark.parametrize(
    ("hours", "held", "pulled"),
    [(9, 5, False), (10, 1, False), (10, 2, True), (11, 1, False), (12, 0, False), (12, 1, True), (13, 2, True)],
)
def test_a_cable_is_pulled_with_several_charges_in_hand_and_late_in_the_run_with_one(
    hours: int, held: int, *, pulled: bool
) -> None:
    day = datetime.fromisoformat("2027-04-01T00:00:00+00:00")
    third, two_thirds = day + timedelta(hours=10), day + timedelta(hours=12)

    assert is_the_moment(held, day + timedelta(hours=hours), from_then=third, with_one=two_thirds) is pulled
