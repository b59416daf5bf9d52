"""The history: by state, contract and date; month by month; two kinds of emptiness."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.db import begin
from kernel.ids import uuid7
from payments.catalogue.buying import buy
from payments.charging.models import Payment
from payments.installation.models import Shop
from portal.web.cabinet.queries.payments import GROUPS
from portal.web.kit.words import WORDS
from tests.portal.web.cabinet.story import Cabinet, Visitor

NOON = datetime(2026, 3, 31, 9, tzinfo=UTC)


@pytest.fixture
def contract_id(cabinet: Cabinet, anna: Visitor) -> UUID:
    """Forty payments, one a day back from the 31st of March; each fourth was declined."""
    with begin() as session:
        invoice = buy(session, cabinet.once, customer_id=anna.customer_id, now=datetime.now(UTC))
        shop_id = session.scalars(select(Shop.id)).one()
        for day in reversed(range(40)):
            session.add(
                Payment(
                    id=uuid7(),
                    invoice_id=invoice.id,
                    customer_id=anna.customer_id,
                    contract_id=invoice.contract_id,
                    shop_id=shop_id,
                    initiator="customer",
                    kopecks=10_000,
                    status="canceled" if day % 4 == 0 else "succeeded",
                    body="{}",
                    created_at=NOON - timedelta(days=day),
                )
            )
            session.flush()
        return invoice.contract_id


def test_every_state_has_its_place_in_the_filter() -> None:
    assert sorted(status for group in GROUPS.values() for status in group) == sorted(WORDS["payment"])


def test_months_come_with_what_was_paid_in_them(contract_id: UUID, anna: Visitor) -> None:
    page = anna.page("/payments")

    assert "Март 2026" in page
    assert "2 300,00 ₽" in page
    assert "Оплачено за всё время: 3 000,00 ₽" in page
    assert page.count('class="cell"') == 25


def test_more_follows_without_a_second_head_for_the_same_month(contract_id: UUID, anna: Visitor) -> None:
    page = anna.get("/payments").text
    more = re.search(r'href="(/payments\?after=[^"]+)"', page)
    assert more

    appended = anna.get(more[1], **{"HX-Request": "true"}).text
    alone = anna.get(more[1]).text

    assert appended.count('class="cell"') == 15
    assert appended.count('class="month"') == 1
    assert 'id="more" hx-swap-oob="true"' in appended
    assert "<html" not in appended
    assert alone.count('class="month"') == 2
    assert "К последним" in alone


def test_state_and_dates_narrow_the_list_and_the_totals(contract_id: UUID, anna: Visitor) -> None:
    failed = anna.page("/payments?status=failed&from=01.03.2026&to=31.03.2026")
    one_day = anna.page("/payments?from=30.03.2026&to=2026-03-30")

    assert failed.count('class="cell"') == 8
    assert "По этому отбору оплачено: 0,00 ₽" in failed
    assert one_day.count('class="cell"') == 1
    assert 'name="from"' in one_day
    assert 'value="30.03.2026"' in one_day


def test_htmx_gets_the_list_alone(contract_id: UUID, anna: Visitor) -> None:
    answer = anna.get("/payments?status=paid", **{"HX-Request": "true"})

    assert "<html" not in answer.text
    assert 'class="switch"' in answer.text
    assert "HX-Request" in answer.headers["Vary"]


def test_nothing_found_is_not_the_same_as_nothing_paid(contract_id: UUID, anna: Visitor, boris: Visitor) -> None:
    assert "По этому отбору платежей нет" in anna.page("/payments?status=waiting")
    assert "Платежей ещё не было" in boris.page("/payments")


@pytest.mark.parametrize(
    ("query", "reason"),
    [("from=32.01.2026", "Такой даты нет в календаре"), ("from=02.03.2026&to=01.03.2026", "раньше первой")],
)
def test_a_filter_that_makes_no_sense_is_422_and_keeps_what_was_typed(
    contract_id: UUID, anna: Visitor, query: str, reason: str
) -> None:
    answer = anna.get(f"/payments?{query}")

    assert answer.status_code == 422
    assert reason in answer.text
    assert f'value="{query[5:15]}"' in answer.text


def test_a_broken_cursor_begins_at_the_beginning(contract_id: UUID, anna: Visitor) -> None:
    assert anna.page("/payments?after=nonsense").count('class="cell"') == 25


def test_a_filter_that_makes_no_sense_claims_no_total(cabinet: Cabinet, anna: Visitor) -> None:
    anna.pay(anna.post("/payments", price=cabinet.once))
    cabinet.world.play(advance="PT10M")

    answer = anna.get("/payments?from=99.99.2026")

    assert answer.status_code == 422
    assert "Оплачено за всё время" not in answer.text


def test_a_payment_found_in_the_gateways_lists_does_not_say_that_it_was_begun_here(
    contract_id: UUID, anna: Visitor
) -> None:
    with begin() as session:
        found = session.scalars(select(Payment).where(Payment.contract_id == contract_id).limit(1)).one()
        found.initiator, found.status, found.decided_at = "gateway", "succeeded", NOON
        number = found.number

    page = anna.page(f"/payments/{number}")

    assert "Оплачено в ЮKassa мимо кабинета, учтено при сверке" in page
    assert f"Платёж № {number} сделан мимо кабинета" in page
    assert "Вы, на странице ЮKassa" not in page
