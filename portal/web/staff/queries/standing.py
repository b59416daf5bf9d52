"""What hangs on a contract now: what its suspension, resumption or end would leave, stop and bring. Sums are kopecks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from kernel.db import ReadSession
from payments.charging.models import LEFT_TO_PAY, UNDER_WAY, Payment
from payments.contracts.models import BY_CALENDAR, Contract, Installment, PaymentPlan
from payments.contracts.planning import due_date
from payments.invoicing.models import Invoice

_MOST_MISSED = 400


@dataclass(frozen=True, slots=True)
class Debt:
    """Open invoices: how many, and what is left to pay of them."""

    count: int
    kopecks: int


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge of a saved method that has left and may still end either way."""

    id: UUID
    number: int
    kopecks: int


@dataclass(frozen=True, slots=True)
class NextLine:
    """The line that no invoice was made of yet. `late_on`: the dates of the calendar that have passed since."""

    due_on: date
    kopecks: int
    late_on: tuple[date, ...]


def open_debt(session: ReadSession, contract_id: UUID) -> Debt:
    """What the contract asks for today."""
    row = session.execute(
        select(func.count(), func.coalesce(func.sum(LEFT_TO_PAY), 0)).where(
            Invoice.contract_id == contract_id, Invoice.status == "open"
        )
    ).one()
    return Debt(row[0], int(row[1]))


def charges_under_way(session: ReadSession, contract_id: UUID) -> list[Charge]:
    """Charges that had left; a stop does not call them back."""
    rows = session.execute(
        select(Payment.id, Payment.number, Payment.kopecks)
        .where(
            Payment.contract_id == contract_id,
            Payment.initiator == "schedule",
            Payment.status.in_(UNDER_WAY),
        )
        .order_by(Payment.number)
    )
    return [Charge(*row) for row in rows]


def next_line(session: ReadSession, contract_id: UUID, *, today: date) -> NextLine | None:
    """The next line to be asked for; None when nothing is planned. The business date tells what has passed."""
    row = session.execute(
        select(Installment, PaymentPlan, Contract.advance)
        .join(PaymentPlan, PaymentPlan.id == Installment.plan_id)
        .join(Contract, Contract.id == Installment.contract_id)
        .where(Installment.contract_id == contract_id, Installment.status == "planned")
        .order_by(Installment.number)
        .limit(1)
    ).first()
    if row is None:
        return None
    line, plan, advance = row
    late = [line.due_on] if line.due_on < today else []
    while late and advance == BY_CALENDAR and plan.period_unit and len(late) < _MOST_MISSED:
        following = due_date(plan, line.number + len(late))
        if following >= today:
            break
        late.append(following)
    return NextLine(line.due_on, line.kopecks, tuple(late))
