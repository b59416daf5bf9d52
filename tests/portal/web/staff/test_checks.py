"""The doctor's verdict on the page of the proof, its card on the dashboard, and its button."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from kernel.clock import real_now
from kernel.db import begin, read
from kernel.outbox import HINT_TOPIC, OutboxMessage, read_hint
from payments.doctor.check import Breach, Examined
from portal.doctor.duty import EXAMINE
from portal.doctor.examining import keep
from tests.portal.web.staff.conftest import Desk

pytestmark = pytest.mark.committed

PROOF = "/staff/proof"
SOUND = (Examined("ledger_balances", 0, (), 3), Examined("debt_agrees", 0, (), 5))
PAYMENT = "01a1ff9b-95c2-7df9-968c-859bfb340de8"
BROKEN = (
    Examined("success_is_posted", 1, (Breach("payment", PAYMENT, "came 100, posted 0"),), 3),
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
    assert f'<a href="/staff/payments/{PAYMENT}">Платёж {PAYMENT}: came 100, posted 0</a>' in page
    assert "Нарушений: 1" in page


def test_a_check_that_could_not_be_asked_says_so(desk: Desk, company: None) -> None:
    _found(Examined("debt_agrees", 0, (), 120_000, error="QueryCanceled"))

    assert "Не проверено: QueryCanceled" in desk("viewer").get(PROOF).text


def test_the_dashboard_has_a_card_while_something_is_broken(desk: Desk, company: None) -> None:
    _found(*BROKEN)
    assert "1 проверка учёта не сошлась" in desk("viewer").get("/staff").text
    _found(*SOUND)
    assert "проверка учёта" not in desk("viewer").get("/staff").text


@pytest.mark.parametrize(("role", "may"), [("owner", True), ("accountant", True), ("manager", False)])
def test_whoever_reconciles_may_have_it_asked_now(desk: Desk, company: None, *, role: str, may: bool) -> None:
    client = desk(role)
    assert ("Проверить сейчас" in client.get(PROOF).text) is may

    answer = client.post(f"{PROOF}/examinations")

    assert answer.status_code == (303 if may else 403)
    with read() as session:
        hints = session.scalars(select(OutboxMessage.payload).where(OutboxMessage.topic == HINT_TOPIC)).all()
    assert [read_hint(hint).job for hint in hints] == ([EXAMINE] if may else [])
