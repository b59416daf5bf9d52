"""What is for sale."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select

from kernel.db import ReadSession, Session
from kernel.errors import NotFound
from payments.catalogue.buying import period_of_price
from payments.catalogue.models import Price, Product
from payments.contracts.periods import Period


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


def _on_sale() -> Select[Price, Product]:
    return select(Price, Product).join(Product, Product.id == Price.product_id).where(Price.active, Product.active)


def _offer(price: Price, product: Product) -> Offer:
    return Offer(price.id, product.name, product.description, price.kopecks, period_of_price(price))
