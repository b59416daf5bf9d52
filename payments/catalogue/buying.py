"""Self-service buying: a chosen price becomes a contract with its first invoice."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from kernel.clock import business_date
from kernel.db import Session
from kernel.errors import NotFound
from payments.catalogue.models import Price, Product
from payments.contracts.models import ON_PAYMENT, Contract, Installment
from payments.contracts.opening import Terms, open_contract
from payments.contracts.periods import Period, Unit
from payments.customers.models import Customer
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice


def buy(session: Session, price_id: UUID, *, customer_id: UUID, now: datetime) -> Invoice:
    """The open invoice of a new draft contract for this price; an unpaid earlier try at the same price is taken up.

    Raises:
        NotFound: no such price on sale.
    """
    # Two presses of the button at once take turns: the second finds the contract of the first.
    session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True))
    row = session.execute(
        select(Price, Product)
        .join(Product, Product.id == Price.product_id)
        .where(Price.id == price_id, Price.active, Product.active)
    ).first()
    if row is None:
        raise NotFound
    price, product = row
    return _unpaid_try(session, price_id, customer_id, now) or _first_invoice(session, price, product, customer_id, now)


def _unpaid_try(session: Session, price_id: UUID, customer_id: UUID, now: datetime) -> Invoice | None:
    return session.scalars(
        select(Invoice)
        .join(Contract, Contract.id == Invoice.contract_id)
        .where(
            Contract.customer_id == customer_id,
            Contract.price_id == price_id,
            Contract.status == "draft",
            Invoice.status == "open",
            Invoice.due_on == business_date(now),
        )
        .order_by(Invoice.id.desc())
        .limit(1)
    ).first()


def _first_invoice(session: Session, price: Price, product: Product, customer_id: UUID, now: datetime) -> Invoice:
    terms = Terms(
        customer_id=customer_id,
        legal_entity_id=product.legal_entity_id,
        shop_id=product.shop_id,
        title=product.name,
        kopecks=price.kopecks,
        first_due_on=business_date(now),
        period=period_of_price(price),
        advance=ON_PAYMENT,
        price_id=price.id,
    )
    contract = open_contract(session, terms, now=now, draft=True)
    line = session.execute(select(Installment.id).where(Installment.contract_id == contract.id)).scalar_one()
    return issue_now(session, line, now=now)


def period_of_price(price: Price) -> Period | None:
    """The price's period; None for a one-off."""
    if price.period_unit is None or price.period_count is None:
        return None
    unit: Unit = price.period_unit  # type: ignore[assignment]  # a CHECK constraint of the plan holds the values
    return Period(unit, price.period_count)
