"""A worker is killed with SIGKILL at every named point of a charge: one payment at the gateway, one posting."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select, text, update

from kernel.db import begin, read
from payments.charging.models import Payment
from payments.invoicing.models import Invoice
from payments.ledger.models import LedgerEntry, LedgerTransaction
from portal.wiring import build_handlers, build_jobs
from tests.support.business import make_agreement, pay_with_consent
from tests.support.charging import DueCharge, make_due, next_day
from tests.support.world import World

ROOT = Path(__file__).parents[2]
POINTS = (
    "charge.before_permit_commit",
    "charge.after_permit",
    "charge.before_send",
    "charge.after_answer",
    "record.after_apply",
    "charge.before_record_commit",
    "charge.after_record_commit",
)


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_a_point_charges_once(world: World, point: str) -> None:
    due = _one_due_charge(world)
    with _worker(f"{point}=kill") as process:
        jobs = build_jobs(build_handlers())
        jobs.send("charge", [due.payment_id])
        assert process.wait(60) == -9
    _end_leases()
    world.play(advance="PT30M")
    _assert_charged_once(world, due)


def _one_due_charge(world: World) -> DueCharge:
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay_with_consent(it)
    world.play(advance="PT20M")
    next_day()
    with begin() as session:
        (due,) = make_due(session, [it])
        session.execute(text("DELETE FROM outbox_messages WHERE topic = 'hint' AND dispatched_at IS NULL"))
    return due


@contextmanager
def _worker(faults: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "KABINET_FAULTS": faults, "KABINET_LOG_LEVEL": "ERROR"}
    process = subprocess.Popen([sys.executable, "-m", "portal.cli", "worker"], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _end_leases() -> None:
    # The lease of a killed worker lasts 150 s of real time; the test does not wait for it.
    with begin() as session:
        session.execute(update(Payment).values(lease_until=func.clock_timestamp()))


def _assert_charged_once(world: World, due: DueCharge) -> None:
    calls = [
        entry for entry in world.journal(system="yookassa") if entry["method"] == "POST" and entry["payment_method_id"]
    ]
    listed = httpx.get(
        f"{world.sandbox.api_url}/payments", params={"limit": 100}, auth=("100500", "test_sandbox")
    ).json()["items"]
    mine = [item for item in listed if item["metadata"].get("payment_id") == str(due.payment_id)]
    with read() as session:
        payment = session.get_one(Payment, due.payment_id)
        postings = session.scalars(
            select(LedgerTransaction.id).where(
                LedgerTransaction.kind == "payment", LedgerTransaction.source_id == due.payment_id
            )
        ).all()
        balance = session.execute(select(func.sum(LedgerEntry.kopecks))).scalar_one()
        assert payment.status == "succeeded"
        assert session.get_one(Invoice, due.invoice_id).status == "paid"
    assert [item["status"] for item in mine] == ["succeeded"]
    assert len(postings) == 1
    assert balance == 0
    assert len({entry["key"] for entry in calls}) == 1
    assert len({str(entry["request"]) for entry in calls}) == 1
