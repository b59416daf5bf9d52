"""Self-service buying: a chosen price becomes a contract with its first invoice."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select

from kernel import outbox
from kernel.clock import business_date
from kernel.db import Session
from kernel.errors import NotFound
from kernel.settings import get_settings
from payments.catalogue.models import Price, Product
from payments.charging.models import LIVE, Payment
from payments.contracts.models import ON_PAYMENT, Contract, Installment, PaymentPlan
from payments.contracts.opening import Terms, open_contract
from payments.contracts.periods import Period, Unit
from payments.contracts.planning import begin_anew
from payments.customers.models import Customer
from payments.events import InvoiceChanged
from payments.installation.setup import paying_shop
from payments.invoicing.issue import issue_now
from payments.invoicing.lapsing import lapse_instant
from payments.invoicing.models import Invoice


def buy(session: Session, price_id: UUID, *, customer_id: UUID, now: datetime) -> Invoice:
    """The open invoice of a new draft contract for this price; an unpaid earlier try at it is taken up.

    A try of another day counts its dates from today: what the customer agrees to now names today's.

    Raises:
        NotFound: no such price on sale.
        CompanyNotNamed: no company is named for the shop of the settings.
        Refused: the shop of the settings is not the seller's.
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
    unpaid = _unpaid_try(session, price, customer_id)
    if unpaid is None:
        return _first_invoice(session, price, product, customer_id, now)
    _bring_to_today(session, unpaid, now)
    return unpaid


def _unpaid_try(session: Session, price: Price, customer_id: UUID) -> Invoice | None:
    # Locked, so that it cannot lapse under the customer's hands; one on other terms is left to lapse.
    return session.scalars(
        select(Invoice)
        .join(Contract, Contract.id == Invoice.contract_id)
        .join(PaymentPlan, PaymentPlan.contract_id == Contract.id)
        .where(
            Contract.customer_id == customer_id,
            Contract.price_id == price.id,
            Contract.status == "draft",
            Invoice.status == "open",
            PaymentPlan.kopecks == price.kopecks,
            PaymentPlan.period_unit.is_not_distinct_from(price.period_unit),
            PaymentPlan.period_count.is_not_distinct_from(price.period_count),
        )
        .order_by(Invoice.id.desc())
        .limit(1)
        .with_for_update(of=Invoice, key_share=True)
        .execution_options(populate_existing=True)
    ).first()


def _bring_to_today(session: Session, invoice: Invoice, now: datetime) -> None:
    today = business_date(now)
    under_way = exists().where(Payment.invoice_id == invoice.id, Payment.status.in_(LIVE))
    if invoice.due_on == today or session.execute(select(under_way)).scalar_one():
        return
    invoice.due_on, invoice.lapses_at = today, lapse_instant(today)
    session.flush()  # the invoice before its line: the order of locks
    begin_anew(session, invoice.contract_id, today)
    outbox.record(session, InvoiceChanged(invoice.id))


def _first_invoice(session: Session, price: Price, product: Product, customer_id: UUID, now: datetime) -> Invoice:
    terms = Terms(
        customer_id=customer_id,
        legal_entity_id=product.legal_entity_id,
        shop_id=paying_shop(session, get_settings(), product.legal_entity_id).id,
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
