"""What becomes of the charges that a host had in hand when it was cut off: none may be missing in the figure."""

from __future__ import annotations

import time

from tests.crash.harness.cable import Hand
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
