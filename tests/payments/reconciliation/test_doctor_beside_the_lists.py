"""The doctor's two-sided checks over real readings: silent beside a sound gateway, not beside one that took twice."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import update

from kernel.clock import business_now
from kernel.db import begin
from payments.charging.models import Payment
from payments.doctor.charges import CHARGES
from payments.doctor.check import examine
from payments.doctor.gateway import GATEWAY
from payments.reconciliation.models import SeenPayment
from payments.reconciliation.repairing import repair, repair_all, see_to
from tests.payments.reconciliation.conftest import Paid, Seen, differences, invoice_of, pay
from tests.support.gateway_cabinet import pay_past_us, refund_in_the_cabinet
from tests.support.world import World

Reconciled = Callable[[], Seen]


def broken() -> dict[str, list[str]]:
    """The breaches of each check that is not sound."""
    return {it.name: [breach.id for breach in it.breaches] for it in examine(GATEWAY) if not it.sound}


def paid_twice() -> list[str]:
    """The invoices that our own payments have paid more than once."""
    (found,) = examine([check for check in CHARGES if check.name == "one_success_per_invoice"])
    return [breach.id for breach in found.breaches]


def test_before_the_first_reading_and_after_it_sound_books_are_sound(
    world: World, paid: Paid, reconciled: Reconciled
) -> None:
    assert broken() == {}
    reconciled()
    pay("boris@example.com")
    assert broken() == {}, "what came after the reading is judged by the next one"
    reconciled()
    assert broken() == {}


def test_a_foreign_payment_is_the_reconciliations_matter(world: World, paid: Paid, reconciled: Reconciled) -> None:
    pay_past_us(world.sandbox, "777.00", description="Заказ с сайта")
    reconciled()

    assert broken() == {}


def test_a_second_payment_of_one_intent_is_seen_from_the_gateways_side(
    world: World, paid: Paid, reconciled: Reconciled
) -> None:
    ids = {"payment_id": str(paid.payment_id), "invoice_id": str(paid.invoice_id)}
    twin = pay_past_us(world.sandbox, "3000.00", metadata=ids)
    reconciled()
    assert broken() == {"gateway_success_is_posted": [twin["id"]], "gateway_took_once": [str(paid.invoice_id)]}

    repair_all(by=None, note=lambda *_: None, seconds=10)
    reconciled()
    assert broken() == {"gateway_took_once": [str(paid.invoice_id)]}, "booked now, and taken twice all the same"


@pytest.mark.parametrize("settled_by", ["a refund", "a late refund", "a person's word"])
@pytest.mark.parametrize("made", ["by one intent", "in the cabinet"])
def test_an_invoice_paid_twice_is_a_breach_until_it_is_settled(
    world: World, paid: Paid, reconciled: Reconciled, made: str, settled_by: str
) -> None:
    ids = {"payment_id": str(paid.payment_id), "invoice_id": str(paid.invoice_id)}
    twin = pay_past_us(world.sandbox, "3000.00", metadata=ids if made == "by one intent" else {})
    reconciled()
    (found,) = [it for it in differences() if it.kind in ("missing_here", "foreign")]
    number = None if made == "by one intent" else invoice_of(paid).number
    assert repair(found.id, by=uuid4(), note=lambda *_: None, number=number)
    reconciled()
    assert paid_twice() == [str(paid.invoice_id)]

    if settled_by != "a person's word":
        if settled_by == "a late refund":
            world.jump("P40D")  # the payment is not read any more
        refund_in_the_cabinet(world.sandbox, twin["id"], "3000.00")
    else:
        (found,) = differences()
        with begin() as session:
            see_to(session, found.id, by=uuid4(), now=business_now(session))
    reconciled()

    assert paid_twice() == []
    assert broken() == {}


def test_what_a_person_has_seen_to_is_seen_to_only_while_the_gateway_shows_it_so(
    world: World, paid: Paid, reconciled: Reconciled
) -> None:
    ids = {"payment_id": str(uuid4()), "invoice_id": str(uuid4())}
    held = pay_past_us(world.sandbox, "3000.00", capture=False, metadata=ids)
    reconciled()
    (found,) = differences()
    with begin() as session:
        see_to(session, found.id, by=uuid4(), now=business_now(session))
    assert broken() == {}

    with begin() as session:
        captured = {"status": "succeeded", "captured_at": SeenPayment.created_at}
        session.execute(update(SeenPayment).where(SeenPayment.gateway_id == held["id"]).values(captured))

    assert broken() == {"gateway_success_is_posted": [held["id"]]}


def test_a_sum_that_was_seen_to_hides_nothing_else_of_that_payment(
    world: World, paid: Paid, reconciled: Reconciled
) -> None:
    reconciled()
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == paid.payment_id).values(kopecks=300_001))
    reconciled()
    (found,) = differences()
    with begin() as session:
        see_to(session, found.id, by=uuid4(), now=business_now(session))
    assert "gateway_agrees" not in broken()

    with begin() as session:
        session.execute(update(SeenPayment).where(SeenPayment.payment_id == paid.payment_id).values(invoice_id=uuid4()))

    assert broken()["gateway_agrees"] == [str(paid.payment_id)]
