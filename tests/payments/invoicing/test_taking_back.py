"""An employee voids an invoice: the books forget it exactly, the contract goes on, and money on its way forbids it."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from kernel.clock import business_date, business_now
from kernel.db import Session
from kernel.errors import NotFound, Refused
from kernel.outbox import OutboxMessage
from kernel.settings import get_settings
from payments.charging.applying import apply
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Payment
from payments.contracts.models import BY_CALENDAR, Contract, Installment
from payments.history.models import StatusHistory
from payments.installation.models import Shop
from payments.installation.setup import ensure_installation
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice
from payments.invoicing.one_off import OneOff, issue_one_off
from payments.invoicing.taking_back import void_invoice
from payments.ledger.models import LedgerEntry
from tests.support.business import Agreement, make_agreement
from tests.support.gateway_objects import says

BOSS = uuid4()


@pytest.fixture
def anna(session: Session) -> Agreement:
    ensure_installation(session, get_settings())
    return make_agreement(session)


def issued(session: Session, it: Agreement) -> Invoice:
    return issue_now(session, it.line_id, now=business_now(session))


def void(session: Session, invoice_id: UUID) -> bool:
    return void_invoice(session, invoice_id, by=BOSS, now=business_now(session))


def lines(session: Session, contract_id: UUID) -> list[tuple[int, str]]:
    found = select(Installment).where(Installment.contract_id == contract_id).order_by(Installment.number)
    return [(line.number, line.status) for line in session.scalars(found.execution_options(populate_existing=True))]


def test_the_contract_goes_on_with_its_next_line(session: Session, anna: Agreement) -> None:
    invoice = issued(session, anna)

    assert void(session, invoice.id) is True

    assert (invoice.status, invoice.voided_at is not None) == ("void", True)
    assert lines(session, anna.contract_id) == [(1, "skipped"), (2, "planned")]
    assert session.get_one(Contract, anna.contract_id).status == "active"
    (said,) = session.scalars(
        select(StatusHistory).where(StatusHistory.object_id == invoice.id, StatusHistory.new == "void")
    )
    assert said.source == f"staff:{BOSS}"


def test_a_contract_by_the_calendar_has_its_next_line_already(session: Session) -> None:
    ensure_installation(session, get_settings())
    it = make_agreement(session, advance=BY_CALENDAR)
    invoice = issued(session, it)
    assert lines(session, it.contract_id) == [(1, "invoiced"), (2, "planned")]

    void(session, invoice.id)

    assert lines(session, it.contract_id) == [(1, "skipped"), (2, "planned")]


def test_a_one_off_takes_its_contract_along(session: Session, anna: Agreement) -> None:
    now = business_now(session)
    shop = session.scalars(select(Shop)).one()
    what = OneOff(uuid4(), anna.customer_id, "Ключи", 90_000, business_date(now), base_id=anna.contract_id)
    invoice = issue_one_off(session, what, shop=shop, by=BOSS, now=now)

    void(session, invoice.id)

    assert session.get_one(Contract, invoice.contract_id).status == "ended"
    assert lines(session, invoice.contract_id) == [(1, "void")]
    assert session.get_one(Contract, anna.contract_id).status == "active", "the contract beside it stands"


def test_a_purchase_that_was_never_paid_ends_as_if_it_had_lapsed(session: Session) -> None:
    ensure_installation(session, get_settings())
    it = make_agreement(session, draft=True)
    invoice = issued(session, it)

    void(session, invoice.id)

    assert session.get_one(Contract, it.contract_id).status == "ended"
    assert lines(session, it.contract_id) == [(1, "void")]


def test_voiding_twice_is_voiding_once(session: Session, anna: Agreement) -> None:
    invoice = issued(session, anna)

    assert [void(session, invoice.id) for _ in range(3)] == [True, False, False]
    topics = session.scalars(select(OutboxMessage.topic)).all()
    assert topics.count("payments.invoice_voided.v1") == 1
    assert session.scalar(select(func.sum(LedgerEntry.kopecks))) == 0


def test_a_payment_under_way_forbids_it_and_one_that_ended_without_money_does_not(
    session: Session, anna: Agreement
) -> None:
    invoice = issued(session, anna)
    now = business_now(session)
    checkout = prepare_checkout(session, invoice.id, customer_id=anna.customer_id, consent_id=None, now=now)
    with pytest.raises(Refused, match="идёт платёж"):
        void(session, invoice.id)

    payment = session.get_one(Payment, checkout.payment_id)
    apply(session, [says(session, payment, "canceled", reason="general_decline")], source="answer", now=now)

    assert void(session, invoice.id) is True


def test_a_paid_invoice_and_a_partly_paid_one_stay(session: Session, anna: Agreement) -> None:
    invoice = issued(session, anna)
    now = business_now(session)
    checkout = prepare_checkout(session, invoice.id, customer_id=anna.customer_id, consent_id=None, now=now)
    payment = session.get_one(Payment, checkout.payment_id)
    apply(session, [says(session, payment, "succeeded", kopecks=invoice.kopecks - 500)], source="answer", now=now)
    with pytest.raises(Refused, match="уже пришли деньги"):
        void(session, invoice.id)

    rest = prepare_checkout(session, invoice.id, customer_id=anna.customer_id, consent_id=None, now=now)
    payment = session.get_one(Payment, rest.payment_id)
    apply(session, [says(session, payment, "succeeded")], source="answer", now=now)

    with pytest.raises(Refused, match="ждёт оплаты"):
        void(session, invoice.id)


def test_no_such_invoice_is_not_found(session: Session, anna: Agreement) -> None:
    with pytest.raises(NotFound):
        void(session, uuid4())
