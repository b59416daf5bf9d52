"""The doctor's two-sided checks over real readings: silent beside a sound gateway, not beside one that took twice."""

from __future__ import annotations

from collections.abc import Callable

from payments.doctor.check import examine
from payments.doctor.gateway import GATEWAY
from payments.reconciliation.repairing import repair_all
from tests.payments.reconciliation.conftest import Paid, Seen, pay
from tests.support.gateway_cabinet import pay_past_us
from tests.support.world import World

Reconciled = Callable[[], Seen]


def broken() -> dict[str, list[str]]:
    """The breaches of each check that is not sound."""
    return {it.name: [breach.id for breach in it.breaches] for it in examine(GATEWAY) if not it.sound}


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
