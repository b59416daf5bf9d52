"""The list of payments, newest first, and what the whole of it adds up to."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from kernel.clock import start_of
from kernel.db import ReadSession
from payments.autopay.models import PaymentMethod
from payments.charging.models import SUCCEEDED, Payment
from payments.contracts.models import Contract
from payments.customers.models import Customer
from portal.web.staff.queries.attention import is_failed_charge, is_long_unknown
from portal.web.staff.queries.search import matching

# Beyond this nobody reads a sum, and adding it up would cost more than the page itself.
MOST_COUNTED = 10_000
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A line of the list; the sum is in kopecks."""

    id: UUID
    number: int
    at: datetime
    status: str
    initiator: str
    kopecks: int
    reason: str | None
    method_kind: str | None
    last4: str | None
    contract_id: UUID
    contract_number: str
    customer_id: UUID
    customer_name: str


@dataclass(frozen=True, slots=True)
class Total:
    """Of everything the filter lets through: how many, and the kopecks of those that succeeded.

    Counted up to `MOST_COUNTED`; `more` says that there are more, and then the sum is not known.
    """

    payments: int
    kopecks: int
    more: bool


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """What the list is narrowed by. `view`: failed or unknown, the two that wait for a person. Days are inclusive."""

    text: str = ""
    view: str = ""
    status: str = ""
    initiator: str = ""
    first_on: date | None = None
    last_on: date | None = None
    last4: str = ""
    least_kopecks: int | None = None
    most_kopecks: int | None = None
    customer_id: UUID | None = None

    def conditions(self, now: datetime) -> list[ColumnElement[bool]]:
        """The same in SQL."""
        return [*self._chosen(now), *self._between(), *self._typed()]

    def _chosen(self, now: datetime) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.view:
            found.append(is_failed_charge() if self.view == "failed" else is_long_unknown(now))
        if self.status:
            found.append(Payment.status == self.status)
        if self.initiator:
            found.append(Payment.initiator == self.initiator)
        if self.customer_id:
            found.append(Payment.customer_id == self.customer_id)
        return found

    def _between(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.first_on:
            found.append(Payment.created_at >= start_of(self.first_on))
        if self.last_on:
            found.append(Payment.created_at < start_of(self.last_on + _ONE_DAY))
        if self.least_kopecks is not None:
            found.append(Payment.kopecks >= self.least_kopecks)
        if self.most_kopecks is not None:
            found.append(Payment.kopecks <= self.most_kopecks)
        return found

    def _typed(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.last4:
            method = select(PaymentMethod.id).where(PaymentMethod.last4 == self.last4)
            found.append(or_(Payment.last4 == self.last4, Payment.method_id.in_(method)))
        if self.text:
            found.append(_means(self.text))
        return found


def list_payments(
    session: ReadSession, wanted: PaymentFilter, *, now: datetime, after: int | None, limit: int
) -> list[PaymentRow]:
    """Up to `limit` payments that follow the cursor (number)."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            Payment.id,
            Payment.number,
            Payment.created_at,
            Payment.status,
            Payment.initiator,
            Payment.kopecks,
            Payment.reason,
            func.coalesce(Payment.paid_with, PaymentMethod.kind),
            func.coalesce(Payment.last4, PaymentMethod.last4),
            Contract.id,
            Contract.number,
            Customer.id,
            Customer.name,
        )
        .join(Contract, Contract.id == Payment.contract_id)
        .join(Customer, Customer.id == Payment.customer_id)
        .outerjoin(PaymentMethod, PaymentMethod.id == Payment.method_id)
        .where(*wanted.conditions(now))
        .order_by(Payment.number.desc())
        .limit(limit)
    )
    if after:
        statement = statement.where(Payment.number < after)
    return [PaymentRow(*row) for row in session.execute(statement)]


def total_payments(session: ReadSession, wanted: PaymentFilter, *, now: datetime) -> Total:
    """What the whole filtered list adds up to."""
    newest = (
        select(Payment.kopecks, Payment.status)
        .where(*wanted.conditions(now))
        .order_by(Payment.number.desc())
        .limit(MOST_COUNTED + 1)
        .subquery()
    )
    succeeded = func.sum(newest.c.kopecks).filter(newest.c.status == SUCCEEDED)
    count, kopecks = session.execute(select(func.count(), func.coalesce(succeeded, 0)).select_from(newest)).one()
    return Total(min(count, MOST_COUNTED), int(kopecks), count > MOST_COUNTED)


def _means(text: str) -> ColumnElement[bool]:
    """A customer in any form, or the payment itself by its number, by the gateway's id or by ours."""
    bare = text.strip().lstrip("№").strip()
    whose = Payment.customer_id.in_(select(Customer.id).where(matching(text)))
    found = [whose, Payment.gateway_id == bare]
    if bare.isascii() and bare.isdigit() and len(bare) < 19:  # noqa: PLR2004  what a BIGINT holds
        found.append(Payment.number == int(bare))
    with suppress(ValueError):
        found.append(Payment.id == UUID(bare))
    return or_(*found)
