"""Customer: a person or a company that pays."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base
from payments.columns import CreatedAt, Key, Str

PERSON = "person"
COMPANY = "company"


class Customer(Base):
    """Who pays (контрагент). `phone` is E.164; `external_id` is the key of an import or of another system."""

    __tablename__ = "customers"
    __table_args__ = (
        CheckConstraint("kind IN ('person', 'company')", name="kind"),
        Index("ix_customers_email", text("lower(email)")),
        Index("ix_customers_name", text("lower(name)")),
        Index("ix_customers_phone", "phone"),
        Index("ix_customers_inn", "inn"),
    )
    id: Mapped[Key]
    kind: Mapped[Str] = mapped_column(default=PERSON)
    name: Mapped[Str]
    email: Mapped[Str | None]
    phone: Mapped[Str | None]
    inn: Mapped[Str | None]
    kpp: Mapped[Str | None]
    external_id: Mapped[Str | None] = mapped_column(unique=True)
    created_at: Mapped[CreatedAt]


# Any part of what is known of a customer is found by its trigrams.
Index(
    "ix_customers_search",
    func.replace(func.lower(Customer.name), "ё", "е").label("folded"),
    func.lower(Customer.email).label("address"),
    Customer.phone,
    Customer.inn,
    postgresql_using="gin",
    postgresql_ops=dict.fromkeys(("folded", "address", "phone", "inn"), "gin_trgm_ops"),
)
