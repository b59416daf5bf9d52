"""The list of customers, its search, and the card with its timeline."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from kernel.db import begin
from payments.autopay.models import Autopay
from payments.charging.models import Payment
from portal.web.kit.paging import write_cursor
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, at_noon, contract_number, customer_of, pay_first, play

pytestmark = pytest.mark.committed

HOSTILE = "<img src=x onerror=alert(1)>\"'&"


@pytest.fixture
def zhuk(company: None) -> UUID:
    with begin() as session:
        customer_of(session, "ООО «Вектор-Юг»", kind="company", email="office@vektor.example", inn="7707083893")
        customer_of(session, "Ким Павел", phone="+79031112233")
        return customer_of(session, "Жук Алёна Петровна", email="Zhuk.A@example.ru", phone="+79161234567")


def names(page: str) -> list[str]:
    return re.findall(r'href="/staff/customers/[0-9a-f-]{36}">([^<]+)</a>', page)


@pytest.mark.parametrize(
    "typed",
    [
        "жук",
        "ЖУК",
        "Петровна Жук",
        "алена",
        "АЛЁНА",
        "zhuk.a@EXAMPLE.ru",
        "+7 916 123-45-67",
        "8 (916) 123-45-67",
        "89161234567",
        "79161234567",
        "9161234567",
        "123-45-67",
        "8916123",
        "8 916 123 45 67",
        "+7(916)1234567",
        ";er fktyf",
        "жук\u00a0алёна",
    ],
)
def test_a_customer_is_found_however_they_are_named(desk: Desk, zhuk: UUID, typed: str) -> None:
    page = desk().get("/staff/customers", params={"q": typed})

    assert names(page.text) == ["Жук Алёна Петровна"]


@pytest.mark.parametrize("typed", ["рощин а.в.", "А.В. Рощин", "ИП Рощин А. В.", "bg hjoby"])
def test_initials_are_found_however_they_are_spaced(desk: Desk, zhuk: UUID, typed: str) -> None:
    with begin() as session:
        customer_of(session, "ИП Рощин А. В.", kind="company")

    assert names(desk().get("/staff/customers", params={"q": typed}).text) == ["ИП Рощин А. В."]


def test_a_company_is_found_by_its_inn_and_by_a_contract(desk: Desk, zhuk: UUID) -> None:
    with begin() as session:
        number = contract_number(session, agreement(session, zhuk))
    client = desk()

    assert names(client.get("/staff/customers?q=7707083893").text) == ["ООО «Вектор-Юг»"]
    assert names(client.get("/staff/customers?q=770708").text) == ["ООО «Вектор-Юг»"]
    assert names(client.get("/staff/customers", params={"q": number}).text) == ["Жук Алёна Петровна"]


@pytest.mark.parametrize("typed", ["%", "_", "100%", "\\", "'; DROP TABLE customers; --", "\0", "ж\0ук", "ы" * 5000])
def test_strange_texts_find_nobody_and_break_nothing(desk: Desk, zhuk: UUID, typed: str) -> None:
    page = desk().get("/staff/customers", params={"q": typed})

    assert page.status_code == 200
    assert len(names(page.text)) in ({1} if typed == "ж\0ук" else {0, 3} if typed == "\0" else {0})


def test_a_search_that_finds_nobody_says_so_and_leads_back(desk: Desk, zhuk: UUID) -> None:
    page = desk().get("/staff/customers?q=неттакого").text

    assert "Никого не нашлось" in page
    assert 'href="/staff/customers"' in page


def test_an_empty_list_says_where_customers_come_from(desk: Desk) -> None:
    assert "kabinet import customers" in desk().get("/staff/customers").text


def test_while_typing_only_the_rows_are_sent(desk: Desk, zhuk: UUID) -> None:
    rows = desk(htmx=True).get("/staff/customers?q=жук").text

    assert names(rows) == ["Жук Алёна Петровна"]
    assert "<html" not in rows


def test_debt_and_autopay_narrow_the_list(desk: Desk, company: None) -> None:
    at_noon(date(2027, 3, 1))
    with begin() as session:
        pay_first(session, agreement(session, customer_of(session, "Платит Сам")))
        agreement(session, customer_of(session, "Должник Иван"), kopecks=123_456, in_days=5)
    play(date(2027, 4, 9))
    client = desk()

    debtors = client.get("/staff/customers?debt=y").text
    assert names(debtors) == ["Должник Иван"]
    assert "1\u00a0234,56\u00a0₽" in debtors
    assert names(client.get("/staff/customers?autopay=y").text) == ["Платит Сам"]
    assert names(client.get("/staff/customers?autopay=y&debt=y").text) == []


def test_the_list_says_how_many_there_are_in_all(desk: Desk, zhuk: UUID) -> None:
    client = desk()

    assert "Клиентов: 3" in client.get("/staff/customers").text
    assert "Клиентов: 1" in client.get("/staff/customers?q=жук").text


def test_an_autopay_that_waits_is_not_told_as_none(desk: Desk, company: None) -> None:
    with begin() as session:
        several = customer_of(session, "Анна")
        first, second = agreement(session, several), agreement(session, several, title="Парковка")
        only = agreement(session, customer_of(session, "Борис"))
        gone = agreement(session, customer_of(session, "Вера"))
        agreement(session, customer_of(session, "Глеб"))
        for it in (first, second, only, gone):
            pay_first(session, it)
        for it, status in ((second, "suspended"), (only, "suspended"), (gone, "withdrawn")):
            session.execute(update(Autopay).where(Autopay.contract_id == it.contract_id).values(status=status))

    rows = re.findall(r"<tr role=\"row\">(.*?)</tr>", desk().get("/staff/customers").text, re.DOTALL)[1:]

    pills = [re.findall(r'class="pill[^"]*">([^<]+)<', row) for row in rows]
    assert pills == [["Включён", "Приостановлен"], ["Приостановлен"], ["Отключён"], []]
    assert "Нет" in rows[3]


def test_money_paid_last_december_counts_in_january(desk: Desk, company: None) -> None:
    at_noon(date(2026, 12, 20))
    with begin() as session:
        it = agreement(session, customer_of(session, "Анна"), kopecks=780_000)
        pay_first(session, it, saves=False)
    at_noon(date(2027, 1, 12))
    paid = "<dt>Оплачено за год</dt><dd>7\u00a0800,00\u00a0₽</dd>"
    assert paid in desk().get(f"/staff/customers/{it.customer_id}").text

    at_noon(date(2027, 12, 21))

    assert paid not in desk().get(f"/staff/customers/{it.customer_id}").text


def test_a_long_list_shows_everybody_once(desk: Desk, company: None) -> None:
    with begin() as session:
        for n in range(60):
            customer_of(session, f"Клиент {n % 7} Тёзка")
    client, seen, url = desk(), [], "/staff/customers"

    while url:
        page = client.get(url).text
        seen += re.findall(r'href="/staff/customers/([0-9a-f-]{36})"', page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        url = following[1].replace("&amp;", "&") if following else ""

    assert len(seen) == len(set(seen)) == 60


@pytest.mark.parametrize(
    "cursor",
    ["rubbish", write_cursor(("a", "b")), write_cursor(("\0", "3aaa4bdc-30b5-4f63-a443-7f37178c645f")), "=" * 600],
)
def test_a_cursor_that_is_not_ours_begins_the_list(desk: Desk, zhuk: UUID, cursor: str) -> None:
    for path in ("/staff/customers", "/staff/contracts", "/staff/payments", "/staff/webhooks", "/staff/deliveries"):
        assert desk().get(path, params={"after": cursor}).status_code == 200
    assert desk().get(f"/staff/customers/{zhuk}", params={"after": cursor}).status_code == 200


def test_the_card_tells_money_contacts_contracts_cards_and_consents(desk: Desk, zhuk: UUID) -> None:
    with begin() as session:
        it = agreement(session, zhuk, title="Аренда офиса", kopecks=250_000)
        pay_first(session, it, last4="4477")
        agreement(session, zhuk, title="Парковка", kopecks=90_000, in_days=10)

    page = desk().get(f"/staff/customers/{zhuk}").text

    for wanted in ("2\u00a0500,00\u00a0₽", "+7\u00a0916\u00a0123-45-67", "Аренда офиса", "Парковка", "••\u00a04477"):
        assert wanted in page
    assert "Автоплатёж включён" in page
    assert "ещё не регистрировался" in page


def test_a_card_of_two_contracts_is_one_line_on_the_card(desk: Desk, zhuk: UUID) -> None:
    with begin() as session:
        for title in ("Аренда офиса", "Парковка"):
            pay_first(session, agreement(session, zhuk, title=title), last4="4477")
        pay_first(session, agreement(session, zhuk, title="Склад"), last4="1234")

    page = desk().get(f"/staff/customers/{zhuk}").text

    assert re.findall(r"автоплатежей: (\d)", page) == ["1", "2"]


@pytest.mark.parametrize(
    ("role", "bills", "opens"),
    [("owner", True, True), ("manager", True, True), ("accountant", True, False), ("viewer", False, False)],
)
def test_the_card_leads_to_a_new_invoice_and_a_new_contract_for_those_who_may(
    desk: Desk, zhuk: UUID, role: str, *, bills: bool, opens: bool
) -> None:
    client = desk(role)
    page = client.get(f"/staff/customers/{zhuk}").text

    assert (f'href="/staff/invoices/new?customer={zhuk}"' in page) == bills
    assert (f'href="/staff/contracts/new?customer={zhuk}"' in page) == opens
    if bills:
        assert "Жук Алёна Петровна" in client.get(f"/staff/invoices/new?customer={zhuk}").text


def test_the_timeline_is_filtered_and_goes_on(desk: Desk, company: None) -> None:
    at_noon(date(2027, 3, 1))
    with begin() as session:
        it = agreement(session, customer_of(session, "Анна"), kopecks=100_000)
        pay_first(session, it)
    play(date(2027, 9, 10), lambda payment: "insufficient_funds" if payment.number % 3 == 0 else None)
    client, here = desk(), f"/staff/customers/{it.customer_id}"

    payments = client.get(f"{here}?kind=payments").text
    assert "Оплата 1\u00a0000,00\u00a0₽" in payments
    assert "На счёте не хватило денег" in payments
    assert "Согласие дано" not in payments
    assert "Согласие дано: Автоплатёж" in client.get(f"{here}?kind=consents").text
    assert "Автоплатёж включён" in client.get(f"{here}?kind=changes").text
    with begin() as session:
        count = session.scalar(select(func.count()).select_from(Payment))
    assert f'<span class="count">{count}</span>' in payments


def test_the_next_part_of_the_timeline_comes_alone_and_repeats_nothing(desk: Desk, company: None) -> None:
    with begin() as session:
        customer_id = customer_of(session, "Анна")
        for n in range(30):
            pay_first(session, agreement(session, customer_id, kopecks=100_000 + n, title=f"Услуга {n}"), saves=False)
    client = desk()
    first = client.get(f"/staff/customers/{customer_id}?kind=payments").text
    more = re.search(r'hx-get="([^"]+)"', first)
    assert more

    second = desk(htmx=True).get(more[1].replace("&amp;", "&")).text

    services = [set(re.findall(r"Услуга \d+", part)) for part in (first.split('class="tabs ')[1], second)]
    assert [len(part) for part in services] == [25, 5]
    assert not services[0] & services[1]
    assert "<html" not in second


def test_hostile_names_are_only_text_everywhere(desk: Desk, company: None) -> None:
    with begin() as session:
        it = agreement(session, customer_of(session, HOSTILE), title=HOSTILE)
        payment_id = pay_first(session, it)
    client = desk()

    for path in (
        "/staff",
        "/staff/customers",
        f"/staff/customers/{it.customer_id}",
        "/staff/contracts",
        "/staff/contracts/new",
        f"/staff/contracts/new?customer={it.customer_id}",
        f"/staff/contracts/{it.contract_id}",
        "/staff/payments",
        f"/staff/payments?customer={it.customer_id}",
        f"/staff/payments/{payment_id}",
    ):
        page = client.get(path)
        assert page.status_code == 200, path
        assert "<img src=x" not in page.text, path
        assert "&lt;img src=x onerror" in page.text, path


def test_a_customer_that_does_not_exist_is_not_found(desk: Desk) -> None:
    assert desk().get(f"/staff/customers/{uuid4()}").status_code == 404
    assert desk().get("/staff/customers/rubbish").status_code == 404
