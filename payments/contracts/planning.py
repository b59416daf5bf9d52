"""The next due line of a plan. There is at most one planned line ahead; later dates are computed, not stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import and_, bindparam, select, true, update

from kernel.db import Session, given, insert_rows
from kernel.ids import uuid7
from payments.catalogue.models import RECURRING
from payments.contracts.models import Contract, Installment, PaymentPlan
from payments.contracts.periods import Period, Unit, issue_instant
from payments.installation.models import Installation

ONE_DAY = timedelta(days=1)


def period_of(plan: PaymentPlan) -> Period | None:
    """The plan's period; None for a one-off."""
    if plan.period_unit is None or plan.period_count is None:
        return None
    unit: Unit = plan.period_unit  # type: ignore[assignment]  # a CHECK constraint holds the values
    return Period(unit, plan.period_count)


def due_date(plan: PaymentPlan, number: int) -> date:
    """The due date of line `number`, counted from 1."""
    period = period_of(plan)
    return period.nth(plan.anchor_on, number - 1) if period else plan.anchor_on


def notice_time(session: Session) -> timedelta:
    """How long before a charge its notice must have left."""
    hours = session.execute(select(Installation.notice_hours)).scalar_one()
    return timedelta(hours=hours)


def plan_lines(session: Session, lines: Sequence[tuple[PaymentPlan, int]], notice: timedelta) -> None:
    """Write many lines in one batch, each a plan and the number of its line; those already there stay as they are."""
    rows = [_line(plan, number, notice) for plan, number in lines]
    insert_rows(session, Installment, rows, pass_over_known=True)


def _line(plan: PaymentPlan, number: int, notice: timedelta) -> dict[str, object]:
    return {
        "id": uuid7(),
        "contract_id": plan.contract_id,
        "plan_id": plan.id,
        "number": number,
        "kopecks": plan.kopecks,
        "status": "planned",
        **_dates(plan, number, notice),
    }


def _dates(plan: PaymentPlan, number: int, notice: timedelta) -> dict[str, object]:
    due_on = due_date(plan, number)
    return {
        "due_on": due_on,
        "period_start": due_on,
        "period_end": due_date(plan, number + 1) if plan.kind == RECURRING else due_on + ONE_DAY,
        "issue_at": issue_instant(due_on, notice),
    }


def begin_anew(session: Session, contract_id: UUID, first_due_on: date) -> None:
    """Let a draft contract, of which nothing is paid, count its dates from another business date."""
    plan = session.scalars(select(PaymentPlan).where(PaymentPlan.contract_id == contract_id)).one()
    plan.anchor_on = first_due_on
    first = and_(Installment.plan_id == plan.id, Installment.number == 1)
    session.execute(update(Installment).where(first).values(_dates(plan, 1, notice_time(session))))


_FOLLOWED = (
    select(PaymentPlan, Installment.number, Installation.notice_hours)
    .join(Installment, Installment.plan_id == PaymentPlan.id)
    .join(Contract, Contract.id == PaymentPlan.contract_id)
    .join(Installation, true())
    .where(
        given(Installment.id, "installment_ids"),
        PaymentPlan.kind == RECURRING,
        Contract.advance == bindparam("way"),
        Contract.status.in_(("active", "suspended")),
    )
)


def plan_following(session: Session, installment_ids: list[UUID], *, advance: str) -> None:
    """Plan the line after each of these, for open-ended plans of contracts that run and advance in the given way.

    A suspended contract is among them: its money may come in meanwhile, and resuming it plans nothing. The line waits
    to be issued until then.
    """
    if not installment_ids:
        return
    rows = session.execute(_FOLLOWED, {"installment_ids": installment_ids, "way": advance}).all()
    if rows:
        notice = timedelta(hours=rows[0].notice_hours)
        plan_lines(session, [(row.PaymentPlan, row.number + 1) for row in rows], notice)


def upcoming_dates(plan: PaymentPlan, after_number: int, count: int) -> list[date]:
    """The due dates that follow line `after_number`, for pages: nothing is stored."""
    if plan.kind != RECURRING:
        return []
    return [due_date(plan, after_number + step) for step in range(1, count + 1)]
