"""`kabinet reconcile --repair` is killed between any two steps: begun again, it takes a payment over once."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from kernel.clock import business_now
from kernel.db import Session, begin, read
from payments.charging.models import Payment
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice
from payments.ledger.models import LedgerEntry
from payments.reconciliation.models import Difference, Reconciliation
from payments.reconciliation.repairing import repair_all
from payments.reconciliation.running import reconcile
from tests.crash.killing import postings_of
from tests.support.business import make_agreement
from tests.support.gateway_cabinet import pay_past_us
from tests.support.processes import running
from tests.support.world import World

POINTS = ("reconcile.before_commit", "repair.after_import", "repair.before_commit", "repair.after_commit")
# Between these nothing is written.
QUIET_POINTS = (
    "reconcile.after_claim",
    "reconcile.after_reading",
    "reconcile.after_keep",
    "reconcile.after_commit",
    "repair.after_answer",
    "repair.after_apply",
)


@pytest.mark.parametrize("point", [*POINTS, *(pytest.param(it, marks=pytest.mark.soak) for it in QUIET_POINTS)])
def test_a_payment_from_the_cabinet_is_taken_over_once_wherever_it_was_killed(world: World, point: str) -> None:
    invoice_id = _paid_in_the_cabinet(world)
    with running("reconcile", "--repair", faults=f"{point}=kill") as process:
        assert process.wait(60) == -9
    with begin() as session:  # the dead process's lease runs out; the test does not wait for it
        session.execute(update(Reconciliation).values(lease_until=func.clock_timestamp()))

    for _ in range(2):
        reconcile()
        repair_all(by=None, note=_note)

    with read() as session:
        (payment,) = session.scalars(select(Payment).where(Payment.invoice_id == invoice_id)).all()
        assert (payment.status, session.get_one(Invoice, invoice_id).status) == ("succeeded", "paid")
        assert session.execute(select(func.sum(LedgerEntry.kopecks))).scalar_one() == 0
        assert session.scalars(select(Difference.resolution)).all() == ["repaired"]
    assert postings_of(payment.id) == 1


def _note(_session: Session, _difference: Difference) -> None:
    """Nothing is written into a log here."""


def _paid_in_the_cabinet(world: World) -> UUID:
    with begin() as session:
        it = make_agreement(session)
        invoice = issue_now(session, it.line_id, now=business_now(session))
    pay_past_us(world.sandbox, "3000.00", description=f"Счёт № {invoice.number}")
    world.jump("PT30M")
    return invoice.id
