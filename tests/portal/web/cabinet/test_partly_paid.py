"""Part of an invoice has come: every page names what is left of it, as the button will ask for no more."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import Session, begin
from payments.charging.applying import apply
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Payment
from payments.invoicing.models import Invoice
from portal.web.cabinet.starting import contract_invoice
from tests.portal.web.cabinet.story import MONTHLY, Cabinet, Visitor
from tests.support.gateway_objects import says
from tests.support.standing import pay_first

LEFT = 100_050
LEFT_TEXT, WHOLE_TEXT, CAME_TEXT = "1 000,50 ₽", "2 365,50 ₽", "1 365,00 ₽"


@pytest.fixture
def contract_id(cabinet: Cabinet, anna: Visitor) -> UUID:
    """Anna's contract; of its second invoice a payment was refused, and the next one paid a part."""
    contract_id = cabinet.subscribe(anna)
    with begin() as session:
        invoice_id = contract_invoice(session, contract_id, [anna.customer_id], now=business_now(session)).id
        refused = begin_payment(session, anna, invoice_id)
        apply(session, [says(session, refused, "canceled")], source="webhook", now=business_now(session))
        pay_first(session, begin_payment(session, anna, invoice_id), short=LEFT)
    return contract_id


def begin_payment(session: Session, visitor: Visitor, invoice_id: UUID) -> Payment:
    now = business_now(session)
    begun = prepare_checkout(session, invoice_id, customer_id=visitor.customer_id, consent_id=None, now=now)
    return session.get_one(Payment, begun.payment_id)


def open_invoice(contract_id: UUID) -> UUID:
    with begin() as session:
        of_contract = select(Invoice.id).where(Invoice.contract_id == contract_id, Invoice.status == "open")
        return session.scalars(of_contract).one()


def shown(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("<main")[1]))


def test_home_asks_for_what_is_left(anna: Visitor, contract_id: UUID) -> None:
    page = shown(anna.page("/"))

    assert f"Оплатить {LEFT_TEXT}" in page
    assert f"Оплатить {WHOLE_TEXT}" not in page


def test_the_invoice_tells_the_whole_what_came_and_what_is_left(anna: Visitor, contract_id: UUID) -> None:
    page = shown(anna.page(f"/invoices/{open_invoice(contract_id)}"))

    assert f"Сумма счёта {WHOLE_TEXT}" in page
    assert f"Уже оплачено {CAME_TEXT}" in page
    assert f"Оплатить {LEFT_TEXT}" in page


def test_a_payment_that_was_refused_leads_to_what_is_left(cabinet: Cabinet, anna: Visitor, contract_id: UUID) -> None:
    refused = next(payment for payment in cabinet.payments_of(anna) if payment.status == "canceled")

    page = shown(anna.page(f"/payments/{refused.number}"))

    assert WHOLE_TEXT in page
    assert f"Оплатить {LEFT_TEXT}" in page


def test_an_autopay_is_agreed_to_for_its_sum_and_begins_with_what_is_left(anna: Visitor, contract_id: UUID) -> None:
    page = shown(anna.page(f"/autopay/new?contract={contract_id}"))

    assert f"Сумма {WHOLE_TEXT}" in page
    assert f"Сегодня {LEFT_TEXT}" in page
    assert f"В обоих случаях сейчас откроется страница оплаты: {LEFT_TEXT}" in page


def test_a_stop_names_what_is_left_as_the_debt(anna: Visitor, contract_id: UUID) -> None:
    page = shown(anna.page(f"/autopay/{contract_id}/cancel"))

    assert f"Счёт на {LEFT_TEXT}" in page


def test_the_button_asks_for_no_more(cabinet: Cabinet, anna: Visitor, contract_id: UUID) -> None:
    anna.post("/payments", invoice=open_invoice(contract_id))

    asked = cabinet.payments_of(anna)[-1]
    assert asked.kopecks == LEFT < MONTHLY
