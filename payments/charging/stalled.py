"""What a pause of charging stalls: for pages, which tell customers and staff the same. Nothing here decides a charge.

A charge that had left before the pause is not stalled: like any other it waits for the bank.
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy import ColumnElement, and_, case, select
from sqlalchemy.orm import aliased

from payments.charging.models import UNSENT
from payments.charging.refused_shop import CREDENTIALS_REFUSED
from payments.installation.models import Installation

# pay: nothing was charged, and whoever pays by hand meanwhile is not charged again. wait: a database that came from a
# backup may not know what was charged, or YooKassa takes no call of ours.
Stall = Literal["pay", "wait"]

# By a name of its own: it stands inside statements that join the installation for other columns.
_it = aliased(Installation)
_sure = and_(_it.unproven_since.is_(None), _it.pause_reason.is_distinct_from(CREDENTIALS_REFUSED))
# What a pause that lasts now means for whatever it stalls; NULL while charges go on. Read once in a statement.
PAUSE: ColumnElement[Stall | None] = (
    select(case((_sure, "pay"), else_="wait")).where(_it.charging_paused).scalar_subquery()
)
# Over Payment: a `Stall` where the pause stalls the charge, else NULL.
STALLED: ColumnElement[Stall | None] = case((UNSENT, PAUSE))
