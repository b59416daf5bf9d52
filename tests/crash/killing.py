"""Work that is cut off by SIGKILL at a named point, and what must be true of the money afterwards."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from kernel.db import begin, read
from payments.charging.models import Payment
from payments.invoicing.models import Invoice
from payments.ledger.models import LedgerEntry, LedgerTransaction
from payments.webhooks.models import InboundWebhook
from portal.wiring import Wiring
from tests.support.processes import running
from tests.support.web import WEB
from tests.support.world import World

_KILLED = -9
_PATIENCE_S = 60


def kill_worker_at(point: str, job: str, row_id: UUID) -> None:
    """Have a real worker do this job, and see it die at the point."""
    with running("worker", faults=f"{point}=kill") as process:
        Wiring().jobs.send(job, [row_id])
        assert process.wait(_PATIENCE_S) == _KILLED


def end_leases() -> None:
    """A dead process's leases and hints run out; the test does not wait for them."""
    with begin() as session:
        session.execute(update(Payment).values(lease_until=func.clock_timestamp()))
        session.execute(update(InboundWebhook).values(hinted_until=func.clock_timestamp()))


def at_the_gateway(world: World, payment_id: UUID) -> list[dict[str, Any]]:
    """What the gateway's own list holds of this payment of ours."""
    answer = WEB.get(f"{world.sandbox.api_url}/payments", params={"limit": 100}, auth=("100500", "test_sandbox"))
    return [item for item in answer.json()["items"] if item["metadata"].get("payment_id") == str(payment_id)]


def assert_paid_once(world: World, payment_id: UUID) -> None:
    """One payment at the gateway, however often it was sent with one key; one posting; the invoice paid."""
    sent = [
        entry
        for entry in world.journal(system="yookassa")
        if entry["method"] == "POST" and entry["request"]["metadata"]["payment_id"] == str(payment_id)
    ]
    with read() as session:
        payment = session.get_one(Payment, payment_id)
        balance = session.execute(select(func.sum(LedgerEntry.kopecks))).scalar_one()
        assert payment.status == "succeeded"
        assert session.get_one(Invoice, payment.invoice_id).status == "paid"
    assert [item["status"] for item in at_the_gateway(world, payment_id)] == ["succeeded"]
    assert postings_of(payment_id) == 1
    assert balance == 0
    assert len({entry["key"] for entry in sent}) == 1
    assert len({str(entry["request"]) for entry in sent}) == 1


def postings_of(payment_id: UUID) -> int:
    """How often the payment stands in the ledger."""
    with read() as session:
        return session.execute(
            select(func.count())
            .select_from(LedgerTransaction)
            .where(LedgerTransaction.kind == "payment", LedgerTransaction.source_id == payment_id)
        ).scalar_one()
