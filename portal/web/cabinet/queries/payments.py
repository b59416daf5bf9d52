"""The history of payments: a page of it, its totals by month, and the contracts one can choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, bindparam, cast, func, select

from kernel.clock import start_of
from kernel.db import ReadSession, given
from kernel.settings import get_settings
from payments.autopay.models import PaymentMethod
from payments.charging.models import CANCELED, LIVE, REJECTED, SUCCEEDED, Payment
from payments.charging.stalled import STALLED, Stall
from payments.contracts.models import Contract
from portal.notifications.reasons import EXPIRED
from portal.web.cabinet.method_titles import paid_how

GROUPS: dict[str, tuple[str, ...]] = {
    "paid": (SUCCEEDED,),
    "waiting": LIVE,
    "failed": (CANCELED, REJECTED),
}


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One payment in a list. `stalled`: it was never sent, because charging is paused."""

    id: UUID
    number: int
    title: str
    contract_number: str
    kopecks: int
    status: str
    stalled: Stall | None
    scheduled: bool
    reason: str | None
    paid_with: str | None
    last4: str | None
    created_at: datetime

    @property
    def unfinished(self) -> bool:
        """The customer left the gateway's page, and it closed: nobody refused anything."""
        return not self.scheduled and self.reason == EXPIRED

    @property
    def paid_how(self) -> str:
        """«Автоплатёж •• 4477», «Карта •• 4477»."""
        return paid_how(self.paid_with, self.last4, scheduled=self.scheduled)


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """Which payments: a group of statuses, one contract, business dates from and to, both inclusive."""

    group: str = "all"
    contract_id: UUID | None = None
    since: date | None = None
    until: date | None = None

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out."""
        return self != PaymentFilter()


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """What came in during a business month, by its first day."""

    month: date
    kopecks: int


@dataclass(frozen=True, slots=True)
class ContractChoice:
    """A contract that has been paid for, as a choice of the filter."""

    id: UUID
    number: str
    title: str


_PAYMENTS = (
    select(
        Payment.id,
        Payment.number,
        Contract.title,
        Contract.number.label("contract_number"),
        Payment.kopecks,
        Payment.status,
        STALLED.label("stalled"),
        (Payment.initiator == "schedule").label("scheduled"),
        Payment.reason,
        func.coalesce(Payment.paid_with, PaymentMethod.kind).label("paid_with"),
        func.coalesce(Payment.last4, PaymentMethod.last4).label("last4"),
        Payment.created_at,
    )
    .join(Contract, Contract.id == Payment.contract_id)
    .outerjoin(PaymentMethod, PaymentMethod.id == Payment.method_id)
    .where(given(Payment.customer_id, "customer_ids"))
    .order_by(Payment.id.desc())
    .limit(bindparam("limit"))
)


def read_payments(
    session: ReadSession,
    customer_ids: Sequence[UUID],
    wanted: PaymentFilter,
    *,
    limit: int,
    before: UUID | None = None,
) -> list[PaymentRow]:
    """Payments from the newest on, `before` one of them exclusive."""
    statement = _PAYMENTS.where(*_conditions(wanted)) if wanted.narrows else _PAYMENTS
    if before is not None:
        statement = statement.where(Payment.id < before)
    asked = {"customer_ids": list(customer_ids), "limit": limit}
    return [PaymentRow(**row) for row in session.execute(statement, asked).mappings()]


def read_month_totals(session: ReadSession, customer_ids: Sequence[UUID], wanted: PaymentFilter) -> list[MonthTotal]:
    """What was paid in each month that the filter leaves, the newest first."""
    month = _business_month()
    rows = session.execute(
        select(month.label("month"), func.sum(Payment.kopecks).label("kopecks"))
        .where(Payment.customer_id.in_(customer_ids), *_conditions(wanted), Payment.status == SUCCEEDED)
        .group_by(month)
        .order_by(month.desc())
    )
    return [MonthTotal(row.month, int(row.kopecks)) for row in rows]


def read_paid_contracts(session: ReadSession, customer_ids: Sequence[UUID]) -> list[ContractChoice]:
    """Contracts with at least one payment."""
    rows = session.execute(
        select(Contract.id, Contract.number, Contract.title)
        .where(
            Contract.customer_id.in_(customer_ids),
            select(Payment.id).where(Payment.contract_id == Contract.id).exists(),
        )
        .order_by(Contract.number)
    )
    return [ContractChoice(*row) for row in rows]


def _conditions(wanted: PaymentFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.group in GROUPS:
        conditions.append(Payment.status.in_(GROUPS[wanted.group]))
    if wanted.contract_id:
        conditions.append(Payment.contract_id == wanted.contract_id)
    if wanted.since:
        conditions.append(Payment.created_at >= start_of(wanted.since))
    if wanted.until:
        conditions.append(Payment.created_at < start_of(wanted.until + timedelta(days=1)))
    return conditions


def _business_month() -> ColumnElement[Any]:
    local = func.timezone(get_settings().business_tz, Payment.created_at)
    return cast(func.date_trunc("month", local), Date)
