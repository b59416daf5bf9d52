"""Products and prices come on sale and off it; the contracts made at them stay as they were agreed."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import Session
from kernel.errors import NotFound, Refused
from kernel.settings import get_settings
from payments.catalogue.buying import buy
from payments.catalogue.models import Price, Product
from payments.catalogue.selling import (
    NameTaken,
    Ware,
    add_price,
    add_product,
    describe_product,
    sell_price,
    sell_product,
)
from payments.contracts.models import Contract, PaymentPlan
from payments.contracts.periods import Period
from payments.customers.registration import CustomerData, create_customer
from payments.history.models import StatusHistory
from payments.installation.models import Shop
from payments.installation.setup import ensure_installation
from tests.support.business import open_company

BY = uuid4()
MONTH = Period("month")
WARE = Ware("Абонемент", "Три занятия")


@pytest.fixture
def shop(session: Session) -> Shop:
    ensure_installation(session, get_settings())
    return open_company(session)[1]


@pytest.fixture
def product(session: Session, shop: Shop) -> Product:
    return add_product(session, WARE, shop=shop, by=BY)


def history(session: Session, object_id: UUID) -> list[tuple[str, str | None, str, str]]:
    rows = select(StatusHistory).where(StatusHistory.object_id == object_id).order_by(StatusHistory.id)
    return [(it.object_kind, it.old, it.new, it.source) for it in session.scalars(rows)]


def test_a_new_product_is_last_in_the_list_and_sold_by_the_shops_own_company(session: Session, shop: Shop) -> None:
    first, second = (add_product(session, Ware(name), shop=shop, by=BY) for name in ("Вторник", "Аренда зала"))

    assert first.position < second.position
    assert (first.legal_entity_id, first.shop_id, first.active) == (shop.legal_entity_id, shop.id, True)
    assert history(session, first.id) == [("product", None, "on_sale", f"staff:{BY}")]


def test_the_same_product_added_twice_is_one(session: Session, shop: Shop, product: Product) -> None:
    again = add_product(session, WARE, shop=shop, by=BY)

    assert again.id == product.id
    assert len(session.scalars(select(Product)).all()) == 1
    assert len(history(session, product.id)) == 1


def test_two_products_never_share_a_name(session: Session, shop: Shop, product: Product) -> None:
    other = add_product(session, Ware("Аренда зала"), shop=shop, by=BY)

    with pytest.raises(NameTaken):
        add_product(session, Ware(WARE.name, "Пять занятий"), shop=shop, by=BY)
    with pytest.raises(NameTaken):
        describe_product(session, other.id, WARE, by=BY)
    describe_product(session, product.id, Ware(WARE.name, "Четыре занятия"), by=BY)

    assert (product.name, product.description) == (WARE.name, "Четыре занятия")


def test_a_price_is_added_once_however_often_it_is_asked_for(session: Session, product: Product) -> None:
    first = add_price(session, product.id, 250_000, MONTH, by=BY)
    again = add_price(session, product.id, 250_000, MONTH, by=BY)
    once = add_price(session, product.id, 250_000, None, by=BY)
    yearly = add_price(session, product.id, 250_000, Period("year"), by=BY)

    assert again.id == first.id
    assert len({first.id, once.id, yearly.id}) == 3
    assert [(it.kind, it.period_unit, it.period_count) for it in (first, once)] == [
        ("recurring", "month", 1),
        ("one_off", None, None),
    ]
    assert history(session, first.id) == [("price", None, "on_sale", f"staff:{BY}")]


def test_a_price_that_was_taken_off_sale_is_put_back_when_it_is_added_again(session: Session, product: Product) -> None:
    price = add_price(session, product.id, 250_000, MONTH, by=BY)
    sell_price(session, price.id, by=BY, on_sale=False)

    assert add_price(session, product.id, 250_000, MONTH, by=BY).id == price.id
    assert price.active
    assert [new for _kind, _old, new, _source in history(session, price.id)] == ["on_sale", "off_sale", "on_sale"]


@pytest.mark.parametrize(
    ("kopecks", "period", "reason"),
    [
        (99, MONTH, "меньше одного рубля"),
        (0, None, "меньше одного рубля"),
        (10_000, Period("day", 3), "Период слишком короткий"),
    ],
)
def test_a_price_that_could_never_be_charged_is_refused(
    session: Session, product: Product, kopecks: int, period: Period | None, reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        add_price(session, product.id, kopecks, period, by=BY)

    assert session.scalars(select(Price)).all() == []


def test_what_is_off_sale_cannot_be_bought_and_contracts_made_before_keep_their_terms(
    session: Session, product: Product
) -> None:
    now = business_now(session)
    price = add_price(session, product.id, 250_000, MONTH, by=BY)
    anna, oleg = (create_customer(session, CustomerData(name=name)).id for name in ("Анна", "Олег"))
    buy(session, price.id, customer_id=anna, now=now)

    assert [sell_price(session, price.id, by=BY, on_sale=False) for _ in range(2)] == [True, False]
    with pytest.raises(NotFound):
        buy(session, price.id, customer_id=oleg, now=now)
    sell_price(session, price.id, by=BY, on_sale=True)
    assert [sell_product(session, product.id, by=BY, on_sale=False) for _ in range(2)] == [True, False]
    with pytest.raises(NotFound):
        buy(session, price.id, customer_id=oleg, now=now)

    contract, plan = session.execute(select(Contract, PaymentPlan).join(PaymentPlan)).one()
    assert (contract.customer_id, contract.title, contract.status) == (anna, WARE.name, "draft")
    assert (plan.kopecks, plan.period_unit) == (250_000, "month")
    sell_product(session, product.id, by=BY, on_sale=True)
    assert buy(session, price.id, customer_id=oleg, now=now).kopecks == 250_000
    assert [row[2] for row in history(session, product.id)] == ["on_sale", "off_sale", "on_sale"]


def test_what_does_not_exist_is_not_found(session: Session, shop: Shop) -> None:
    for verb in (sell_price, sell_product):
        with pytest.raises(NotFound):
            verb(session, uuid4(), by=BY, on_sale=True)
    with pytest.raises(NotFound):
        add_price(session, uuid4(), 10_000, None, by=BY)
    with pytest.raises(NotFound):
        describe_product(session, uuid4(), WARE, by=BY)
