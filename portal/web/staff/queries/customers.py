"""The list of customers and the choice of one, in the order of their names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, ScalarSelect, Select, Text, cast, func, select, tuple_

from kernel.db import ReadSession, Session
from payments.autopay.models import Autopay
from payments.contracts.models import Contract
from payments.customers.models import Customer
from payments.invoicing.models import Invoice
from portal.web.staff.queries.debts import overdue, owed
from portal.web.staff.queries.in_force import is_in_force
from portal.web.staff.queries.search import matching

_SUGGESTIONS = 8
_LIVE_AUTOPAYS = ("active", "suspended", "paused")
_name = func.lower(Customer.name)


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A line of the list; sums are kopecks. `contracts` are those in force, `sort_name` is the key of the order.

    `autopays` are the statuses that autopays of contracts under way have, each once.
    """

    id: UUID
    name: str
    kind: str
    email: str | None
    phone: str | None
    inn: str | None
    sort_name: str
    contracts: int
    overdue_kopecks: int
    autopays: list[str]

    @property
    def autopays_to_show(self) -> list[str]:
        """Those that charge or wait for somebody; one that was switched off tells something only if it is alone."""
        live = [status for status in _LIVE_AUTOPAYS if status in self.autopays]
        return live or [status for status in self.autopays if status == "withdrawn"]


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """What the list is narrowed by."""

    text: str = ""
    in_debt: bool = False
    on_autopay: bool = False

    @property
    def is_on(self) -> bool:
        """Whether anything is filtered out."""
        return bool(self.text) or self.in_debt or self.on_autopay


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A customer to choose."""

    id: UUID
    name: str
    email: str | None
    phone: str | None
    inn: str | None


def list_customers(
    session: ReadSession, wanted: CustomerFilter, *, today: date, after: tuple[str, UUID] | None, limit: int
) -> list[CustomerRow]:
    """Up to `limit` customers that follow the cursor (name, id)."""
    shown = _page(wanted, today, after, limit).cte("shown")
    statement: Select[*tuple[Any, ...]] = select(
        shown,
        select(func.count()).where(Contract.customer_id == shown.c.id, is_in_force()).scalar_subquery(),
        owed(Invoice.due_on < today, of=shown.c.id, by=Invoice.customer_id),
        _autopays_of(shown.c.id),
    ).order_by(shown.c.sort_name, shown.c.id)
    return [CustomerRow(*row) for row in session.execute(statement)]


def count_customers(session: ReadSession, wanted: CustomerFilter, *, today: date) -> int:
    """How many customers the filter lets through."""
    statement = select(func.count()).select_from(Customer).where(*_conditions(wanted, today))
    return session.execute(statement).scalar_one()


def suggest_customers(session: ReadSession | Session, text: str, *, limit: int = _SUGGESTIONS) -> list[Suggestion]:
    """A few customers whom the text may mean; the first of all when it is empty."""
    statement: Select[*tuple[Any, ...]] = (
        select(Customer.id, Customer.name, Customer.email, Customer.phone, Customer.inn)
        .order_by(_name, Customer.id)
        .limit(limit)
    )
    if text.strip():
        statement = statement.where(matching(text))
    return [Suggestion(*row) for row in session.execute(statement)]


def find_customer(session: ReadSession | Session, customer_id: UUID) -> Suggestion | None:
    """One customer, as the choice shows it."""
    row = session.execute(
        select(Customer.id, Customer.name, Customer.email, Customer.phone, Customer.inn).where(
            Customer.id == customer_id
        )
    ).first()
    return Suggestion(row.id, row.name, row.email, row.phone, row.inn) if row else None


def _page(wanted: CustomerFilter, today: date, after: tuple[str, UUID] | None, limit: int) -> Select[*tuple[Any, ...]]:
    page: Select[*tuple[Any, ...]] = (
        select(
            Customer.id,
            Customer.name,
            Customer.kind,
            Customer.email,
            Customer.phone,
            Customer.inn,
            _name.label("sort_name"),
        )
        .order_by(_name, Customer.id)
        .limit(limit)
    )
    page = page.where(*_conditions(wanted, today))
    return page.where(tuple_(_name, Customer.id) > tuple_(after[0], after[1])) if after else page


def _conditions(wanted: CustomerFilter, today: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.text:
        found.append(matching(wanted.text))
    if wanted.in_debt:
        found.append(Customer.id.in_(select(Invoice.customer_id).where(overdue(today))))
    if wanted.on_autopay:
        found.append(Customer.id.in_(select(Autopay.customer_id).where(Autopay.status == "active")))
    return found


def _autopays_of(customer_id: ColumnElement[UUID]) -> ScalarSelect[Any]:
    statuses = func.array_agg(Autopay.status.distinct())
    return (
        select(func.coalesce(statuses, cast([], ARRAY(Text))))
        .join(Contract, Contract.id == Autopay.contract_id)
        .where(Autopay.customer_id == customer_id, Contract.status != "ended")
        .scalar_subquery()
    )
