"""A notification is a hint: the gateway is asked, and its answer is what counts."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from kernel.db import begin, read
from payments.charging.models import Payment
from payments.webhooks.intake import NotANotification, take_in
from payments.webhooks.models import InboundWebhook
from tests.support.business import make_agreement, pay_with_consent
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
    ],
    ids=str,
)
def test_what_is_no_notification_is_refused_by_field(session: object, body: object, field: str) -> None:
    with pytest.raises(NotANotification, match=field):
        take_in(session, body, ip=None)  # type: ignore[arg-type]  # the session of the fixture
