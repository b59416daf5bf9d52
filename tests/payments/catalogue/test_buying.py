"""A price is bought once however often its button is pressed; an unpaid try is taken up, on today's dates."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from kernel.clock import business_date, business_now
from kernel.db import Session
from kernel.errors import Refused
from kernel.settings import get_settings
from payments.catalogue.buying import buy
from payments.catalogue.models import Price, Product
from payments.charging.checkout import prepare_checkout
from payments.contracts.models import Contract, Installment, PaymentPlan
from payments.customers.registration import CustomerData, create_customer
from payments.installation.setup import ensure_installation
from payments.invoicing.lapsing import lapse_instant, lapse_unpaid
from payments.invoicing.models import Invoice
from tests.support.another_shop import Move
from tests.support.business import open_company

ONE_DAY = timedelta(days=1)


@pytest.fixture
def price(session: Session) -> Price:
    ensure_installation(session, get_settings())
    entity, shop = open_company(session)
    product = Product(legal_entity_id=entity.id, shop_id=shop.id, name="Абонемент", description="Три занятия")
    session.add(product)
    session.flush()
    price = Price(product_id=product.id, kind="recurring", kopecks=250_000, period_unit="week", period_count=1)
    session.add(price)
    session.flush()
    return price


@pytest.fixture
def customer_id(session: Session) -> UUID:
    return create_customer(session, CustomerData(name="Анна Ковалёва", email="anna@example.com")).id


def first_due_on(session: Session, invoice: Invoice) -> tuple[date, date, date, date]:
    line = session.get_one(Installment, invoice.installment_id)
    plan = session.get_one(PaymentPlan, line.plan_id)
    return plan.anchor_on, line.due_on, line.period_start, line.period_end


def test_an_unpaid_try_is_taken_up_on_another_day_with_that_days_dates(
    session: Session, price: Price, customer_id: UUID
) -> None:
    now = business_now(session)
    first = buy(session, price.id, customer_id=customer_id, now=now - 2 * ONE_DAY)

    again = buy(session, price.id, customer_id=customer_id, now=now)
    session.expire_all()

    today = business_date(now)
    assert again.id == first.id
    assert (again.due_on, again.lapses_at) == (today, lapse_instant(today))
    assert first_due_on(session, again) == (today, today, today, today + 7 * ONE_DAY)
    assert len(session.scalars(select(Contract)).all()) == 1


def test_a_try_that_is_being_paid_keeps_the_dates_that_were_agreed_to(
    session: Session, price: Price, customer_id: UUID
) -> None:
    now = business_now(session)
    first = buy(session, price.id, customer_id=customer_id, now=now - ONE_DAY)
    prepare_checkout(session, first.id, customer_id=customer_id, consent_id=None, now=now - ONE_DAY)

    again = buy(session, price.id, customer_id=customer_id, now=now)

    assert again.id == first.id
    assert again.due_on == business_date(now) - ONE_DAY


@pytest.mark.parametrize("change", [{"kopecks": 260_000}, {"period_count": 2}], ids=str)
def test_a_try_on_other_terms_is_left_to_lapse(
    session: Session, price: Price, customer_id: UUID, change: dict[str, int]
) -> None:
    now = business_now(session)
    first = buy(session, price.id, customer_id=customer_id, now=now)
    session.execute(update(Price).values(change))
    session.expire_all()

    again = buy(session, price.id, customer_id=customer_id, now=now)

    assert again.id != first.id
    assert again.kopecks == price.kopecks


def test_a_lapsed_try_is_not_taken_up(session: Session, price: Price, customer_id: UUID) -> None:
    now = business_now(session)
    first = buy(session, price.id, customer_id=customer_id, now=now - 4 * ONE_DAY)
    assert lapse_unpaid(session, now=now) == 1

    again = buy(session, price.id, customer_id=customer_id, now=now)

    assert again.id != first.id
    assert (first.status, again.status) == ("void", "open")


def test_a_product_of_before_is_bought_in_the_shop_of_today(
    session: Session, price: Price, customer_id: UUID, move: Move
) -> None:
    shop_id = move.here(session)

    invoice = buy(session, price.id, customer_id=customer_id, now=business_now(session))

    assert session.get_one(Contract, invoice.contract_id).shop_id == shop_id


def test_a_product_of_another_company_of_the_owner_is_not_sold_in_a_shop_that_is_not_its_own(
    session: Session, price: Price, customer_id: UUID, move: Move
) -> None:
    move.here(session, other_company=True)

    with pytest.raises(Refused, match="другая компания"):
        buy(session, price.id, customer_id=customer_id, now=business_now(session))
