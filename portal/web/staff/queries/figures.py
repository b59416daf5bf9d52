"""The dashboard's money: received, expected, overdue, each beside the equal period before. Sums are kopecks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    ScalarSelect,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)

from kernel.db import ReadSession
from kernel.settings import get_settings
from payments.charging.models import LEFT_TO_PAY, SUCCEEDED, Allocation, Payment
from payments.contracts.models import Contract, Installment, PaymentPlan
from payments.invoicing.models import Invoice
from portal.web.kit.charts import DayAmount
from portal.web.staff.periods import DeskPeriod, Span, same_day_last_month
from portal.web.staff.queries.debts import overdue

_A_MONTH = timedelta(days=31)
_TO_COME = ("planned", "invoiced")
# Only these can fall due twice in one month: of all others the one stored line is all that is expected.
_SHORT_PERIODS = ("day", "week")


@dataclass(frozen=True, slots=True)
class Received:
    """What came in during a span; how many payments began here, and how many of them by autopay."""

    kopecks: int
    payments: int
    by_autopay: int

    @property
    def autopay_percent(self) -> int:
        """The share of payments made by autopay."""
        return round(100 * self.by_autopay / self.payments) if self.payments else 0


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that the row of figures shows.

    `expected` are the days from today for at least a month, `expected_kopecks` is until the end of this one.
    """

    received: Received
    received_before: Received
    expected: tuple[DayAmount, ...]
    expected_kopecks: int
    expected_before_kopecks: int
    overdue_kopecks: int
    overdue_before_kopecks: int


def read_figures(session: ReadSession, period: DeskPeriod) -> Figures:
    """The figures of a period."""
    received, before = _received(session, period)
    expected = expected_by_day(session, period.today, max(period.month_ends_on, period.today + _A_MONTH))
    overdue_now, overdue_before, expected_before = session.execute(
        select(
            select(func.coalesce(func.sum(LEFT_TO_PAY), 0)).where(overdue(period.today)).scalar_subquery(),
            _overdue_then(period.previous),
            _due_between(*same_day_last_month(period.today)),
        )
    ).one()
    return Figures(
        received=received,
        received_before=before,
        expected=expected,
        expected_kopecks=sum(item.kopecks for item in expected if item.day <= period.month_ends_on),
        expected_before_kopecks=int(expected_before),
        overdue_kopecks=int(overdue_now),
        overdue_before_kopecks=int(overdue_before),
    )


def receipts_by_day(session: ReadSession, period: DeskPeriod) -> dict[date, int]:
    """What came in on each day of the chart that had money."""
    # The zone as a constant: business_date() looks it up for each row, ten times slower over a month of payments.
    day = cast(func.timezone(get_settings().business_tz, Payment.decided_at), Date).label("day")
    whole = Span(period.chart_first_on, period.today, period.current.until)
    rows = session.execute(select(day, func.sum(Payment.kopecks)).where(_succeeded_in(whole)).group_by(day)).all()
    return {row[0]: int(row[1]) for row in rows}


def expected_by_day(session: ReadSession, first_on: date, last_on: date) -> tuple[DayAmount, ...]:
    """What falls due on each day, from stored lines and, for periods shorter than a month, from the plans."""
    lines = union_all(_stored(first_on, last_on), _projected(first_on, last_on)).subquery("lines")
    rows = session.execute(
        select(lines.c.due_on, func.sum(lines.c.kopecks)).group_by(lines.c.due_on).order_by(lines.c.due_on)
    ).all()
    return tuple(DayAmount(row[0], int(row[1]), planned=True) for row in rows)


def _received(session: ReadSession, period: DeskPeriod) -> tuple[Received, Received]:
    scheduled = Payment.initiator == "schedule"
    # Of a payment that was found in the gateway's lists nobody knows who began it: it counts to no share.
    begun_here = Payment.initiator != "gateway"
    columns: list[ColumnElement[Any]] = []
    for span in (period.current, period.previous):
        inside = _succeeded_in(span)
        columns += [
            func.coalesce(func.sum(Payment.kopecks).filter(inside), 0),
            func.count().filter(inside, begun_here),
            func.count().filter(inside, scheduled),
        ]
    statement: Select[*tuple[Any, ...]] = select(*columns).where(
        Payment.status == SUCCEEDED, Payment.decided_at >= period.previous.since
    )
    row = session.execute(statement).one()
    return Received(int(row[0]), row[1], row[2]), Received(int(row[3]), row[4], row[5])


def _succeeded_in(span: Span) -> ColumnElement[bool]:
    return and_(Payment.status == SUCCEEDED, Payment.decided_at >= span.since, Payment.decided_at <= span.until)


def _stored(first_on: date, last_on: date) -> Select[*tuple[Any, ...]]:
    return (
        select(Installment.due_on, Installment.kopecks)
        .join(Contract, Contract.id == Installment.contract_id)
        .where(
            Contract.status == "active",
            Installment.status.in_(_TO_COME),
            Installment.due_on.between(first_on, last_on),
        )
    )


def _projected(first_on: date, last_on: date) -> Select[*tuple[Any, ...]]:
    # Later dates are computed, not stored: the last stored line plus n periods, which for days and weeks is plain
    # arithmetic.
    step = PaymentPlan.period_count * case((PaymentPlan.period_unit == "week", 7), else_=1)
    last = (
        select(func.max(Installment.due_on).label("due_on"))
        .where(Installment.plan_id == PaymentPlan.id, Installment.status != "void")
        .lateral("last")
    )
    periods = cast(literal(last_on, Date) - last.c.due_on, Integer) // step
    series = func.generate_series(1, periods).table_valued("n", name="series").render_derived()
    due_on = type_coerce(last.c.due_on + series.c.n * step, Date)
    return (
        select(due_on.label("due_on"), PaymentPlan.kopecks)
        .join(Contract, Contract.id == PaymentPlan.contract_id)
        .join(last, true())
        .join(series, true())
        .where(Contract.status == "active", PaymentPlan.period_unit.in_(_SHORT_PERIODS), due_on >= first_on)
    )


def _overdue_then(span: Span) -> ScalarSelect[Any]:
    # As it stood at the end of the span: what has been paid since counted as owed then.
    paid_then = (
        select(func.coalesce(func.sum(Allocation.kopecks), 0))
        .where(Allocation.invoice_id == Invoice.id, Allocation.created_at <= span.until)
        .correlate(Invoice)
        .scalar_subquery()
    )
    return (
        select(func.coalesce(func.sum(Invoice.kopecks - paid_then), 0))
        .where(
            Invoice.status.in_(("open", "paid", "void")),
            Invoice.lapses_at.is_(None),  # a purchase on trial is nobody's debt
            Invoice.due_on < span.last_on,
            Invoice.created_at <= span.until,
            or_(Invoice.paid_at.is_(None), Invoice.paid_at > span.until),
            or_(Invoice.status != "void", Invoice.voided_at > span.until),
        )
        .scalar_subquery()
    )


def _due_between(first_on: date, last_on: date) -> ScalarSelect[Any]:
    return (
        select(func.coalesce(func.sum(Installment.kopecks), 0))
        .join(Contract, Contract.id == Installment.contract_id)
        .where(
            Contract.status != "draft",
            Installment.status.in_((*_TO_COME, "paid")),
            Installment.due_on.between(first_on, last_on),
        )
        .scalar_subquery()
    )
