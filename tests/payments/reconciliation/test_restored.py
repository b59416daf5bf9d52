"""A backup that is restored knows nothing of what was charged since: nothing leaves before that is taken over."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from kernel import db
from kernel.clock import business_now
from kernel.db import Session, begin, read
from kernel.errors import Refused
from kernel.settings import get_settings
from payments.charging.charging import charge
from payments.charging.due import create_due_payments
from payments.charging.models import Payment
from payments.charging.sending import sender
from payments.gateway.yookassa import YooKassa
from payments.installation.models import Installation
from payments.installation.pausing import resume_charging
from payments.invoicing.issue import issue_due
from payments.invoicing.models import Invoice
from payments.ledger.models import LedgerEntry
from payments.reconciliation.models import Difference
from payments.reconciliation.repairing import repair_all
from payments.reconciliation.running import reconcile
from payments.stops.keeping import keep_memory
from payments.stops.recalling import recall
from portal.checks import check_start
from portal.demo.engines import plain, sibling
from portal.demo.postgres import create_database, drop_database
from tests.payments.reconciliation.conftest import differences
from tests.support import servers as engines
from tests.support.business import GOOD_CARD, enter_card, make_agreement, pay_with_consent
from tests.support.charging import make_due
from tests.support.world import World

OWNER = uuid.uuid4()
CHARGES = 3


def _note(_session: Session, _difference: Difference) -> None:
    """Nothing is written into a log here."""


@pytest.fixture
def backup(world: World, committed: str) -> Iterator[str]:
    """Three customers' next charges are planned when the backup is made, and are made right after it; its address.

    The tests go on in the backup, which lies elsewhere than the original.
    """
    with begin() as session:
        agreements = [make_agreement(session, draft=True, email=f"{n}@example.com") for n in range(CHARGES)]
    for it in agreements:
        pay_with_consent(it)
    world.play(advance="PT20M")
    check_start()
    keep_memory()
    db.dispose()
    name = f"backup_{uuid.uuid4().hex[:8]}"
    server = plain(sibling(committed, "postgres"))
    create_database(server, name, template=urlsplit(committed).path[1:])
    world.jump("P1D")
    with begin() as session:
        due = make_due(session, agreements)
    charge([str(it.payment_id) for it in due])
    assert sender().wait_idle(30)
    engines.use_database(sibling(committed, name))
    world.product.follow()
    check_start()
    keep_memory()
    yield name
    engines.use_database(committed)
    drop_database(server, name)


def _resume() -> None:
    with begin() as session:
        resume_charging(session, now=business_now(session), by=OWNER)


def _charges_at_the_gateway(world: World) -> int:
    return sum(1 for it in world.journal(system="yookassa") if it["method"] == "POST" and it["payment_method_id"])


def test_a_restored_backup_charges_nothing_until_reconciled_and_then_nothing_twice(world: World, backup: str) -> None:
    assert _charges_at_the_gateway(world) == CHARGES
    with pytest.raises(Refused, match="сверьте платежи"):
        _resume()

    reconcile()
    assert {(it.kind, it.repair) for it in differences()} == {("missing_here", "import")}
    assert len(differences()) == CHARGES
    with pytest.raises(Refused, match="исправьте"):
        _resume()

    done = repair_all(by=OWNER, note=_note)
    assert (done.done, done.refused) == (CHARGES, {})
    reconcile()
    assert differences() == []
    _resume()

    world.play(advance="P5D")
    with begin() as session:
        create_due_payments(session, now=business_now(session))
    assert _charges_at_the_gateway(world) == CHARGES
    with read() as session:
        assert not session.get_one(Installation, 1).charging_paused
        found = session.execute(select(Payment.initiator, Payment.status, Invoice.status).join(Invoice)).all()
        assert sorted(tuple(row) for row in found) == sorted(
            [("customer", "succeeded", "paid"), ("gateway", "succeeded", "paid")] * CHARGES
        )
        assert session.execute(select(func.sum(LedgerEntry.kopecks))).scalar_one() == 0


def test_a_reconciliation_from_before_the_pause_does_not_count(world: World, backup: str) -> None:
    with begin() as session:
        since = session.get_one(Installation, 1).unproven_since
        assert since is not None
    reconcile()
    repair_all(by=OWNER, note=_note)
    world.jump("PT1H")
    with begin() as session:
        session.get_one(Installation, 1).unproven_since = business_now(session)
    recall()
    with pytest.raises(Refused, match="сверьте платежи"):
        _resume()
    reconcile()
    _resume()


def test_a_payment_that_the_gateway_has_yet_to_decide_keeps_charging_off_until_it_is_decided(
    world: World, backup: str
) -> None:
    page = _open_a_page_past_these_books(world)
    reconcile()
    repair_all(by=OWNER, note=_note)
    with pytest.raises(Refused, match="незавершённые"):
        _resume()

    enter_card(page, GOOD_CARD)
    reconcile()
    with pytest.raises(Refused, match="исправьте"):
        _resume()
    repair_all(by=OWNER, note=_note)
    _resume()


def _open_a_page_past_these_books(world: World) -> str:
    """What a customer began after the backup: a payment of ours that only the gateway knows; the page's address."""
    with begin() as session:
        it = make_agreement(session, email="late@example.com")
        issue_due(session, now=business_now(session))
        invoice = session.scalars(select(Invoice).where(Invoice.contract_id == it.contract_id)).one()
    names = {"payment_id": str(uuid.uuid4()), "invoice_id": str(invoice.id), "contract_id": str(invoice.contract_id)}
    body = {
        "amount": {"value": f"{invoice.kopecks / 100:.2f}", "currency": "RUB"},
        "capture": True,
        "confirmation": {"type": "redirect", "return_url": "https://example.com"},
        "metadata": names,
    }
    made = YooKassa.of(get_settings()).create_payment(json.dumps(body), uuid.uuid4())
    assert made.confirmation_url
    return made.confirmation_url
