"""A company with one paid invoice, and its reconciliation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.db import begin, read
from payments.charging.checking import check
from payments.charging.models import Payment
from payments.invoicing.models import Invoice
from payments.reconciliation.models import Difference
from payments.reconciliation.running import reconcile
from tests.support.business import Agreement, make_agreement, pay_with_consent
from tests.support.charging import ask_now
from tests.support.world import World

Seen = set[tuple[str, str]]


@dataclass(frozen=True)
class Paid:
    """A contract whose first invoice was paid through the gateway."""

    agreement: Agreement
    payment_id: UUID
    invoice_id: UUID
    gateway_id: str


@pytest.fixture
def paid(world: World) -> Paid:
    """Anna's."""
    return pay()


def pay(email: str = "anna@example.com") -> Paid:
    """A new customer agrees and pays, and the money is booked."""
    with begin() as session:
        it = make_agreement(session, draft=True, email=email)
    payment_id = pay_with_consent(it)
    ask_now(payment_id)
    check([str(payment_id)])
    with read() as session:
        payment = session.get_one(Payment, payment_id)
        assert payment.status == "succeeded"
        assert payment.gateway_id
        return Paid(it, payment_id, payment.invoice_id, payment.gateway_id)


def differences(*, resolved: bool = False) -> list[Difference]:
    """Those that are open, or those that were."""
    with read() as session:
        where = Difference.resolved_at.is_not(None) if resolved else Difference.resolved_at.is_(None)
        return list(session.scalars(select(Difference).where(where).order_by(Difference.happened_at)))


@pytest.fixture
def reconciled(world: World) -> Callable[[], Seen]:
    """Reconciles half an hour later, when nothing is under way any more; kinds and gateway ids that are open then."""

    def work() -> Seen:
        world.jump("PT30M")
        reconcile()
        return {(it.kind, it.gateway_id) for it in differences()}

    return work


def invoice_of(paid: Paid) -> Invoice:
    """The invoice as it is now."""
    with read() as session:
        return session.get_one(Invoice, paid.invoice_id)
