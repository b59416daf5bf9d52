"""The same notification a hundred times at once: one row, one posting."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from kernel.db import begin, read
from payments.charging.models import Payment
from payments.ledger.models import LedgerTransaction
from payments.webhooks.intake import take_in
from payments.webhooks.models import InboundWebhook
from payments.webhooks.processing import process
from tests.support.business import make_agreement, pay_with_consent
from tests.support.world import World

COPIES = 100


def test_a_hundred_copies_at_once_have_one_effect(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    payment_id = pay_with_consent(it)
    with read() as session:
        gateway_id = session.get_one(Payment, payment_id).gateway_id
    body = {
        "type": "notification",
        "event": "payment.succeeded",
        "object": {"id": gateway_id, "status": "succeeded"},
    }

    def deliver(_copy: int) -> None:
        with begin() as session:
            take_in(session, body, ip="127.0.0.1")
        with read() as session:
            ids = [str(key) for key in session.scalars(select(InboundWebhook.id)).all()]
        process(ids)

    with ThreadPoolExecutor(12) as senders:
        list(senders.map(deliver, range(COPIES)))
    with read() as session:
        row = session.scalars(select(InboundWebhook)).one()
        postings = session.execute(
            select(func.count()).select_from(LedgerTransaction).where(LedgerTransaction.kind == "payment")
        ).scalar_one()
        assert (row.copies, row.status) == (COPIES, "done")
        assert session.get_one(Payment, payment_id).status == "succeeded"
        assert postings == 1
