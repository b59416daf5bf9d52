"""A gateway that takes its time for every answer delays look-ups, and nothing else."""

from __future__ import annotations

import time
from uuid import UUID

import pytest
from sqlalchemy import func, select

from kernel import outbox
from kernel.broker import DELIVER
from kernel.db import begin, read
from kernel.ids import uuid7
from kernel.outbox import Delivery, OutboxMessage
from payments.events import PaymentSucceeded
from payments.webhooks.models import InboundWebhook
from payments.webhooks.processing import WEBHOOK
from portal.wiring import Wiring
from tests.support.business import make_agreement, pay_with_consent
from tests.support.processes import running
from tests.support.world import World

NOTIFICATIONS = 24
_PATIENCE_S = 60.0


@pytest.mark.timeout(120)
def test_a_delivery_does_not_wait_for_slow_look_ups(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    payment_id = pay_with_consent(it)
    webhooks = _notifications()
    world.fail(system="yookassa", match={"method": "GET"}, kind="slow", seconds=3)
    jobs = Wiring().jobs
    for start in range(0, NOTIFICATIONS, 4):
        jobs.send(WEBHOOK, webhooks[start : start + 4])
    with running("worker"):
        _wait_until_asking(world)
        jobs.send(DELIVER, [_delivery(payment_id)])
        _wait_until_delivered()
        with read() as session:
            waiting = session.execute(
                select(func.count()).select_from(InboundWebhook).where(InboundWebhook.status == "new")
            ).scalar_one()
    assert waiting > NOTIFICATIONS / 2


def _notifications() -> list[UUID]:
    rows = [
        InboundWebhook(
            id=uuid7(), event="payment.succeeded", object_id=f"gw-{number}", object_status="succeeded", status="new"
        )
        for number in range(NOTIFICATIONS)
    ]
    with begin() as session:
        session.add_all(rows)
    return [row.id for row in rows]


def _delivery(payment_id: UUID) -> int:
    with begin() as session:
        outbox.record(session, PaymentSucceeded(payment_id))
        message_id = session.execute(
            select(OutboxMessage.id).where(OutboxMessage.topic == PaymentSucceeded.topic)
        ).scalar_one()
        consumer = Wiring().handlers.consumers(PaymentSucceeded.topic)[0]
        delivery = Delivery(message_id=message_id, consumer=consumer)
        session.add(delivery)
        session.flush()
        return delivery.id


def _wait_until_asking(world: World) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not any(entry["method"] == "GET" for entry in world.journal(system="yookassa")):
        assert time.monotonic() < until
        time.sleep(0.1)


def _wait_until_delivered() -> None:
    until = time.monotonic() + _PATIENCE_S
    while True:
        with read() as session:
            if session.scalars(select(Delivery.done_at)).one():
                return
        assert time.monotonic() < until
        time.sleep(0.1)
