"""A notification is a hint: the gateway is asked, and its answer is what counts."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text, update

from kernel.clock import business_now
from kernel.db import begin, read
from payments.charging.checkout import prepare_checkout, send_checkout
from payments.charging.models import Payment
from payments.installation.models import Shop
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice
from payments.webhooks.intake import NotANotification, take_in
from payments.webhooks.models import InboundWebhook
from payments.webhooks.processing import hint_due_webhooks, process
from tests.support.blocking import meanwhile
from tests.support.business import make_agreement, pay_with_consent
from tests.support.faults import faulty
from tests.support.gateway_cabinet import pay_past_us
from tests.support.world import World


def _notify(event: str, object_id: str, status: str) -> None:
    body = {"type": "notification", "event": event, "object": {"id": object_id, "status": status}}
    with begin() as session:
        take_in(session, body, ip="127.0.0.1")


def _verdict(object_id: str) -> str:
    with read() as session:
        return session.execute(select(InboundWebhook.status).where(InboundWebhook.object_id == object_id)).scalar_one()


def _paid(world: World) -> Payment:
    with begin() as session:
        it = make_agreement(session, draft=True)
    payment_id = pay_with_consent(it)
    with read() as session:
        return session.get_one(Payment, payment_id)


def test_a_true_notification_brings_the_payment_to_its_end(world: World) -> None:
    payment = _paid(world)
    assert payment.gateway_id
    _notify("payment.succeeded", payment.gateway_id, "succeeded")
    world.drain()
    with read() as session:
        assert session.get_one(Payment, payment.id).status == "succeeded"
    assert _verdict(payment.gateway_id) == "done"


def test_a_forged_success_changes_nothing_and_is_named(world: World) -> None:
    payment = _paid(world)
    _notify("payment.succeeded", "2f3e4d5c-000f-5000-8000-000000000000", "succeeded")
    _notify("payment.canceled", payment.gateway_id or "", "canceled")
    world.drain()
    assert _verdict("2f3e4d5c-000f-5000-8000-000000000000") == "forged"
    assert _verdict(payment.gateway_id or "") == "forged"
    with read() as session:
        assert session.get_one(Payment, payment.id).status == "succeeded"


def test_copies_of_one_notification_are_counted_once(world: World) -> None:
    payment = _paid(world)
    for _ in range(5):
        _notify("payment.succeeded", payment.gateway_id or "", "succeeded")
    world.drain()
    with read() as session:
        row = session.scalars(select(InboundWebhook)).one()
        assert (row.copies, row.status) == (5, "done")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "type"),
        ({"type": "notification"}, "object"),
        ({"type": "notification", "event": "", "object": {"id": "1", "status": "x"}}, "event"),
        ({"type": "notification", "event": "e", "object": {"id": 7, "status": "x"}}, "object.id"),
        ({"type": "notification", "event": "e", "object": {"id": "\n", "status": "x"}}, "object.id"),
        ({"type": "notification", "event": "e", "object": {"id": "../refunds?limit=1", "status": "x"}}, "object.id"),
        ({"type": "notification", "event": "e", "object": {"id": "1/capture", "status": "x"}}, "object.id"),
        ({"type": "notification", "event": "e", "object": {"id": "22e1-000f\u0661", "status": "x"}}, "object.id"),
    ],
    ids=str,
)
def test_what_is_no_notification_is_refused_by_field(session: object, body: object, field: str) -> None:
    with pytest.raises(NotANotification, match=field):
        take_in(session, body, ip=None)  # type: ignore[arg-type]  # the session of the fixture


def test_a_notification_without_an_answer_is_given_up_after_three_days_and_its_payment_is_not(world: World) -> None:
    payment = _paid(world)
    _notify("payment.succeeded", payment.gateway_id or "", "succeeded")
    assert _process_in_vain(world) == ("new", 1)
    world.jump("P2D")
    assert _process_in_vain(world) == ("new", 2)
    world.jump("P1DT1H")
    assert _process_in_vain(world) == ("ignored", 2)
    world.drain()
    with read() as session:
        assert session.get_one(Payment, payment.id).status == "succeeded"


def test_a_notification_that_was_given_up_is_asked_about_when_it_comes_again(world: World) -> None:
    payment = _paid(world)
    _notify("payment.succeeded", payment.gateway_id or "", "succeeded")
    world.jump("P4D")
    assert _process_in_vain(world) == ("ignored", 0)
    _notify("payment.succeeded", payment.gateway_id or "", "succeeded")
    world.drain()
    assert _verdict(payment.gateway_id or "") == "done"


def test_a_notification_is_stored_with_a_hint_that_the_sweep_trusts(world: World) -> None:
    _notify("payment.succeeded", _paid(world).gateway_id or "", "succeeded")
    hinted: list[object] = []
    assert hint_due_webhooks(lambda _job, ids: hinted.extend(ids)) == 0
    assert hinted == []


def test_a_verdict_that_lost_a_deadlock_is_found_again(world: World) -> None:
    payment = _paid(world)
    _notify("payment.succeeded", payment.gateway_id or "", "succeeded")
    with read() as session:
        webhook_id = session.scalars(select(InboundWebhook.id)).one()
    with begin() as session:
        # We hold the invoice and then want the payment; the webhook holds the payment and wants the invoice.
        session.execute(text("SET LOCAL deadlock_timeout = '10s'"))
        session.execute(select(Invoice.id).where(Invoice.id == payment.invoice_id).with_for_update())
        with meanwhile(lambda: process([str(webhook_id)])) as processing:
            session.execute(select(Payment.id).where(Payment.id == payment.id).with_for_update())
            session.commit()
            processing.result(20)

    with read() as session:
        row = session.get_one(InboundWebhook, webhook_id)
        assert (row.status, row.tries) == ("done", 0)
        assert session.get_one(Payment, payment.id).status == "succeeded"


def _process_in_vain(world: World) -> tuple[str, int]:
    world.fail(system="yookassa", match={"method": "GET"}, kind="html_502", times=1)
    with read() as session:
        webhook_id = session.scalars(select(InboundWebhook.id)).one()
    process([str(webhook_id)])
    with read() as session:
        row = session.get_one(InboundWebhook, webhook_id)
        return row.status, row.tries


def test_a_success_that_the_gateway_does_not_know_of_yet_is_a_forgery(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
        now = business_now(session)
        invoice = issue_now(session, it.line_id, now=now)
        checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=None, now=now)
    assert send_checkout(checkout.payment_id)
    with read() as session:
        payment = session.get_one(Payment, checkout.payment_id)
    _notify("payment.succeeded", payment.gateway_id or "", "succeeded")
    world.drain()
    assert _verdict(payment.gateway_id or "") == "forged"
    with read() as session:
        assert session.get_one(Payment, checkout.payment_id).status == "pending"


def test_a_payment_made_past_us_is_none_of_ours(world: World) -> None:
    foreign = pay_past_us(world.sandbox, "150.00")
    _notify("payment.succeeded", foreign["id"], "succeeded")
    world.drain()
    assert _verdict(foreign["id"]) == "ignored"
    with read() as session:
        assert session.scalars(select(Payment.id)).all() == []


def test_a_payment_of_another_shop_is_marked_and_not_booked(world: World) -> None:
    payment = _paid(world)
    with begin() as session:
        session.execute(update(Shop).values(account_id="999"))
    _notify("payment.succeeded", payment.gateway_id or "", "succeeded")
    world.drain()
    assert _verdict(payment.gateway_id or "") == "ignored"
    with read() as session:
        found = session.get_one(Payment, payment.id)
        assert (found.status, found.oddity) == ("pending", "quarantined")


def test_a_notification_that_broke_half_way_is_tried_again_later(world: World) -> None:
    payment = _paid(world)
    _notify("payment.succeeded", payment.gateway_id or "", "succeeded")
    with read() as session:
        webhook_id = session.scalars(select(InboundWebhook.id)).one()
    with faulty("webhook.after_answer=raise"):
        process([str(webhook_id)])
    with read() as session:
        row = session.get_one(InboundWebhook, webhook_id)
        assert (row.status, row.tries, row.hinted_until) == ("new", 1, None)
        assert session.get_one(Payment, payment.id).status == "pending"

    process([str(webhook_id)])
    assert _verdict(payment.gateway_id or "") == "done"
