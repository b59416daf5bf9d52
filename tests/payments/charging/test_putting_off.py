"""What breaks over one payment is that payment's own trouble."""

from __future__ import annotations

from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import begin, read
from payments.charging.models import Payment
from payments.charging.putting_off import apart
from tests.support.charging import DueCharge, one_unknown_charge
from tests.support.world import World


def _break_over(due: DueCharge) -> None:
    with apart(due.payment_id):
        _break()


def _break() -> None:
    raise ZeroDivisionError


def _looks(due: DueCharge) -> tuple[int, bool]:
    """How many there were, and whether the next is due."""
    with read() as session:
        payment = session.get_one(Payment, due.payment_id)
        assert payment.next_check_at is not None
        return payment.checks, payment.next_check_at <= business_now(session)


def test_a_payment_over_which_something_broke_is_asked_about_after_a_pause(world: World) -> None:
    due = one_unknown_charge(world, "drop_before")
    assert _looks(due) == (1, True)
    _break_over(due)
    assert _looks(due) == (2, False)


def test_one_whose_row_somebody_holds_stays_due_and_troubles_nobody_else(world: World) -> None:
    due = one_unknown_charge(world, "drop_before")
    with begin() as session:
        session.execute(select(Payment.id).where(Payment.id == due.payment_id).with_for_update())
        _break_over(due)
    assert _looks(due) == (1, True)
