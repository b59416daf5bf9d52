"""Notifications come in any order, twice, and with claims that are not true: each payment has one ending."""

from __future__ import annotations

from itertools import permutations
from uuid import UUID

import pytest
from sqlalchemy import func, select

from kernel.db import begin, read
from kernel.outbox import OutboxMessage
from payments.charging.models import Payment
from payments.events import PaymentDeclined, PaymentSucceeded
from payments.ledger.models import LedgerTransaction
from payments.webhooks.intake import take_in
from payments.webhooks.models import InboundWebhook
from payments.webhooks.processing import process
from tests.support.business import make_agreement, pay_with_consent
from tests.support.world import World

CLAIMS = (
    ("payment.waiting_for_capture", "waiting_for_capture"),
    ("payment.succeeded", "succeeded"),
    ("payment.canceled", "canceled"),
    ("refund.succeeded", "succeeded"),
)
ORDERS = list(permutations(CLAIMS))
POOR_CARD = "5555555555554600"


@pytest.mark.timeout(300)
def test_every_order_of_notifications_books_a_paid_payment_once(world: World) -> None:
    for number, order in enumerate(ORDERS):
        with begin() as session:
            it = make_agreement(session, email=f"order{number}@example.com", draft=True)
        payment_id = pay_with_consent(it)
        verdicts = _hear_twice(payment_id, order)
        assert _endings(payment_id) == ("succeeded", 1, 1, 0), order
        assert verdicts["payment.succeeded"] == "done", order
        assert verdicts["payment.canceled"] == "forged", order
        assert verdicts["refund.succeeded"] == "ignored", order


@pytest.mark.timeout(300)
def test_every_order_of_notifications_ends_a_declined_payment_once(world: World) -> None:
    world.product.control("shops", {"account_id": "100500", "form_retries": False})
    for number, order in enumerate(ORDERS):
        with begin() as session:
            it = make_agreement(session, email=f"order{number}@example.com", draft=True)
        payment_id = pay_with_consent(it, card=POOR_CARD)
        verdicts = _hear_twice(payment_id, order)
        assert _endings(payment_id) == ("canceled", 0, 0, 1), order
        assert verdicts["payment.succeeded"] == "forged", order
        assert verdicts["payment.canceled"] == "done", order


def _hear_twice(payment_id: UUID, order: tuple[tuple[str, str], ...]) -> dict[str, str]:
    with read() as session:
        gateway_id = session.get_one(Payment, payment_id).gateway_id
    for event, status in [claim for claim in order for _copy in range(2)]:
        with begin() as session:
            body = {"type": "notification", "event": event, "object": {"id": gateway_id, "status": status}}
            take_in(session, body, ip="127.0.0.1")
            row = select(InboundWebhook.id).where(InboundWebhook.event == event, InboundWebhook.object_id == gateway_id)
            webhook_id = session.execute(row).scalar_one()
        process([str(webhook_id)])
    with read() as session:
        rows = session.execute(
            select(InboundWebhook.event, InboundWebhook.status).where(InboundWebhook.object_id == gateway_id)
        ).all()
    return {row.event: row.status for row in rows}


def _endings(payment_id: UUID) -> tuple[str, int, int, int]:
    with read() as session:
        postings = session.execute(
            select(func.count()).select_from(LedgerTransaction).where(LedgerTransaction.source_id == payment_id)
        ).scalar_one()
        events = [
            session.execute(
                select(func.count())
                .select_from(OutboxMessage)
                .where(OutboxMessage.topic == topic, OutboxMessage.payload["payment_id"].astext == str(payment_id))
            ).scalar_one()
            for topic in (PaymentSucceeded.topic, PaymentDeclined.topic)
        ]
        return session.get_one(Payment, payment_id).status, postings, events[0], events[1]
