"""The desk's catalogue: a product, its prices, off sale and back; a bad form stores nothing and keeps what was typed."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from kernel.clock import business_now
from kernel.db import begin, read
from payments.catalogue.buying import buy
from payments.catalogue.models import Price, Product
from payments.catalogue.selling import Ware, add_price, add_product
from payments.contracts.models import Contract, Installment
from payments.contracts.periods import Period
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import at_noon, customer_of
from tests.support.business import open_company

pytestmark = pytest.mark.committed

LIST = "/staff/services"
NAMED = {"name": "Абонемент", "description": "Три занятия\nв неделю"}
PRICED = {"kind": "recurring", "amount": "2 500,50", "period_count": "1", "period_unit": "month"}


@pytest.fixture
def product_id(company: None) -> UUID:
    at_noon(date(2027, 1, 10))
    with begin() as session:
        _entity, shop = open_company(session)
        return add_product(session, Ware("Абонемент", "Три занятия"), shop=shop, by=uuid4()).id


@pytest.fixture
def price_id(product_id: UUID) -> UUID:
    with begin() as session:
        return add_price(session, product_id, 250_050, Period("month"), by=uuid4()).id


def stored(table: type[Product | Price]) -> int:
    with read() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def test_the_empty_list_says_what_to_do(desk: Desk) -> None:
    page = desk("manager").get(LIST).text

    assert "Услуг пока нет" in page
    assert f'href="{LIST}/new"' in page
    assert f'href="{LIST}/new"' not in desk("viewer").get(LIST).text


def test_a_product_is_added_then_its_price_and_customers_may_buy(desk: Desk) -> None:
    client = desk("manager")

    added = client.post(LIST, data={**NAMED, "name": "  Абонемент \u0007 "})
    with read() as session:
        product = session.scalars(select(Product)).one()
    assert added.headers["location"] == f"{LIST}/{product.id}/prices/new"
    assert (product.name, product.description) == ("Абонемент", "Три занятия\nв неделю")
    assert "Нет цены, клиенты её не видят" in client.get(LIST).text

    priced = client.post(f"{LIST}/{product.id}/prices", data=PRICED)

    assert (priced.status_code, priced.headers["location"]) == (303, LIST)
    page = client.get(LIST).text.replace("\u00a0", " ")
    assert "В продаже" in page
    assert "2 500,50 ₽" in page
    assert "каждый месяц" in page


def test_every_button_may_be_pressed_twice(desk: Desk, product_id: UUID) -> None:
    client = desk()

    twice = [client.post(LIST, data=NAMED | {"description": "Три занятия"}) for _ in range(2)]
    prices = [client.post(f"{LIST}/{product_id}/prices", data=PRICED) for _ in range(2)]

    assert [answer.status_code for answer in (*twice, *prices)] == [303] * 4
    assert (stored(Product), stored(Price)) == (1, 1)


@pytest.mark.parametrize(
    ("field", "typed", "reason"),
    [
        ("name", "   ", "Напишите, как называется услуга"),
        ("name", "я" * 101, "не больше 100 знаков"),
        ("name", "Абонемент", "Услуга с таким названием уже есть"),
        ("description", "я" * 501, "не больше 500 знаков"),
    ],
)
def test_a_bad_product_is_named_kept_and_not_stored(
    desk: Desk, product_id: UUID, field: str, typed: str, reason: str
) -> None:
    answer = desk().post(LIST, data={"name": "Разовое", "description": "Другое", field: typed})

    assert answer.status_code == 422
    assert reason in answer.text
    assert f'href="#{field}"' in answer.text
    assert (typed.strip() or "Другое") in answer.text
    assert stored(Product) == 1


@pytest.mark.parametrize(
    ("field", "typed", "reason"),
    [
        ("amount", "", "Введите сумму"),
        ("amount", "сто", "Введите сумму цифрами"),
        ("amount", "0,99", "Сумма меньше одного рубля"),
        ("period_count", "0", "Введите число от 1 до 366"),
        ("period_count", "367", "Введите число от 1 до 366"),
        ("period_count", "9" * 5000, "Введите число от 1 до 366"),
        ("period_count", "", "Введите число от 1 до 366"),
        ("period_unit", "century", ""),
        ("kind", "sometimes", ""),
    ],
)
def test_a_bad_price_is_named_kept_and_not_stored(
    desk: Desk, product_id: UUID, field: str, typed: str, reason: str
) -> None:
    answer = desk().post(f"{LIST}/{product_id}/prices", data={**PRICED, field: typed})

    assert answer.status_code == 422
    assert re.search(reason, answer.text)
    assert "Проверьте форму" in answer.text
    if field != "amount":
        assert 'value="2500,50"' in answer.text
    assert stored(Price) == 0


def test_a_period_leaves_room_for_the_notice(desk: Desk, product_id: UUID) -> None:
    answer = desk().post(f"{LIST}/{product_id}/prices", data={**PRICED, "period_unit": "day", "period_count": "3"})

    assert answer.status_code == 422
    assert "Период слишком короткий: нужен длиннее 3 дней" in answer.text
    assert 'href="#period_count"' in answer.text
    assert stored(Price) == 0


def test_a_price_for_once_needs_no_period(desk: Desk, product_id: UUID) -> None:
    typed = {**PRICED, "kind": "one_off", "period_count": "нет"}

    assert desk().post(f"{LIST}/{product_id}/prices", data=typed).status_code == 303

    with read() as session:
        price = session.scalars(select(Price)).one()
    assert (price.kind, price.period_unit, price.period_count) == ("one_off", None, None)


def test_off_sale_and_back_says_that_contracts_stay(desk: Desk, product_id: UUID, price_id: UUID) -> None:
    with begin() as session:
        customer_id = customer_of(session, "Анна Ковалёва")
        buy(session, price_id, customer_id=customer_id, now=business_now(session))
        session.execute(update(Contract).values(status="active"))
    client = desk("manager")
    assert "1 действующий договор" in client.get(LIST).text

    for _ in range(2):
        assert client.post(f"{LIST}/prices/{price_id}/sale", data={"on_sale": "n"}).status_code == 303
    page = client.get(LIST).text

    assert "Действующие договоры остались на своих условиях" in page
    assert "1 действующий договор" in page
    assert "Нет цены, клиенты её не видят" in page
    client.post(f"{LIST}/{product_id}/sale", data={"on_sale": "n"})
    client.post(f"{LIST}/prices/{price_id}/sale", data={"on_sale": "y"})
    assert "В продаже" not in client.get(LIST).text
    client.post(f"{LIST}/{product_id}/sale", data={"on_sale": "y"})
    assert "В продаже" in client.get(LIST).text
    with read() as session:
        assert session.scalars(select(Contract)).one().status == "active"


def test_a_purchase_that_is_paid_in_full_is_not_in_force(desk: Desk, product_id: UUID, price_id: UUID) -> None:
    with begin() as session:
        session.execute(update(Price).values(kind="one_off", period_unit=None, period_count=None))
        buy(session, price_id, customer_id=customer_of(session, "Анна Ковалёва"), now=business_now(session))
        session.execute(update(Contract).values(status="active"))
    assert "1 действующий договор" in desk().get(LIST).text

    with begin() as session:
        session.execute(update(Installment).values(status="paid"))

    assert "Действующих договоров нет" in desk().get(LIST).text


def test_a_switch_that_does_not_say_which_way_changes_nothing(desk: Desk, price_id: UUID) -> None:
    assert desk().post(f"{LIST}/prices/{price_id}/sale").status_code == 409
    with read() as session:
        assert session.get_one(Price, price_id).active


def test_a_product_is_described_anew_and_never_with_anothers_name(desk: Desk, product_id: UUID) -> None:
    client = desk()
    client.post(LIST, data={"name": "Разовое занятие"})
    assert 'value="Абонемент"' in client.get(f"{LIST}/{product_id}").text

    taken = client.post(f"{LIST}/{product_id}", data={"name": "Разовое занятие", "description": ""})
    done = client.post(f"{LIST}/{product_id}", data={"name": "Абонемент на месяц", "description": "Утро"})

    assert (taken.status_code, done.status_code) == (422, 303)
    assert "Услуга с таким названием уже есть" in taken.text
    with read() as session:
        assert session.get_one(Product, product_id).name == "Абонемент на месяц"


def test_whoever_may_not_sell_sees_the_list_without_buttons(desk: Desk, price_id: UUID) -> None:
    for role in ("accountant", "viewer"):
        page = desk(role).get(LIST).text
        assert "Абонемент" in page
        for word in ("Снять с продажи", "Новая услуга", "Добавить цену", "Изменить"):
            assert word not in page
