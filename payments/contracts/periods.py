"""Periods and due dates. A due date is anchor + n periods, so that the 31st stays the 31st after February."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from kernel.clock import start_of
from kernel.errors import Refused

Unit = Literal["day", "week", "month", "year"]
_DAYS = {"day": 1, "week": 7, "month": 28, "year": 365}


@dataclass(frozen=True, slots=True)
class Period:
    """`count` units between two due dates."""

    unit: Unit
    count: int = 1

    def nth(self, anchor: date, n: int) -> date:
        """The date `n` periods after the anchor; a missing day becomes the last of its month, for that month only."""
        step = self.count * n
        if self.unit == "day":
            return anchor + timedelta(days=step)
        if self.unit == "week":
            return anchor + timedelta(weeks=step)
        # By hand: dateutil takes twenty times as long, and each charge plans a line with two dates.
        months = anchor.month - 1 + (step if self.unit == "month" else 12 * step)
        year, month = anchor.year + months // 12, months % 12 + 1
        return date(year, month, min(anchor.day, monthrange(year, month)[1]))

    @property
    def shortest(self) -> timedelta:
        """The least time between two due dates."""
        return timedelta(days=_DAYS[self.unit] * self.count)


def require_room_for_notice(period: Period, notice: timedelta) -> None:
    """A charge must be announced before the next one falls due.

    Raises:
        Refused: the period is not longer than the notice.
    """
    if period.shortest <= notice:
        days = notice.days
        word = "дня" if days % 10 == 1 and days % 100 != 11 else "дней"  # noqa: PLR2004  eleven is no «одиннадцать дня»
        raise Refused(f"Период слишком короткий: нужен длиннее {days} {word}, за столько предупреждаем о списании")


def issue_instant(due_on: date, notice: timedelta) -> datetime:
    """When a due line becomes an invoice: one notice before its date begins."""
    return start_of(due_on) - notice
