"""The list of payments, both ways by time or by sum, what the whole of it adds up to, and how much each view holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_, union_all

from kernel.db import ReadSession, Session
from payments.autopay.models import PaymentMethod
from payments.charging.models import SUCCEEDED, Payment
from payments.charging.stalled import STALLED, Stall
from payments.contracts.models import Contract
from payments.customers.models import Customer
from payments.invoicing.models import Invoice
from portal.web.kit.paging import Key, Place
from portal.web.staff.queries.payment_filter import PaymentFilter

# Beyond this nobody reads a count, and counting on would cost more than the page itself.
MOST_COUNTED = 10_000
_ROWS_AT_A_TIME = 1_000
_BY = {"at": Payment.created_at, "kopecks": Payment.kopecks}
Mark = tuple[datetime | int, int]


@dataclass(frozen=True, slots=True)
class Order:
    """By time or by sum, ties by number. The default is newest first."""

    by: str = "at"
    descending: bool = True


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A line of the list; the sum is in kopecks. `stalled`: it was never sent, because charging is paused."""

    id: UUID
    number: int
    at: datetime
    decided_at: datetime | None
    status: str
    stalled: Stall | None
    initiator: str
    kopecks: int
    reason: str | None
    gateway_id: str | None
    method_kind: str | None
    last4: str | None
    invoice_number: str
    contract_id: UUID
    contract_number: str
    customer_id: UUID
    customer_name: str
    customer_inn: str | None

    def key(self, order: Order) -> Key:
        """Where the row stands in that order, for a cursor."""
        return (self.at.isoformat() if order.by == "at" else str(self.kopecks), str(self.number))


@dataclass(frozen=True, slots=True)
class Total:
    """Of everything the filter lets through: how many, and the kopecks of those that succeeded.

    Counted up to `MOST_COUNTED`; `more` says that there are more, and then the sum is not known.
    """

    payments: int
    kopecks: int
    more: bool


def list_payments(
    session: ReadSession,
    wanted: PaymentFilter,
    *,
    now: datetime,
    limit: int,
    order: Order = Order(),
    place: Place[Mark] = Place(),  # noqa: B008  frozen
) -> list[PaymentRow]:
    """Up to `limit` payments from the place on, or those just before it; always in the list's order."""
    key = tuple_(_BY[order.by], Payment.number)
    falling = order.descending != place.back
    chosen = select(Payment.id).where(*wanted.conditions(now)).limit(limit)
    if place.key is not None:
        chosen = chosen.where(key < tuple_(*place.key) if falling else key > tuple_(*place.key))
    chosen = chosen.order_by(*(column.desc() if falling else column for column in key))
    # Cut to the page first: names are then looked up for its rows only, whatever the filter.
    rows = _rows().where(Payment.id.in_(chosen.scalar_subquery()))
    rows = rows.order_by(*(column.desc() if order.descending else column for column in key))
    return [PaymentRow(*row) for row in session.execute(rows)]


def newest_payments(session: ReadSession, conditions: Sequence[ColumnElement[bool]], *, limit: int) -> list[PaymentRow]:
    """Up to `limit` payments that meet the conditions, the newest first."""
    chosen = select(Payment.id).where(*conditions).order_by(Payment.number.desc()).limit(limit)
    rows = _rows().where(Payment.id.in_(chosen.scalar_subquery())).order_by(Payment.number.desc())
    return [PaymentRow(*row) for row in session.execute(rows)]


def stream_payments(session: ReadSession, wanted: PaymentFilter, *, now: datetime) -> Iterator[Sequence[PaymentRow]]:
    """All payments of the filter, oldest first, some at a time, as the session's one snapshot has them."""
    rows = _rows().where(*wanted.conditions(now)).order_by(Payment.created_at, Payment.number)
    found = session.execute(rows, execution_options={"yield_per": _ROWS_AT_A_TIME})
    for part in found.partitions():
        yield [PaymentRow(*row) for row in part]


def total_payments(session: ReadSession, wanted: PaymentFilter, *, now: datetime, whole: bool = False) -> Total:
    """What the filtered list adds up to; `whole` counts on to its end, however far that is."""
    most = None if whole else MOST_COUNTED + 1
    some = select(Payment.kopecks, Payment.status).where(*wanted.conditions(now)).limit(most).subquery()
    succeeded = func.sum(some.c.kopecks).filter(some.c.status == SUCCEEDED)
    count, kopecks = session.execute(select(func.count(), func.coalesce(succeeded, 0)).select_from(some)).one()
    more = count > MOST_COUNTED and not whole
    return Total(MOST_COUNTED if more else count, int(kopecks), more)


def count_up_to(session: ReadSession | Session, wanted: PaymentFilter, most: int, *, now: datetime) -> int:
    """How many payments the filter lets through, but no more than `most`."""
    some = select(Payment.id).where(*wanted.conditions(now)).limit(most).subquery()
    return session.execute(select(func.count()).select_from(some)).scalar_one()


def count_payments(session: ReadSession, filters: Sequence[PaymentFilter], *, now: datetime) -> list[int]:
    """How many payments each filter lets through, in one query; one more than `MOST_COUNTED` stands for any more."""
    counts: list[Select[*tuple[Any, ...]]] = []
    for place, wanted in enumerate(filters):
        some = select(Payment.id).where(*wanted.conditions(now)).limit(MOST_COUNTED + 1).subquery()
        counts.append(select(literal(place).label("place"), func.count().label("count")).select_from(some))
    if not counts:
        return []
    found = {row[0]: row[1] for row in session.execute(union_all(*counts))}
    return [found[place] for place in range(len(filters))]


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Payment.id,
            Payment.number,
            Payment.created_at,
            Payment.decided_at,
            Payment.status,
            STALLED,
            Payment.initiator,
            Payment.kopecks,
            Payment.reason,
            Payment.gateway_id,
            func.coalesce(Payment.paid_with, PaymentMethod.kind),
            func.coalesce(Payment.last4, PaymentMethod.last4),
            Invoice.number,
            Contract.id,
            Contract.number,
            Customer.id,
            Customer.name,
            Customer.inn,
        )
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .join(Contract, Contract.id == Payment.contract_id)
        .join(Customer, Customer.id == Payment.customer_id)
        .outerjoin(PaymentMethod, PaymentMethod.id == Payment.method_id)
    )
