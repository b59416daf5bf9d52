"""What is for sale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select

from kernel.db import ReadSession, Session
from kernel.errors import NotFound
from payments.autopay.models import Autopay
from payments.catalogue.buying import period_of_price
from payments.catalogue.models import Price, Product
from payments.charging.models import LEFT_TO_PAY
from payments.contracts.models import Contract, PaymentPlan
from payments.contracts.periods import Period
from payments.invoicing.models import Invoice

# Enough to be told; who has bought more of the same knows it.
_EARLIER = 2


@dataclass(frozen=True, slots=True)
class Offer:
    """One price of a product; `period` None means once."""

    id: UUID
    product: str
    description: str
    kopecks: int
    period: Period | None


@dataclass(frozen=True, slots=True)
class Service:
    """A product with its prices, the one-off ones first."""

    name: str
    description: str
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A purchase of the same product: `unfinished` and to be gone on with by its invoice, or a contract that runs."""

    contract_id: UUID
    contract_number: str
    title: str
    unfinished: bool
    charges_itself: bool
    invoice_id: UUID | None
    invoice_number: str | None
    kopecks: int


def read_services(session: ReadSession) -> list[Service]:
    """Everything on sale, in the order the company gave it."""
    rows = session.execute(_on_sale().order_by(Product.position, Product.name, Price.kind, Price.kopecks)).all()
    offers: dict[str, list[Offer]] = {}
    for price, product in rows:
        offers.setdefault(product.name, []).append(_offer(price, product))
    return [Service(name, found[0].description, tuple(found)) for name, found in offers.items()]


def read_offer(session: Session | ReadSession, price_id: UUID) -> Offer:
    """One price on sale.

    Raises:
        NotFound: no such price, or it is no longer sold.
    """
    row = session.execute(_on_sale().where(Price.id == price_id)).first()
    if row is None:
        raise NotFound
    return _offer(row[0], row[1])


def read_earlier(session: Session | ReadSession, price_id: UUID, customer_ids: Sequence[UUID]) -> list[Earlier]:
    """What these customers have of the same product: purchases begun at this price, and contracts that run if it recurs.

    A thing bought once makes no second contract of theirs.
    """
    same_product = select(Price.product_id).where(Price.id == price_id).scalar_subquery()
    begun = and_(Contract.status == "draft", Contract.price_id == price_id, Invoice.status == "open")
    another = select(Price.kind == "recurring").where(Price.id == price_id).scalar_subquery()
    runs = and_(Contract.status == "active", PaymentPlan.kind == "recurring", another)
    rows = session.execute(
        select(
            Contract.id.label("contract_id"),
            Contract.number.label("contract_number"),
            Contract.title,
            (Contract.status == "draft").label("unfinished"),
            func.coalesce(Autopay.status == "active", False).label("charges_itself"),
            Invoice.id.label("invoice_id"),
            Invoice.number.label("invoice_number"),
            func.coalesce(LEFT_TO_PAY, PaymentPlan.kopecks).label("kopecks"),
        )
        .join(Price, Price.id == Contract.price_id)
        .join(PaymentPlan, PaymentPlan.contract_id == Contract.id)
        .outerjoin(Autopay, Autopay.contract_id == Contract.id)
        .outerjoin(Invoice, (Invoice.contract_id == Contract.id) & (Contract.status == "draft"))
        .where(Contract.customer_id.in_(customer_ids), Price.product_id == same_product, or_(begun, runs))
        .order_by(Contract.number.desc())
        .limit(_EARLIER)
    )
    return [Earlier(**row) for row in rows.mappings()]


def _on_sale() -> Select[Price, Product]:
    return select(Price, Product).join(Product, Product.id == Price.product_id).where(Price.active, Product.active)


def _offer(price: Price, product: Product) -> Offer:
    return Offer(price.id, product.name, product.description, price.kopecks, period_of_price(price))
