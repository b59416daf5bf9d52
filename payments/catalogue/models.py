"""Product and Price: what a customer can buy without help."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base
from payments.columns import CreatedAt, Key, Kopecks, LegalEntityId, ShopId, Str

ONE_OFF = "one_off"
RECURRING = "recurring"


class Product(Base):
    """Something for sale in the cabinet, sold by one legal entity. `shop_id`: its shop on the day when it was added."""

    __tablename__ = "products"
    id: Mapped[Key]
    legal_entity_id: Mapped[LegalEntityId]
    shop_id: Mapped[ShopId]
    name: Mapped[Str] = mapped_column(unique=True)
    description: Mapped[Str]
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[CreatedAt]


class Price(Base):
    """What a product costs: once, or each period of `period_count` units ('day', 'week', 'month', 'year')."""

    __tablename__ = "prices"
    __table_args__ = (
        CheckConstraint("kopecks >= 100", name="at_least_a_ruble"),
        CheckConstraint("(kind = 'recurring') = (period_unit IS NOT NULL)", name="recurring_has_a_period"),
        CheckConstraint("(period_unit IS NULL) = (period_count IS NULL)", name="period_is_whole"),
    )
    id: Mapped[Key]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id"), index=True)
    kind: Mapped[Str]
    kopecks: Mapped[Kopecks]
    period_unit: Mapped[Str | None]
    period_count: Mapped[int | None] = mapped_column(SmallInteger)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[CreatedAt]
