"""Processes of the product that are killed at a named point, and what must be true of the money afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import func, select, update

from kernel.db import begin, read
from payments.charging.models import Payment
from payments.invoicing.models import Invoice
from payments.ledger.models import LedgerEntry, LedgerTransaction
from payments.webhooks.models import InboundWebhook
from portal.wiring import build_handlers, build_jobs
from tests.support.world import World

ROOT = Path(__file__).parents[2]
_KILLED = -9
_PATIENCE_S = 60


@contextmanager
def running(command: str, faults: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """`kabinet worker` or `kabinet scheduler` as a process of its own."""
    environment = {**os.environ, "KABINET_FAULTS": faults, "KABINET_LOG_LEVEL": "ERROR"}
    process = subprocess.Popen([sys.executable, "-m", "portal.cli", command], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def kill_worker_at(point: str, job: str, row_id: UUID) -> None:
    """Have a real worker do this job, and see it die by SIGKILL at the point."""
    with running("worker", f"{point}=kill") as process:
        hint(job, row_id)
        assert process.wait(_PATIENCE_S) == _KILLED


def kill_scheduler_at(point: str) -> None:
    """Have a real scheduler do what is due, and see it die by SIGKILL at the point."""
    with running("scheduler", f"{point}=kill") as process:
        assert process.wait(_PATIENCE_S) == _KILLED


def hint(job: str, row_id: UUID) -> None:
    """Put a hint at one row into Redis."""
    build_jobs(build_handlers()).send(job, [row_id])


def end_leases() -> None:
    """A dead process's leases and hints run out; the test does not wait for them."""
    with begin() as session:
        session.execute(update(Payment).values(lease_until=func.clock_timestamp()))
        session.execute(update(InboundWebhook).values(hinted_until=func.clock_timestamp()))


def at_the_gateway(world: World, payment_id: UUID) -> list[dict[str, Any]]:
    """What the gateway's own list holds of this payment of ours."""
    answer = httpx.get(f"{world.sandbox.api_url}/payments", params={"limit": 100}, auth=("100500", "test_sandbox"))
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
        postings = session.scalars(
            select(LedgerTransaction.id).where(
                LedgerTransaction.kind == "payment", LedgerTransaction.source_id == payment_id
            )
        ).all()
        balance = session.execute(select(func.sum(LedgerEntry.kopecks))).scalar_one()
        assert payment.status == "succeeded"
        assert session.get_one(Invoice, payment.invoice_id).status == "paid"
    assert [item["status"] for item in at_the_gateway(world, payment_id)] == ["succeeded"]
    assert len(postings) == 1
    assert balance == 0
    assert len({entry["key"] for entry in sent}) == 1
    assert len({str(entry["request"]) for entry in sent}) == 1
