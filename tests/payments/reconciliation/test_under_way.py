"""What is under way at the moment is no difference: an alarm that goes by itself teaches people not to look."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update

from kernel.clock import business_now
from kernel.db import begin, read
from payments.charging.charging import charge
from payments.charging.checkout import prepare_checkout, send_checkout
from payments.charging.models import Payment
from payments.charging.sending import sender
from payments.installation.models import Installation
from payments.invoicing.issue import issue_now
from payments.reconciliation.models import SeenPayment
from payments.reconciliation.opening import compare
from payments.reconciliation.running import reconcile
from tests.payments.reconciliation.conftest import differences, pay
from tests.support.business import GOOD_CARD, enter_card, make_agreement
from tests.support.charging import one_due_charge
from tests.support.gateway_cabinet import pay_past_us
from tests.support.world import World


def _begin_to_pay() -> tuple[UUID, str]:
    with begin() as session:
        it = make_agreement(session, email="boris@example.com")
        now = business_now(session)
        invoice = issue_now(session, it.line_id, now=now)
        checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=None, now=now)
    url = send_checkout(checkout.payment_id)
    assert url
    return checkout.payment_id, url


def test_payments_in_each_stage_raise_no_alarm(world: World) -> None:
    pay()
    due = one_due_charge(world)  # written, not sent
    _begin_to_pay()  # the payer stands on the gateway's page
    _paid_id, url = _begin_to_pay()
    enter_card(url, GOOD_CARD)  # the money is there, nobody has told us yet
    pay_past_us(world.sandbox, "500.00")  # made in the gateway's cabinet a moment ago

    reconcile()
    assert differences() == []

    world.fail(system="yookassa", match={"method": "POST"}, kind="drop_after", times=1)
    charge([str(due.payment_id)])
    assert sender().wait_idle(30)
    with read() as session:
        assert session.get_one(Payment, due.payment_id).status == "unknown"
    reconcile()
    assert differences() == []


def test_a_success_that_never_left_according_to_us_is_told_at_once(world: World) -> None:
    paid = pay()
    with begin() as session:
        # As a copy from the moment between the row and its first permit would have it.
        session.execute(
            update(Payment)
            .where(Payment.id == paid.payment_id)
            .values(status="created", sends=0, first_sent_at=None, permit_at=None, gateway_id=None, decided_at=None)
        )

    reconcile()

    assert [(it.kind, it.repair) for it in differences()] == [("other_status", "apply")]
    with read() as session:
        assert session.get_one(Installation, 1).unproven_since


def test_a_payment_decided_after_the_reading_began_is_judged_next_time(world: World) -> None:
    paid = pay()
    world.jump("PT30M")
    reconcile()
    with begin() as session:
        later = business_now(session)
        # As if the poller had heard of it while the last page was being read.
        session.execute(update(SeenPayment).values(status="pending"))
        session.execute(update(Payment).where(Payment.id == paid.payment_id).values(decided_at=later))
        shop_id = session.get_one(Payment, paid.payment_id).shop_id
        assert compare(session, shop_id, later) == 0


def test_a_quiet_payment_page_that_was_left_open_is_no_difference(world: World) -> None:
    _begin_to_pay()
    world.jump("PT50M")
    reconcile()
    assert differences() == []
