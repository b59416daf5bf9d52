"""Customers who may be the one that is being added: the same address, phone or ИНН."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from kernel.db import Session
from payments.customers.models import Customer
from payments.customers.registration import CustomerData

_LOCK = 0x6E6577636F6D6572  # "newcomer"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Somebody who is there already."""

    id: UUID
    name: str
    email: str | None
    phone: str | None
    inn: str | None


def lookalikes_of(session: Session, data: CustomerData, *, seen: Sequence[UUID]) -> list[Lookalike]:
    """Whoever shares something with the newcomer and is not among those `seen`, the oldest first.

    Employees who add customers at the same moment take turns here: the second finds what the first added.
    """
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    same = [
        condition
        for value, condition in (
            (data.email, func.lower(Customer.email) == (data.email or "").lower()),
            (data.phone, Customer.phone == data.phone),
            (data.inn, Customer.inn == data.inn),
        )
        if value
    ]
    statement: Select[*tuple[Any, ...]] = (
        select(Customer.id, Customer.name, Customer.email, Customer.phone, Customer.inn)
        .where(or_(*same), Customer.id.not_in(seen))
        .order_by(Customer.id)
        .limit(_SHOWN)
    )
    return [Lookalike(*row) for row in session.execute(statement)] if same else []
