"""Each kind of difference is found, once, and goes by itself when it is gone. Nothing else is called a difference."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import update

from kernel.db import begin, read
from kernel.ids import uuid7
from payments.charging.models import Payment
from payments.reconciliation.models import SeenPayment
from tests.payments.reconciliation.conftest import Paid, Seen, differences
from tests.support.gateway_cabinet import pay_past_us, refund_in_the_cabinet
from tests.support.world import World

Reconciled = Callable[[], Seen]
POOR_CARD = "5555555555554600"


def test_a_clean_company_has_no_differences(paid: Paid, reconciled: Reconciled) -> None:
    assert reconciled() == set()


def test_a_payment_that_names_us_and_is_not_here_is_missing_here(
    world: World, paid: Paid, reconciled: Reconciled
) -> None:
    ids = {"payment_id": str(uuid7()), "invoice_id": str(uuid7()), "contract_id": str(uuid7())}
    lost = pay_past_us(world.sandbox, "300.00", metadata=ids)

    assert reconciled() == {("missing_here", lost["id"])}
    (found,) = differences()
    assert (found.their_status, found.their_kopecks, found.repair) == ("succeeded", 30_000, None)


def test_a_payment_that_the_list_does_not_hold_is_missing_there(paid: Paid, reconciled: Reconciled) -> None:
    other = f"{uuid4()}"
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == paid.payment_id).values(gateway_id=other))
    found = reconciled()

    assert ("missing_there", other) in found
    (missing,) = [it for it in differences() if it.kind == "missing_there"]
    assert (missing.our_status, missing.our_kopecks, missing.their_status) == ("succeeded", 300_000, None)
    assert missing.repair is None


def test_another_sum_is_found(paid: Paid, reconciled: Reconciled) -> None:
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == paid.payment_id).values(kopecks=299_900))

    assert reconciled() == {("other_sum", paid.gateway_id)}
    (found,) = differences()
    assert (found.our_kopecks, found.their_kopecks, found.repair) == (299_900, 300_000, None)


def test_another_status_is_found_and_a_button_may_apply_the_gateways(paid: Paid, reconciled: Reconciled) -> None:
    for ours in ("pending", "unknown", "canceled", "rejected"):
        with begin() as session:
            values = {"status": ours, "decided_at": None, "next_check_at": None}
            session.execute(update(Payment).where(Payment.id == paid.payment_id).values(values))

        assert reconciled() == {("other_status", paid.gateway_id)}
        (found,) = differences()
        assert (found.our_status, found.their_status, found.repair) == (ours, "succeeded", "apply")


def test_a_payment_whose_gateway_id_we_never_heard_is_found_by_its_name(paid: Paid, reconciled: Reconciled) -> None:
    with begin() as session:
        session.execute(
            update(Payment)
            .where(Payment.id == paid.payment_id)
            .values(status="unknown", gateway_id=None, decided_at=None)
        )

    assert reconciled() == {("other_status", paid.gateway_id)}


def test_a_success_that_the_gateway_shows_as_canceled_is_for_a_person(
    world: World, paid: Paid, reconciled: Reconciled
) -> None:
    declined = pay_past_us(world.sandbox, "300.00", card=None, capture=True)
    world.play(advance="PT2H")
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == paid.payment_id).values(gateway_id=declined["id"]))

    assert ("other_status", declined["id"]) in reconciled()
    (found,) = [it for it in differences() if it.kind == "other_status"]
    assert (found.our_status, found.their_status, found.repair) == ("succeeded", "canceled", None)


def test_a_payment_that_names_nothing_of_ours_is_foreign(world: World, paid: Paid, reconciled: Reconciled) -> None:
    names: list[dict[str, str]] = [{}, {"order": "17"}, {"payment_id": "an order of the shop's own"}]
    made = [pay_past_us(world.sandbox, "777.00", metadata=it, description="Заказ с сайта") for it in names]

    assert reconciled() == {("foreign", it["id"]) for it in made}
    assert {(it.their_kopecks, it.repair, it.invoice_id) for it in differences()} == {(77_700, None, None)}


def test_a_foreign_payment_without_money_is_nobodys_business(world: World, paid: Paid, reconciled: Reconciled) -> None:
    for card in (None, POOR_CARD):
        pay_past_us(world.sandbox, "777.00", card=card)

    assert reconciled() == set()


def test_a_second_success_of_one_invoice_is_found(world: World, paid: Paid, reconciled: Reconciled) -> None:
    ids = {"payment_id": str(paid.payment_id), "invoice_id": str(paid.invoice_id)}
    twin = pay_past_us(world.sandbox, "3000.00", metadata=ids)

    # Its money is not booked here either.
    assert reconciled() == {("second_success", twin["id"]), ("missing_here", twin["id"])}
    second = next(it for it in differences() if it.kind == "second_success")
    assert (second.our_kopecks, second.their_kopecks, second.invoice_id) == (300_000, 600_000, paid.invoice_id)
    assert next(it for it in differences() if it.kind == "missing_here").repair == "apply"


def test_a_refund_is_a_difference_until_refunds_are_booked(world: World, paid: Paid, reconciled: Reconciled) -> None:
    refund = refund_in_the_cabinet(world.sandbox, paid.gateway_id, "100.00")

    assert reconciled() == {("refund", refund["id"])}
    (found,) = differences()
    assert (found.their_kopecks, found.payment_id, found.repair) == (10_000, paid.payment_id, None)
    with read() as session:
        assert session.get_one(SeenPayment, paid.gateway_id).refunded_kopecks == 10_000


def test_a_difference_is_opened_once_and_goes_when_it_vanishes(paid: Paid, reconciled: Reconciled) -> None:
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == paid.payment_id).values(kopecks=299_900))
    reconciled()
    (first,) = differences()
    reconciled()
    (again,) = differences()
    assert (again.id, again.found_at) == (first.id, first.found_at)

    with begin() as session:
        session.execute(update(Payment).where(Payment.id == paid.payment_id).values(kopecks=300_000))
    assert reconciled() == set()
    (gone,) = differences(resolved=True)
    assert gone.resolution == "vanished"


def test_the_view_holds_nothing_of_the_payer(world: World, paid: Paid, reconciled: Reconciled) -> None:
    reconciled()
    with read() as session:
        seen = session.get_one(SeenPayment, paid.gateway_id)
        whole = str({column.name: getattr(seen, column.name) for column in SeenPayment.__table__.columns})
    assert "anna" not in whole
    assert "4444" not in whole
    assert seen.method_digest is not None
    assert len(seen.method_digest) == 64
