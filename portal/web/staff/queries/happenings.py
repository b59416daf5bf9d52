"""The last events of the whole company, for the dashboard: read backwards from the end of the history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select

from kernel.db import ReadSession
from payments.autopay.models import Autopay
from payments.charging.models import FINAL, Payment
from payments.contracts.models import Contract
from payments.customers.models import Customer
from payments.history.models import StatusHistory

_OF_PAYMENTS = and_(StatusHistory.object_kind == "payment", StatusHistory.new.in_(FINAL))
_OF_PERMISSIONS = StatusHistory.object_kind.in_(("autopay", "contract"))


@dataclass(frozen=True, slots=True)
class Happening:
    """A change of status with whose it is. `object_kind`: payment, autopay or contract."""

    object_kind: str
    object_id: UUID
    new: str
    at: datetime
    kopecks: int | None
    initiator: str | None
    reason: str | None
    contract_id: UUID
    contract_number: str
    customer_id: UUID
    customer_name: str


def last_happenings(session: ReadSession, count: int) -> list[Happening]:
    """The newest first."""
    newest = (
        select(StatusHistory)
        .where(or_(_OF_PAYMENTS, _OF_PERMISSIONS))
        .order_by(StatusHistory.id.desc())
        .limit(count)
        .subquery("newest")
    )
    statement: Select[*tuple[Any, ...]] = (
        select(
            newest.c.object_kind,
            newest.c.object_id,
            newest.c.new,
            newest.c.at,
            Payment.kopecks,
            Payment.initiator,
            Payment.reason,
            Contract.id,
            Contract.number,
            Customer.id,
            Customer.name,
        )
        .select_from(newest)
        .outerjoin(Payment, and_(newest.c.object_kind == "payment", Payment.id == newest.c.object_id))
        .outerjoin(Autopay, and_(newest.c.object_kind == "autopay", Autopay.id == newest.c.object_id))
        .join(Contract, Contract.id == func.coalesce(Payment.contract_id, Autopay.contract_id, newest.c.object_id))
        .join(Customer, Customer.id == Contract.customer_id)
        .order_by(newest.c.id.desc())
    )
    return [Happening(*row) for row in session.execute(statement)]
