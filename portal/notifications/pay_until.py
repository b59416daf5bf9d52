"""Until when a purchase that was begun and not paid can be paid, as letters and the cabinet say it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from kernel.clock import business_date


def last_day_before(lapses_at: datetime) -> date:
    """The last whole business day before the instant at which an unpaid purchase lapses."""
    return business_date(lapses_at) - timedelta(days=1)
