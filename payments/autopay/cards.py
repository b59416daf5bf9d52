"""One card in a person's hand may be several saved methods: the gateway makes a new token for each contract."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import aliased

from kernel.db import Session
from payments.autopay.models import PaymentMethod
from payments.gateway.port import GatewayMethod


def tokens_of_card(method_id: UUID) -> Select[UUID]:
    """The ids of all saved methods that are the same card for the same customer as this one, itself included.

    The same means what a person can tell: kind, brand, last four digits and expiry; the gateway's title where there are
    no digits. Unlinked ones are among them.
    """
    asked = aliased(PaymentMethod)
    pairs = zip(_columns(PaymentMethod), _columns(asked), strict=True)
    same = [mine.is_not_distinct_from(other) for mine, other in pairs]
    return select(PaymentMethod.id).join(asked, and_(*same)).where(asked.id == method_id)


def card_of(customer_id: UUID, method: PaymentMethod | GatewayMethod) -> tuple[object, ...]:
    """Equal for two methods that are the same card of this customer."""
    digits = method.title if method.last4 is None else method.last4
    return customer_id, method.kind, method.card_type, digits, method.expiry_year, method.expiry_month


def is_unlinked_since(session: Session, customer_id: UUID, method: GatewayMethod, since: datetime) -> bool:
    """Whether the customer has taken this card away after that moment, under another token."""
    values = zip(_columns(PaymentMethod), card_of(customer_id, method), strict=True)
    same = [column.is_not_distinct_from(value) for column, value in values]
    return session.execute(select(exists().where(PaymentMethod.unlinked_at > since, *same))).scalar_one()


def _columns(method: type[PaymentMethod]) -> tuple[ColumnElement[Any], ...]:
    # In the order of `card_of`.
    digits = func.coalesce(method.last4, method.title)
    return (  # type: ignore[return-value]  # mapped columns are column elements in SQL
        method.customer_id,
        method.kind,
        method.card_type,
        digits,
        method.expiry_year,
        method.expiry_month,
    )
