"""Everything that was ever for sale, with what it brings: for the desk. Sums are kopecks."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from kernel.db import ReadSession, Session
from kernel.errors import NotFound
from payments.catalogue.models import Price, Product
from payments.contracts.models import Contract
from payments.installation.models import LegalEntity
from portal.web.staff.queries.in_force import is_in_force


@dataclass(frozen=True, slots=True)
class PriceLine:
    """A price, and how many contracts made at it are in force."""

    id: UUID
    kopecks: int
    period_unit: str | None
    period_count: int | None
    active: bool
    contracts: int


@dataclass(frozen=True, slots=True)
class ServiceCard:
    """A product with its prices: the one-off ones first, then by sum."""

    id: UUID
    name: str
    description: str
    active: bool
    seller: str
    prices: tuple[PriceLine, ...]

    @property
    def shown(self) -> bool:
        """Whether customers see it."""
        return self.active and any(price.active for price in self.prices)


def list_services(session: ReadSession) -> list[ServiceCard]:
    """All products in the order of the cabinet."""
    products = session.execute(
        select(Product.id, Product.name, Product.description, Product.active, LegalEntity.name.label("seller"))
        .join(LegalEntity, LegalEntity.id == Product.legal_entity_id)
        .order_by(Product.position, Product.name)
    ).all()
    prices = _prices(session)
    return [
        ServiceCard(row.id, row.name, row.description, row.active, row.seller, tuple(prices.get(row.id, ())))
        for row in products
    ]


def find_service(session: ReadSession | Session, product_id: UUID) -> Product:
    """One product.

    Raises:
        NotFound: no such product.
    """
    product = session.get(Product, product_id)
    if product is None:
        raise NotFound
    return product


def _prices(session: ReadSession) -> dict[UUID, list[PriceLine]]:
    running = (
        select(func.count()).where(Contract.price_id == Price.id, is_in_force()).correlate(Price).scalar_subquery()
    )
    rows = session.execute(
        select(
            Price.product_id, Price.id, Price.kopecks, Price.period_unit, Price.period_count, Price.active, running
        ).order_by(Price.kind, Price.kopecks, Price.id)
    )
    found: dict[UUID, list[PriceLine]] = {}
    for product_id, *line in rows:
        found.setdefault(product_id, []).append(PriceLine(*line))
    return found
