"""How many charges of saved methods succeed, week by week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Date, Select, cast, func, or_, select

from kernel.clock import start_of
from kernel.db import ReadSession
from kernel.settings import get_settings
from payments.charging.models import CANCELED, REFUSED_FOR, REJECTED, SUCCEEDED, Payment

WEEKS = 12
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class WeekOfCharges:
    """Charges that were decided in the week from this Monday on, and how many of them brought money."""

    monday: date
    decided: int
    succeeded: int


def charges_by_week(session: ReadSession, today: date) -> list[WeekOfCharges]:
    """The last twelve weeks, this one included, the oldest first; a week without charges is there with zeros."""
    this_week = today - timedelta(days=today.weekday())
    first = this_week - (WEEKS - 1) * _WEEK
    # The zone as a constant: a function of ours would be asked for each row.
    local = func.timezone(get_settings().business_tz, Payment.decided_at)
    monday = cast(func.date_trunc("week", local), Date)
    # What the gateway did not take counts as a decline; what we held back ourselves is no charge.
    ended = or_(Payment.status != REJECTED, Payment.reason.in_(REFUSED_FOR))
    statement: Select[*tuple[Any, ...]] = (
        select(monday, func.count(), func.count().filter(Payment.status == SUCCEEDED))
        .where(
            Payment.decided_at >= start_of(first),
            Payment.initiator == "schedule",
            Payment.status.in_((SUCCEEDED, CANCELED, REJECTED)),
            ended,
        )
        .group_by(monday)
    )
    found = {row[0]: row for row in session.execute(statement)}
    weeks = (first + number * _WEEK for number in range(WEEKS))
    return [
        WeekOfCharges(day, found[day][1], found[day][2]) if day in found else WeekOfCharges(day, 0, 0) for day in weeks
    ]
