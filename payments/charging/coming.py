"""On which day a due line will be charged by itself: for letters and pages, which name the same. Nothing here decides a charge."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, func, select

from kernel.clock import business_date
from payments.autopay.models import NOTICE_COUNTS, Notice
from payments.charging.models import PARTLY_PAID
from payments.contracts.models import Installment
from payments.installation.models import Installation

# Over an Installment and its contract's Autopay: the last warning of the line's charge, and whether that still counts.
NEWEST_NOTICE = (
    select(Notice.sent_at, Notice.charge_on, and_(NOTICE_COUNTS, ~PARTLY_PAID).label("counts"))
    .where(Notice.installment_id == Installment.id)
    .order_by(Notice.created_at.desc(), Notice.id.desc())
    .limit(1)
    .lateral("newest_notice")
)
# What `charge_day` asks of a row, over Installment, Installation and NEWEST_NOTICE.
CHARGE_DAY = (
    Installment.status,
    Installment.due_on,
    Installment.issue_at,
    Installment.charge_at,
    NEWEST_NOTICE.c.sent_at.label("noticed_at"),
    NEWEST_NOTICE.c.charge_on.label("announced_on"),
    NEWEST_NOTICE.c.counts.label("notice_counts"),
    func.make_interval(0, 0, 0, 0, Installation.notice_hours).label("notice"),
)


def charge_day(line: Row[Any], now: datetime) -> date | None:
    """The business date of the next automatic try, today at the earliest; None when nothing will be charged by itself.

    For a line that is planned or invoiced, under a permission that stands, and that no payment is collecting.
    """
    today = business_date(now)
    due_on: date = line.due_on
    announced_on: date | None = line.announced_on
    if line.status == "planned":
        # One whose time to be announced has passed is announced at once: it waits for a whole notice from now.
        return due_on if line.issue_at > now else max(due_on, business_date(now + line.notice))
    if not line.notice_counts:
        return None
    if line.charge_at is not None:
        return max(business_date(line.charge_at), today)
    return max(announced_on, today) if announced_on and line.noticed_at is None else None
