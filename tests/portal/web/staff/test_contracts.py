"""The list of contracts, opening one, and its card."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from kernel.clock import business_now
from kernel.db import begin
from payments.autopay.ending import end_contract
from payments.contracts.models import BY_CALENDAR, Contract, Installment, PaymentPlan
from portal.web.staff.queries.contracts import STATUSES
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, at_noon, contract_number, customer_of, pay_first, play

pytestmark = pytest.mark.committed

GOOD = {
    "title": "Аренда офиса 12",
    "amount": "12 500,50",
    "period_count": "1",
    "period_unit": "month",
    "first_due_on": "31.01.2027",
    "advance": "by_calendar",
}


@pytest.fixture
def anna(company: None) -> UUID:
    at_noon(date(2027, 1, 10))
    with begin() as session:
        return customer_of(session, "Анна Ковалёва", email="anna@example.com", phone="+79161234567")


def stored() -> int:
    with begin() as session:
        return session.execute(select(func.count()).select_from(Contract)).scalar_one()


def dates(page: str) -> list[str]:
    return re.findall(r'<time class="day" datetime="([\d-]+)"', page)


def test_a_contract_is_opened_as_it_was_typed(desk: Desk, anna: UUID) -> None:
    answer = desk("manager").post("/staff/contracts", data={**GOOD, "customer": str(anna)})

    assert answer.status_code == 303
    with begin() as session:
        contract, plan, line = session.execute(
            select(Contract, PaymentPlan, Installment)
            .join(PaymentPlan, PaymentPlan.contract_id == Contract.id)
            .join(Installment, Installment.contract_id == Contract.id)
        ).one()
    assert answer.headers["location"] == f"/staff/contracts/{contract.id}"
    assert (contract.customer_id, contract.title, contract.advance) == (anna, "Аренда офиса 12", BY_CALENDAR)
    assert (plan.kopecks, plan.period_unit, plan.period_count) == (1_250_050, "month", 1)
    assert line.due_on == date(2027, 1, 31)


@pytest.mark.parametrize(
    ("field", "typed", "reason"),
    [
        ("title", "   ", "Напишите, за что платит клиент"),
        ("title", "я" * 201, "не больше 200 знаков"),
        ("amount", "", "Введите сумму"),
        ("amount", "сто", "Введите сумму цифрами"),
        ("amount", "1,234", "Непонятно, 1234 рублей или дробь: напишите 1234,00"),
        ("amount", "0,99", "Сумма меньше одного рубля"),
        ("amount", "-5", "Сумма не может быть отрицательной"),
        ("period_count", "0", "Введите число от 1 до 366"),
        ("period_count", "367", "Введите число от 1 до 366"),
        ("period_count", "много", "Введите число от 1 до 366"),
        ("period_unit", "century", "Not a valid choice|Неверный вариант|выбор"),
        ("first_due_on", "", "Введите первую дату"),
        ("first_due_on", "30.02.2027", "Такой даты нет в календаре"),
        ("first_due_on", "09.01.2027", "Первая дата уже прошла"),
        ("first_due_on", "01.01.2099", "Слишком далеко"),
        ("advance", "whenever", ""),
    ],
)
def test_a_bad_field_is_named_what_was_typed_is_kept_and_nothing_is_stored(
    desk: Desk, anna: UUID, field: str, typed: str, reason: str
) -> None:
    answer = desk().post("/staff/contracts", data={**GOOD, field: typed, "customer": str(anna)})

    assert answer.status_code == 422
    assert re.search(reason, answer.text)
    assert "Проверьте форму" in answer.text
    assert "<title>Ошибка:" in answer.text
    if field != "title":
        assert 'value="Аренда офиса 12"' in answer.text
    if field in ("amount", "first_due_on", "period_count") and typed:
        assert f'value="{typed}"' in answer.text
    assert stored() == 0


def test_a_period_shorter_than_the_notice_is_refused(desk: Desk, anna: UUID) -> None:
    answer = desk().post(
        "/staff/contracts", data={**GOOD, "period_unit": "day", "period_count": "3", "customer": str(anna)}
    )

    assert answer.status_code == 422
    assert "Период слишком короткий: нужен длиннее 3 дней" in answer.text
    assert stored() == 0


def test_fields_that_are_not_in_the_form_change_nothing(desk: Desk, anna: UUID) -> None:
    extra = {"kopecks": "1", "status": "ended", "number": "X-1", "legal_entity_id": str(uuid4()), "external_id": "x"}

    desk().post("/staff/contracts", data={**GOOD, **extra, "customer": str(anna)})

    with begin() as session:
        contract = session.scalars(select(Contract)).one()
    assert (contract.status, contract.external_id) == ("active", None)
    assert contract.number == "2027-0001"


@pytest.mark.parametrize("customer", ["", "rubbish", "00000000-0000-0000-0000-000000000000"])
def test_a_contract_without_a_known_customer_is_not_found(desk: Desk, anna: UUID, customer: str) -> None:
    assert desk().post("/staff/contracts", data={**GOOD, "customer": customer}).status_code == 404
    assert stored() == 0


def test_the_31st_stays_the_31st_in_the_preview(desk: Desk, anna: UUID) -> None:
    fragment = desk(htmx=True).get("/staff/contracts/preview", params={**GOOD, "customer": str(anna)}).text

    assert dates(fragment) == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31", "2027-06-30"]
    assert fragment.count("31-го в этом месяце нет") == 3
    assert fragment.count("12\u00a0500,50\u00a0₽") == 6
    assert "<html" not in fragment


def test_a_leap_year_has_its_29th(desk: Desk, anna: UUID) -> None:
    terms = {**GOOD, "first_due_on": "31.12.2027", "period_count": "1"}

    fragment = desk(htmx=True).get("/staff/contracts/preview", params={**terms, "customer": str(anna)}).text

    assert dates(fragment)[:3] == ["2027-12-31", "2028-01-31", "2028-02-29"]


@pytest.mark.parametrize(
    "typed", [{}, {"first_due_on": "завтра"}, {"period_count": "10000000"}, {"first_due_on": "31.12.9999"}]
)
def test_a_preview_of_nonsense_asks_for_sense(desk: Desk, anna: UUID, typed: dict[str, str]) -> None:
    params = {**GOOD, "customer": str(anna), **typed} if typed else {"customer": str(anna)}

    fragment = desk(htmx=True).get("/staff/contracts/preview", params=params)

    assert fragment.status_code == 200
    assert "здесь появятся шесть ближайших" in fragment.text


def test_without_javascript_the_preview_is_the_whole_form_with_what_was_typed(desk: Desk, anna: UUID) -> None:
    page = desk().get("/staff/contracts/preview", params={**GOOD, "customer": str(anna)}).text

    assert "<html" in page
    assert 'value="Аренда офиса 12"' in page
    assert len(dates(page)) == 6


def test_the_customer_is_found_while_typing_and_chosen_by_a_plain_link(desk: Desk, anna: UUID) -> None:
    found = desk(htmx=True).get("/staff/contracts/new?q=8(916)123")
    assert f"/staff/contracts/new?customer={anna}" in found.text
    assert "<html" not in found.text

    assert "Никого не нашлось" in desk().get("/staff/contracts/new?q=никто").text
    assert 'name="amount"' in desk().get(f"/staff/contracts/new?customer={anna}").text
    assert 'name="amount"' not in desk().get("/staff/contracts/new?customer=rubbish").text


def test_the_list_is_searched_and_narrowed(desk: Desk, anna: UUID) -> None:
    with begin() as session:
        paid = agreement(session, anna, title="Парковка")
        pay_first(session, paid)
        plain = agreement(session, customer_of(session, "ООО «Вектор»"), title="Склад", in_days=3)
        ended = agreement(session, anna, title="Кладовая", in_days=3)
        end_contract(session, ended.contract_id, now=business_now(session), source="staff")
        number = contract_number(session, plain)
    client = desk()

    def titles(query: str) -> set[str]:
        return set(re.findall(r'<span class="sub">(Парковка|Склад|Кладовая)</span>', client.get(query).text))

    assert titles("/staff/contracts") == {"Парковка", "Склад", "Кладовая"}
    assert titles("/staff/contracts?q=ковалева") == {"Парковка", "Кладовая"}
    assert titles("/staff/contracts?q=СКЛАД") == titles(f"/staff/contracts?q={number}") == {"Склад"}
    assert titles("/staff/contracts?status=ended") == {"Кладовая"}
    assert titles("/staff/contracts?autopay=active") == {"Парковка"}
    assert titles("/staff/contracts?autopay=none") == {"Склад", "Кладовая"}
    assert titles("/staff/contracts?status=rubbish&autopay=rubbish") == {"Парковка", "Склад", "Кладовая"}
    assert "Таких договоров не нашлось" in client.get("/staff/contracts?q=ничего").text
    for status in STATUSES:
        assert client.get(f"/staff/contracts?status={status}").status_code == 200


def test_the_next_date_is_never_past_and_a_paid_purchase_is_not_in_force(desk: Desk, anna: UUID) -> None:
    with begin() as session:
        once = agreement(session, anna, title="Разовый день", period=None)
        pay_first(session, once, saves=False)
        monthly = agreement(session, anna, title="Парковка", in_days=4)  # 14 January
        agreement(session, anna, title="Аренда", in_days=4, advance=BY_CALENDAR)
    play(date(2027, 1, 20))
    client = desk()

    def row_of(title: str) -> str:
        rows: list[str] = client.get("/staff/contracts").text.split('<tr role="row">')
        return next(row for row in rows if f">{title}<" in row)

    assert "14 января" not in client.get("/staff/contracts").text
    assert "После оплаты" in row_of("Парковка")
    assert "14 февраля" in row_of("Аренда")
    assert "Оплачен" in row_of("Разовый день")
    assert "Действует" not in row_of("Разовый день")
    assert "Разовый день" not in client.get("/staff/contracts?status=active").text
    assert "Парковка" not in client.get("/staff/contracts?status=settled").text
    assert "Оплачен</span>" in client.get(f"/staff/contracts/{once.contract_id}").text
    assert "<dt>Порядок дат</dt>" in client.get(f"/staff/contracts/{monthly.contract_id}").text
    assert '<td role="cell" class="num hide-s">2</td>' in client.get("/staff/customers").text, "two are in force"


def test_the_card_tells_terms_autopay_lines_and_history(desk: Desk, anna: UUID) -> None:
    with begin() as session:
        it = agreement(session, anna, title="Парковка", kopecks=123_456)
        payment_id = pay_first(session, it, last4="4477")
    play(date(2027, 2, 11), lambda _payment: "insufficient_funds")

    page = desk().get(f"/staff/contracts/{it.contract_id}").text

    assert "Парковка" in page
    assert "Каждый месяц" in page
    assert "Автоплатёж включён" in page
    assert "••\u00a04477" in page
    assert f"/staff/payments/{payment_id}" in page
    assert "Просрочен" in page
    assert "попыток: 2" in page
    assert page.count("Появится позже") == 6
    assert desk().get(f"/staff/contracts/{uuid4()}").status_code == 404


def test_all_payments_of_a_contract_are_those_of_no_other(desk: Desk, anna: UUID) -> None:
    with begin() as session:
        its = [agreement(session, anna, title=title) for title in ("Аренда", "Уборка")]
        for it in its:
            pay_first(session, it)
    card = desk().get(f"/staff/contracts/{its[0].contract_id}").text
    (address,) = re.findall(r'href="(/staff/payments\?[^"]+)">Все платежи', card)

    page = desk().get(address).text

    assert "Итого платежей: 1" in page.replace("\xa0", " ")
