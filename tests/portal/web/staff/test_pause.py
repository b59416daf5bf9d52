"""A payment that waits for the end of a pause says so at the desk: since when, why, and where charging is resumed."""

from __future__ import annotations

import re
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from kernel.clock import business_now
from kernel.db import begin
from payments.charging.due import create_due_payments
from payments.charging.models import Payment
from payments.installation.models import Installation
from payments.installation.pausing import DAILY_LIMIT, pause_charging, pause_until_reconciled, resume_charging
from portal.web.kit.filters import money
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import announce_the_second_line, at_noon

pytestmark = pytest.mark.committed

WAITS = "Платёж ждёт, пока возобновят списания"
NOT_SENT = "В ЮKassa этот платёж не отправляли, с карты ничего не списано."


@pytest.fixture
def charge(company: None) -> Payment:
    """A due charge that is written and was not sent."""
    at_noon(date(2027, 3, 5))
    announce_the_second_line(date(2027, 4, 2))
    at_noon(date(2027, 4, 6))
    with begin() as session:
        create_due_payments(session, now=business_now(session))
        return session.scalars(select(Payment).where(Payment.initiator == "schedule")).one()


def test_a_payment_says_since_when_and_why_it_waits_and_leads_to_the_switch(desk: Desk, charge: Payment) -> None:
    pause(DAILY_LIMIT)

    page = payment_page(desk("viewer"), charge)
    assert WAITS in page
    assert "Списания приостановлены с 6 апреля 2027, 12:00. Причина: достигнут дневной предел списаний." in page
    assert NOT_SENT in page
    assert re.search(r'href="/staff"[^>]*>[^a-z]*(<span>)?Открыть сводку', page)
    assert "Возобновить на сводке" in payment_page(desk("owner"), charge)
    assert "Возобновить списания" in desk("owner").get("/staff").text, "what the link leads to"
    steps = page[page.index('id="steps"') : page.index('id="attempts"')]
    assert "Списания приостановлены" in steps
    assert "Отложен" in page[page.index('id="attempts"') :]
    invoice = readable(desk().get(f"/staff/invoices/{charge.invoice_id}").text)
    assert "Списание ждёт, пока возобновят списания" in invoice
    assert "Автоплатёж списывает сумму" not in invoice


def test_the_desk_says_how_many_charges_wait_and_how_much_they_are(desk: Desk, charge: Payment) -> None:
    pause(DAILY_LIMIT)

    page = readable(desk("viewer").get("/staff").text)

    assert f"Отложено списаний: 1 на {money(charge.kopecks)}".replace("\u00a0", " ") in page
    address = re.search(r'href="([^"]*)">Отложено', page)
    assert address
    assert f"/staff/payments/{charge.id}" in desk("viewer").get(address[1]).text


def test_a_persons_own_words_are_told_as_they_are(desk: Desk, charge: Payment) -> None:
    pause("Сверяем суммы <b>.")

    assert "12:00. Причина: Сверяем суммы &lt;b&gt;. В ЮKassa" in payment_page(desk(), charge)


def test_after_a_backup_nobody_says_that_nothing_was_sent(desk: Desk, charge: Payment) -> None:
    with begin() as session:
        pause_until_reconciled(session, "База восстановлена из копии", now=business_now(session))

    page = payment_page(desk(), charge)

    assert WAITS in page
    assert "покажет сверка" in page
    assert NOT_SENT not in page


def test_a_pause_put_up_by_hand_in_the_database_borrows_no_instant_of_an_earlier_one(
    desk: Desk, charge: Payment
) -> None:
    pause("Сверяем суммы")
    with begin() as session:
        resume_charging(session, now=business_now(session), by=uuid4())
    by_hand = {"charging_paused": True, "pause_reason": "База из снимка"}
    with begin() as session:
        session.execute(update(Installation).values(by_hand))

    page = payment_page(desk(), charge)

    assert "Списания приостановлены. Причина: База из снимка." in page
    assert page.count("Списания приостановлены") == 1, "no step at an instant that nobody knows"


def test_the_list_says_that_it_is_put_off(desk: Desk, charge: Payment) -> None:
    assert "Отложен</span>" not in desk().get("/staff/payments").text

    pause(DAILY_LIMIT)

    assert desk().get("/staff/payments").text.count("Отложен</span>") == 1


def test_one_that_had_left_before_the_pause_waits_for_yookassa(desk: Desk, charge: Payment) -> None:
    with begin() as session:
        sent = {"status": "unknown", "sends": 1, "first_sent_at": business_now(session)}
        session.execute(update(Payment).where(Payment.id == charge.id).values(sent))
    pause(DAILY_LIMIT)

    page = payment_page(desk(), charge)

    assert "Исход неизвестен: ЮKassa не ответила" in page
    assert WAITS not in page
    assert "Отложен" not in page
    assert "Автоплатёж списывает сумму" in desk().get(f"/staff/invoices/{charge.invoice_id}").text


def test_without_a_pause_it_waits_for_none(desk: Desk, charge: Payment) -> None:
    page = payment_page(desk(), charge)

    assert WAITS not in page
    assert "Отложен" not in page


def pause(reason: str) -> None:
    with begin() as session:
        assert pause_charging(session, reason, now=business_now(session), by=None)


def payment_page(client: TestClient, charge: Payment) -> str:
    return readable(client.get(f"/staff/payments/{charge.id}").text)


def readable(html: str) -> str:
    return re.sub(r"\s+", " ", html.replace("\u00a0", " "))
