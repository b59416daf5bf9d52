"""The doctor's verdict on the page of the proof, and its card on the dashboard."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.clock import real_now
from kernel.db import Session, begin
from payments.autopay.models import Consent
from payments.charging.models import Payment
from payments.contracts.models import Contract, Installment
from payments.doctor.check import Breach, Examined
from payments.invoicing.models import Invoice
from payments.ledger.models import LedgerTransaction
from portal.doctor.examining import keep
from portal.doctor.models import CheckResult
from portal.web.kit.filters import NBSP
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, at_noon, customer_of, pay_first

pytestmark = pytest.mark.committed

PROOF = "/staff/proof"
SOUND = (Examined("ledger_balances", 0, (), 3), Examined("debt_agrees", 0, (), 5))
PAYMENT = "01a1ff9b-95c2-7df9-968c-859bfb340de8"
BROKEN = (
    Examined("success_is_posted", 1, (Breach("payment", PAYMENT, {"posted_kopecks": 0, "came_kopecks": 10_000}),), 3),
    Examined("debt_agrees", 0, (), 5),
)


def _found(*found: Examined, minutes_ago: int = 0) -> None:
    with begin() as session:
        keep(session, found, real_now() - timedelta(minutes=minutes_ago))


def test_the_page_says_whether_the_books_are_sound_and_when_that_was_asked(desk: Desk, company: None) -> None:
    client = desk("viewer")
    assert "Проверки учёта ещё не было" in client.get(PROOF).text
    _found(*SOUND, minutes_ago=180)
    assert "Учёт проверен только" in client.get(PROOF).text
    _found(*SOUND)
    page = client.get(PROOF).text
    assert "Учёт верен, проверен" in page
    assert "Сошлись все проверки: 2" in page
    assert "Каждая проводка сходится в ноль" in page


def test_a_broken_promise_leads_to_the_row_that_breaks_it(desk: Desk, company: None) -> None:
    _found(*BROKEN)

    page = desk("viewer").get(PROOF).text

    assert "Проверка учёта: не сошлось 1 из 2" in page
    assert "Каждый успешный платёж проведён ровно один раз" in page
    assert "Нарушений: 1" in page
    assert f'Платёж <code class="xs break">{PAYMENT}</code>: пришло 100,00 ₽, записано 0,00 ₽' in page.replace(
        NBSP, " "
    )
    assert "/staff/payments/" not in page, "nobody has such a payment"


def test_a_check_that_could_not_be_asked_says_so(desk: Desk, company: None) -> None:
    _found(Examined("debt_agrees", 0, (), 120_000, error="QueryCanceled"))

    assert "Не проверено: QueryCanceled" in desk("viewer").get(PROOF).text


def test_the_dashboard_has_a_card_while_something_is_broken(desk: Desk, company: None) -> None:
    _found(*BROKEN)
    assert "1 проверка учёта не сошлась" in desk("viewer").get("/staff").text
    _found(*SOUND)
    assert "проверка учёта" not in desk("viewer").get("/staff").text


def test_each_kind_of_row_is_told_by_its_number_with_its_page_and_its_sums_in_rubles(desk: Desk, company: None) -> None:
    at_noon(date(2027, 3, 5))
    with begin() as session:
        pay_first(session, agreement(session, customer_of(session, "Анна Ковалёва"), kopecks=100_000))
        payment, invoice = session.scalars(select(Payment)).one(), session.scalars(select(Invoice)).one()
        contract, posting = session.scalars(select(Contract)).one(), _posting_of(session, payment.id)
        consent = session.scalars(select(Consent).where(Consent.contract_id == contract.id).limit(1)).one()
        line = session.scalars(select(Installment).order_by(Installment.number).limit(1)).one()
        customer = f'<a href="/staff/customers/{contract.customer_id}">Клиент Анна Ковалёва</a>'
        told = {
            ("payment", payment.id): f'<a href="/staff/payments/{payment.id}">Платёж № {payment.number}</a>',
            ("invoice", invoice.id): f'<a href="/staff/invoices/{invoice.id}">Счёт № {invoice.number}</a>',
            ("contract", contract.id): f'<a href="/staff/contracts/{contract.id}">Договор № {contract.number}</a>',
            ("customer", contract.customer_id): customer,
            ("consent", consent.id): f"Согласие № {consent.id}, {customer.replace('Клиент', 'клиент')}",
            (
                "installment",
                line.id,
            ): f'Платёж по графику, <a href="/staff/contracts/{contract.id}">договор № {contract.number}</a>',
            (
                "ledger_transaction",
                posting.id,
            ): f'Проводка, <a href="/staff/payments/{payment.id}">платёж № {payment.number}</a>',
        }
        breaches = tuple(Breach(kind, str(key), {"short_kopecks": 1_250_00}) for kind, key in told)
    _found(Examined("debt_agrees", 27, breaches, 3))

    page = desk("viewer").get(PROOF).text.replace(NBSP, " ")

    for words in told.values():
        assert f"{words}: в учёте меньше на 1 250,00 ₽" in page
    assert "И ещё 20" in page


def _posting_of(session: Session, payment_id: UUID) -> LedgerTransaction:
    return session.scalars(select(LedgerTransaction).where(LedgerTransaction.source_id == payment_id)).one()


def test_an_answer_kept_before_figures_were_named_is_shown_without_them(desk: Desk, company: None) -> None:
    _found(*BROKEN)
    with begin() as session:
        result = session.get_one(CheckResult, "success_is_posted")
        result.breaches = [{"object": "payment", "id": PAYMENT, "detail": "came 100, posted 0"}]

    assert PAYMENT in desk("viewer").get(PROOF).text
