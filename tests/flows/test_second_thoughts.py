"""Customers change their minds in the middle of things; nobody is charged for it, and nothing is forgotten."""

from __future__ import annotations

from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import begin, read
from payments.autopay.consents import Evidence
from payments.autopay.models import Autopay, PaymentMethod
from payments.autopay.stopping import unlink, wait_for_calls, withdraw
from payments.charging.charging import charge
from payments.charging.checkout import prepare_checkout, send_checkout
from payments.charging.models import Payment
from payments.charging.sending import sender
from payments.contracts.models import Installment
from payments.invoicing.issue import issue_now
from tests.support.business import (
    GOOD_CARD,
    Agreement,
    agree,
    enter_card,
    make_agreement,
    pay_with_consent,
    payments_of,
)
from tests.support.charging import make_due, next_day
from tests.support.world import World


def _begin_with_consent(it: Agreement) -> str:
    with begin() as session:
        now = business_now(session)
        invoice = issue_now(session, it.line_id, now=now)
        consent_id = agree(session, it, now=now)
        checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=consent_id, now=now)
    url = send_checkout(checkout.payment_id)
    assert url
    return url


def test_a_consent_withdrawn_on_the_gateways_page_makes_no_autopay(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    url = _begin_with_consent(it)
    with begin() as session:
        withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))
    enter_card(url, GOOD_CARD)
    world.play(advance="P2M")
    with read() as session:
        assert session.scalars(select(Autopay)).all() == []
        assert [payment.status for payment in payments_of(session, it.contract_id)] == ["succeeded"]


def test_a_decline_that_comes_in_after_the_stop_promises_no_other_attempt(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay_with_consent(it)
    world.play(advance="PT20M")
    next_day()
    with begin() as session:
        (due,) = make_due(session, [it])
        token = session.get_one(PaymentMethod, due.method_id).gateway_id
    world.script(token, "insufficient_funds")
    world.fail(system="yookassa", match={"method": "POST"}, kind="slow", times=1, seconds=2)
    charge([str(due.payment_id)])
    with begin() as session:
        unlink(session, due.method_id, customer_id=it.customer_id, evidence=Evidence(), now=business_now(session))
    assert [item.payment_id for item in wait_for_calls(due.method_id)] == []
    assert sender().wait_idle(30)
    with read() as session:
        payment = session.get_one(Payment, due.payment_id)
        line = session.scalars(select(Installment).where(Installment.status == "invoiced")).one()
        assert (payment.status, payment.reason) == ("canceled", "insufficient_funds")
        assert payment.next_attempt_at is None
        assert line.charge_at is None
    world.play(advance="P2M")
    sent = [entry for entry in world.journal(system="yookassa") if entry["payment_method_id"]]
    assert len([entry for entry in sent if entry["method"] == "POST"]) == 1


def test_a_line_that_was_to_be_paid_early_and_was_not_is_charged_in_its_time(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay_with_consent(it)
    world.play(advance="PT20M")
    with begin() as session:
        line_id = session.scalars(select(Installment.id).where(Installment.status == "planned")).one()
        now = business_now(session)
        invoice = issue_now(session, line_id, now=now)
        checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=None, now=now)
    assert send_checkout(checkout.payment_id)
    world.play(advance="P1M1D")
    with read() as session:
        found = [(payment.initiator, payment.status) for payment in payments_of(session, it.contract_id)]
    assert found == [("customer", "succeeded"), ("customer", "canceled"), ("schedule", "succeeded")]
