"""What is owed, as expressions for other queries. Sums are kopecks, `today` is a business date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, cast, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute

from kernel.db import ReadSession
from payments.charging.models import LEFT_TO_PAY
from payments.contracts.models import Contract
from payments.invoicing.models import Invoice

# Days since the due date, both included; the last has no end that a debt could reach.
AGES = ((1, 7), (8, 30), (31, 60), (61, 100_000))


# A draft's invoice is an offer: it becomes a debt, or lapses, with its contract.
is_debt: ColumnElement[bool] = (Invoice.status == "open") & ~exists().where(
    Contract.id == Invoice.contract_id, Contract.status == "draft"
).correlate(Invoice)


def overdue(today: date) -> ColumnElement[bool]:
    """Debts whose day has passed without money."""
    return is_debt & (Invoice.due_on < today)


@dataclass(frozen=True, slots=True)
class DebtAges:
    """Overdue debts by how long ago their day was: kopecks of each of `AGES`, and how many debts there are in all."""

    kopecks: tuple[int, ...]
    debts: int


def debt_ages(session: ReadSession, today: date) -> DebtAges:
    """The overdue debts of all customers on a business date."""
    days = today - Invoice.due_on
    sums = [func.coalesce(func.sum(LEFT_TO_PAY).filter(days.between(first, last)), 0) for first, last in AGES]
    row = session.execute(select(func.count(), *sums).where(overdue(today))).one()
    return DebtAges(tuple(int(value) for value in row[1:]), row[0])


def owed(
    *conditions: ColumnElement[bool], of: ColumnElement[UUID], by: InstrumentedAttribute[UUID]
) -> ScalarSelect[Any]:
    """The sum left to pay of somebody's debts: `by` is the invoices' column, `of` the owner it must equal."""
    return (
        select(cast(func.coalesce(func.sum(LEFT_TO_PAY), 0), BigInteger))
        .where(by == of, is_debt, *conditions)
        .scalar_subquery()
    )
