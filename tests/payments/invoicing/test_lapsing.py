"""A purchase that nobody pays is forgotten after a while; money that comes late is the customer's all the same."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from kernel.clock import business_now, start_of
from kernel.db import Session
from kernel.outbox import OutboxMessage
from kernel.settings import get_settings
from payments.autopay.models import Autopay
from payments.charging.applying import apply
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Payment
from payments.contracts.models import Contract, Installment
from payments.history.models import StatusHistory
from payments.installation.setup import ensure_installation
from payments.invoicing.issue import issue_now
from payments.invoicing.lapsing import lapse_unpaid
from payments.invoicing.models import Invoice
from payments.ledger.models import LedgerEntry
from tests.support.business import Agreement, agree, make_agreement
from tests.support.gateway_objects import says


@pytest.fixture
def it(session: Session) -> Agreement:
    ensure_installation(session, get_settings())
    return make_agreement(session, draft=True)


@pytest.fixture
def invoice(session: Session, it: Agreement) -> Invoice:
    return issue_now(session, it.line_id, now=business_now(session))


def start_paying(session: Session, it: Agreement, invoice: Invoice) -> Payment:
    now = business_now(session)
    consent_id = agree(session, it, now=now)
    checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=consent_id, now=now)
    return session.get_one(Payment, checkout.payment_id)


def days_pass(session: Session, days: int) -> datetime:
    """Business time moves on, within this transaction alone."""
    shift = timedelta(days=days)
    session.execute(update(Invoice).values(lapses_at=Invoice.lapses_at - shift))
    return business_now(session)


def balances(session: Session, contract_id: UUID) -> dict[str, int]:
    rows = session.execute(
        select(LedgerEntry.account, func.sum(LedgerEntry.kopecks))
        .where(LedgerEntry.contract_id == contract_id)
        .group_by(LedgerEntry.account)
    ).all()
    return {row[0]: int(row[1]) for row in rows}


def history_of(session: Session, object_id: UUID) -> list[tuple[str | None, str, str]]:
    rows = session.execute(
        select(StatusHistory.old, StatusHistory.new, StatusHistory.source)
        .where(StatusHistory.object_id == object_id)
        .order_by(StatusHistory.id)
    )
    return [(row.old, row.new, row.source) for row in rows]


def test_a_purchase_waits_for_three_whole_days_after_its_own(session: Session, invoice: Invoice) -> None:
    assert invoice.lapses_at == start_of(invoice.due_on + timedelta(days=4))
    assert lapse_unpaid(session, now=days_pass(session, 3)) == 0
    assert lapse_unpaid(session, now=days_pass(session, 1)) == 1
    assert lapse_unpaid(session, now=business_now(session)) == 0


def test_what_lapsed_leaves_no_debt_and_no_revenue_but_a_trace(
    session: Session, it: Agreement, invoice: Invoice
) -> None:
    assert balances(session, it.contract_id) == {"receivable": 300_000, "revenue": -300_000}
    now = days_pass(session, 4)

    lapse_unpaid(session, now=now)

    session.expire_all()
    contract, line = session.get_one(Contract, it.contract_id), session.get_one(Installment, it.line_id)
    assert (invoice.status, invoice.voided_at) == ("void", now)
    assert (contract.status, contract.ended_at, line.status) == ("ended", now, "void")
    assert balances(session, it.contract_id) == {"receivable": 0, "revenue": 0}
    assert history_of(session, invoice.id) == [("open", "void", "lapse")]
    assert history_of(session, it.line_id) == [("invoiced", "void", "lapse")]
    assert history_of(session, it.contract_id)[-1] == ("draft", "ended", "lapse")
    topics = Counter(session.scalars(select(OutboxMessage.topic)))
    assert topics["payments.invoice_voided.v1"] == topics["payments.contract_status_changed.v1"] == 1


def test_a_payment_under_way_holds_the_purchase_open(session: Session, it: Agreement, invoice: Invoice) -> None:
    payment = start_paying(session, it, invoice)

    assert lapse_unpaid(session, now=days_pass(session, 4)) == 0

    item = says(session, payment, "canceled", reason="expired_on_confirmation", party="yoo_money")
    apply(session, [item], source="poller", now=business_now(session))
    assert lapse_unpaid(session, now=business_now(session)) == 1


def test_the_debt_of_a_running_contract_never_lapses(session: Session) -> None:
    ensure_installation(session, get_settings())
    it = make_agreement(session)
    invoice = issue_now(session, it.line_id, now=business_now(session))

    assert invoice.lapses_at is None
    assert lapse_unpaid(session, now=days_pass(session, 400)) == 0


def test_a_purchase_paid_in_part_is_a_debt_and_does_not_lapse(
    session: Session, it: Agreement, invoice: Invoice
) -> None:
    payment = start_paying(session, it, invoice)
    item = says(session, payment, "succeeded", kopecks=payment.kopecks - 1)
    apply(session, [item], source="webhook", now=business_now(session))

    assert lapse_unpaid(session, now=days_pass(session, 4)) == 0
    assert session.get_one(Contract, it.contract_id).status == "active"


def test_money_that_comes_after_the_lapse_is_the_customers_advance(
    session: Session, it: Agreement, invoice: Invoice
) -> None:
    payment = start_paying(session, it, invoice)
    payment.status, payment.reason = "rejected", "not_created"
    session.flush()
    assert lapse_unpaid(session, now=days_pass(session, 4)) == 1

    for _ in range(2):
        apply(session, [says(session, payment, "succeeded")], source="webhook", now=business_now(session))
    session.expire_all()

    assert payment.status == "succeeded"
    assert invoice.status == "void"
    assert session.get_one(Contract, it.contract_id).status == "ended"
    assert session.scalars(select(Autopay)).all() == [], "an ended contract is charged for nothing"
    assert balances(session, it.contract_id) == {
        "receivable": 0,
        "revenue": 0,
        "gateway": 300_000,
        "clearing": 0,
        "advance": -300_000,
    }
