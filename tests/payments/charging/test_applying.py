"""apply() is monotonic and idempotent, whoever brings the object and however often."""

from __future__ import annotations

from itertools import permutations
from uuid import UUID

import pytest
from sqlalchemy import func, select

from kernel.clock import business_now
from kernel.db import Session
from kernel.outbox import OutboxMessage
from kernel.settings import get_settings
from payments.autopay.models import Autopay, PaymentMethod
from payments.charging.applying import apply
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Allocation, Payment
from payments.contracts.models import Contract, Installment
from payments.history.models import StatusHistory
from payments.installation.setup import ensure_installation
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice
from payments.ledger.models import LedgerEntry, LedgerTransaction
from tests.support.business import Agreement, agree, make_agreement
from tests.support.gateway_objects import says
from tests.support.standing import make_standing

ORDERS = [
    order
    for size in (1, 2, 3)
    for order in permutations(("pending", "waiting_for_capture", "succeeded"), size)
    if "succeeded" in order
]


@pytest.fixture
def it(session: Session) -> Agreement:
    ensure_installation(session, get_settings())
    return make_agreement(session, draft=True)


@pytest.fixture
def payment(session: Session, it: Agreement) -> Payment:
    return _start(session, it)


def _start(session: Session, it: Agreement, *, consent: bool = True) -> Payment:
    now = business_now(session)
    invoice = issue_now(session, it.line_id, now=now)
    consent_id = agree(session, it, now=now) if consent else None
    checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=consent_id, now=now)
    return session.get_one(Payment, checkout.payment_id)


def _apply(session: Session, *objects: object, source: str = "webhook") -> None:
    apply(session, objects, source=source, now=business_now(session))  # type: ignore[arg-type]
    session.flush()


def _posted(session: Session, payment_id: UUID) -> int:
    return session.execute(
        select(func.count())
        .select_from(LedgerTransaction)
        .where(LedgerTransaction.kind == "payment", LedgerTransaction.source_id == payment_id)
    ).scalar_one()


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_every_order_of_objects_ends_in_one_posting(session: Session, payment: Payment, order: tuple[str, ...]) -> None:
    for status in order:
        _apply(session, says(session, payment, status))
        _apply(session, says(session, payment, status), source="poller")
    session.refresh(payment)
    assert payment.status == "succeeded"
    assert _posted(session, payment.id) == 1
    assert session.execute(select(func.sum(LedgerEntry.kopecks))).scalar_one() == 0
    assert session.get_one(Invoice, payment.invoice_id).status == "paid"


def test_a_success_pays_the_line_and_plans_the_next(session: Session, it: Agreement, payment: Payment) -> None:
    _apply(session, says(session, payment, "succeeded"))
    lines = session.scalars(
        select(Installment).where(Installment.contract_id == it.contract_id).order_by(Installment.number)
    ).all()
    assert [line.status for line in lines] == ["paid", "planned"]
    assert session.get_one(Contract, it.contract_id).status == "active"


def test_a_saved_method_makes_an_autopay(session: Session, it: Agreement, payment: Payment) -> None:
    _apply(session, says(session, payment, "succeeded"))
    autopay = session.scalars(select(Autopay).where(Autopay.contract_id == it.contract_id)).one()
    assert autopay.status == "active"
    assert session.get_one(PaymentMethod, autopay.method_id).gateway_id == "pm-4444"


def test_a_payment_without_consent_saves_nothing(session: Session, it: Agreement) -> None:
    payment = _start(session, it, consent=False)
    _apply(session, says(session, payment, "succeeded"))
    assert session.scalars(select(Autopay)).all() == []
    assert session.scalars(select(PaymentMethod)).all() == []


def test_a_second_success_of_an_invoice_goes_to_the_customers_advance(session: Session, payment: Payment) -> None:
    _apply(session, says(session, payment, "succeeded"))
    _apply(session, says(session, payment, "succeeded", gateway_id="gw-twin"))
    twin = session.scalars(select(Payment).where(Payment.gateway_id == "gw-twin")).one()
    assert twin.status == "succeeded"
    assert _posted(session, twin.id) == 1
    advance = session.execute(
        select(func.sum(LedgerEntry.kopecks)).where(LedgerEntry.account == "advance")
    ).scalar_one()
    assert advance == -payment.kopecks
    counted = session.scalars(select(Allocation.kopecks).where(Allocation.invoice_id == payment.invoice_id)).all()
    assert counted == [payment.kopecks]


def test_a_smaller_sum_is_booked_as_it_came_and_leaves_the_invoice_open(session: Session, payment: Payment) -> None:
    _apply(session, says(session, payment, "succeeded", kopecks=payment.kopecks - 1))
    assert _posted(session, payment.id) == 1
    assert session.get_one(Invoice, payment.invoice_id).status == "open"


@pytest.mark.parametrize("foreign", [{"account_id": "999"}, {"test": False}, {"currency": "USD"}], ids=str)
def test_an_object_of_another_shop_mode_or_currency_is_not_believed(
    session: Session, payment: Payment, foreign: dict[str, object]
) -> None:
    item = says(session, payment, "succeeded", **foreign)
    applied = apply(session, [item], source="webhook", now=business_now(session))
    assert applied.quarantined == (item,)
    assert payment.status == "created"
    assert _posted(session, payment.id) == 0


def test_an_object_that_is_not_believed_leaves_nothing_behind(session: Session, payment: Payment) -> None:
    _apply(session, says(session, payment, "succeeded", account_id="999", gateway_id="gw-foreign"))
    session.refresh(payment)
    assert payment.gateway_id is None

    _apply(session, says(session, payment, "pending"))
    _apply(session, says(session, payment, "succeeded", account_id="999", gateway_id="gw-foreign"))
    assert [row.gateway_id for row in session.scalars(select(Payment))] == [f"gw-{payment.id}"]


def test_an_object_that_names_nothing_of_ours_is_left_alone(session: Session, payment: Payment) -> None:
    item = says(session, payment, "succeeded", payment_id=None, gateway_id="gw-cabinet")
    assert apply(session, [item], source="webhook", now=business_now(session)).payment_ids == ()
    assert payment.status == "created"


def test_money_counts_even_when_we_thought_that_it_never_happened(session: Session, payment: Payment) -> None:
    payment.status = "rejected"
    session.flush()
    _apply(session, says(session, payment, "succeeded"))
    assert _posted(session, payment.id) == 1
    assert session.get_one(Invoice, payment.invoice_id).status == "paid"


def test_money_that_comes_after_a_refusal_counts(session: Session, payment: Payment) -> None:
    _apply(session, says(session, payment, "canceled", reason="insufficient_funds", party="payment_network"))
    _apply(session, says(session, payment, "succeeded"))
    session.refresh(payment)
    assert (payment.status, payment.reason, payment.party) == ("succeeded", None, None)
    assert _posted(session, payment.id) == 1
    assert session.get_one(Invoice, payment.invoice_id).status == "paid"
    assert session.scalars(select(StatusHistory.new).where(StatusHistory.old == "canceled")).all() == ["succeeded"]

    _apply(session, says(session, payment, "canceled", reason="insufficient_funds"))
    session.refresh(payment)
    assert (payment.status, _posted(session, payment.id)) == ("succeeded", 1)


def test_a_refusal_that_turned_into_money_is_not_tried_again(session: Session) -> None:
    it = make_standing(session)
    charge = it.payment(session)
    _apply(session, says(session, charge, "canceled", reason="insufficient_funds"))
    assert it.payment(session).next_attempt_at is not None
    _apply(session, says(session, charge, "succeeded"))

    assert it.payment(session).next_attempt_at is None
    line = select(Installment).where(Installment.contract_id == it.contract_id, Installment.number == 2)
    assert (session.scalars(line).one().status, session.scalars(line).one().charge_at) == ("paid", None)


def test_a_canceled_payment_of_the_customer_leaves_the_invoice_open(session: Session, payment: Payment) -> None:
    _apply(session, says(session, payment, "canceled", reason="expired_on_confirmation", party="yoo_money"))
    session.refresh(payment)
    assert (payment.status, payment.reason) == ("canceled", "expired_on_confirmation")
    assert session.get_one(Invoice, payment.invoice_id).status == "open"
    topics = session.scalars(select(OutboxMessage.topic)).all()
    assert topics.count("payments.payment_declined.v1") == 1
