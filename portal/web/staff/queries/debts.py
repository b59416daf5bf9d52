"""What is owed, as expressions for other queries. Sums are kopecks, `today` is a business date."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, cast, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute

from payments.charging.models import Allocation
from payments.contracts.models import Contract
from payments.invoicing.models import Invoice

_counted = (
    select(func.coalesce(func.sum(Allocation.kopecks), 0))
    .where(Allocation.invoice_id == Invoice.id)
    .correlate(Invoice)
    .scalar_subquery()
)
# Of one invoice; an aggregate over invoices sums it.
left_to_pay: ColumnElement[Any] = Invoice.kopecks - _counted


# A draft's invoice is an offer: it becomes a debt, or lapses, with its contract.
is_debt: ColumnElement[bool] = (Invoice.status == "open") & ~exists().where(
    Contract.id == Invoice.contract_id, Contract.status == "draft"
).correlate(Invoice)


def overdue(today: date) -> ColumnElement[bool]:
    """Debts whose day has passed without money."""
    return is_debt & (Invoice.due_on < today)


def owed(
    *conditions: ColumnElement[bool], of: ColumnElement[UUID], by: InstrumentedAttribute[UUID]
) -> ScalarSelect[Any]:
    """The sum left to pay of somebody's debts: `by` is the invoices' column, `of` the owner it must equal."""
    return (
        select(cast(func.coalesce(func.sum(left_to_pay), 0), BigInteger))
        .where(by == of, is_debt, *conditions)
        .scalar_subquery()
    )
