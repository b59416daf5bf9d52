"""A process that ends takes no new charge on: what it was hinted at stays due, for another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernel.db import read
from payments.charging import sending
from payments.charging.charging import charge, resend
from payments.charging.models import Payment
from payments.charging.sending import sender
from tests.support.charging import DueCharge, one_due_charge, one_unknown_charge
from tests.support.world import World


@pytest.fixture(autouse=True)
def _no_sender_left() -> Iterator[None]:
    yield
    sending.dispose(1)


def _payment(due: DueCharge) -> Payment:
    with read() as session:
        return session.get_one(Payment, due.payment_id)


def _sends(world: World, due: DueCharge) -> int:
    posts = [call["request"] for call in world.journal(system="yookassa") if call["method"] == "POST"]
    return sum(body["metadata"]["payment_id"] == str(due.payment_id) for body in posts)


def test_a_charge_that_finds_no_thread_waits_as_it_was_and_leaves_with_the_next_process(world: World) -> None:
    due = one_due_charge(world)
    sender().close()
    charge([str(due.payment_id)])
    assert (_payment(due).status, _payment(due).sends, _sends(world, due)) == ("created", 0, 0)

    assert sending.dispose(10)
    charge([str(due.payment_id)])
    assert sender().wait_idle(30)
    assert (_payment(due).status, _sends(world, due)) == ("succeeded", 1)


def test_a_repetition_that_finds_no_thread_is_no_refusal_to_send_again(world: World) -> None:
    due = one_unknown_charge(world, "drop_before")
    sends = _payment(due).sends
    sender().close()

    assert resend(due.payment_id) is True
    assert (_payment(due).status, _payment(due).sends) == ("unknown", sends)

    assert sending.dispose(10)
    assert resend(due.payment_id) is True
    assert sender().wait_idle(30)
    assert (_payment(due).status, _payment(due).sends) == ("succeeded", sends + 1)
