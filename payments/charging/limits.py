"""Daily limits: so many charges of saved methods, and so much money, leave on one business day; then a person looks.

The day's tally is moved in the transaction that gives the permits, so the permits of all workers take turns by its row
until their commits, and together never exceed a limit. A batch takes one turn, however many permits it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from kernel.clock import business_now
from kernel.db import Session
from payments.installation.pausing import DAILY_LIMIT, pause_charging

_IDS = bindparam("ids", type_=ARRAY(Uuid))
# A part of the statement that permits, whose `taken` it counts: a statement of its own would cost a round trip.
COUNTED = """
    added AS (
        INSERT INTO daily_tallies AS t (charged_on, charges, kopecks)
        SELECT business_date(business_now()), count(*), sum(kopecks) FROM taken HAVING count(*) > 0
        ON CONFLICT (charged_on)
            DO UPDATE SET charges = t.charges + excluded.charges, kopecks = t.kopecks + excluded.kopecks
        RETURNING charges, kopecks
    ),
    counted AS (
        SELECT added.charges AS charges_today, added.kopecks AS kopecks_today,
            z.daily_limit_charges AS most_charges, z.daily_limit_kopecks AS most_kopecks
        FROM added CROSS JOIN installation z
    )
"""
_GIVE_BACK = text("""
    WITH back AS (
        UPDATE payments SET status = 'created', sends = 0, first_sent_at = NULL, permit_at = NULL, lease_until = NULL,
            worker = NULL
        WHERE id = ANY(:ids) RETURNING kopecks
    )
    UPDATE daily_tallies
    SET charges = charges - (SELECT count(*) FROM back), kopecks = daily_tallies.kopecks - (SELECT sum(kopecks) FROM back)
    WHERE charged_on = business_date(business_now())
""").bindparams(_IDS)


def give_back_over_limit(session: Session, taken: Sequence[Row[Any]]) -> frozenset[UUID]:
    """Of payments that were just permitted for the first time, and counted, those beyond a limit wait again.

    Then charging pauses. Returns the ids that were given back. They stay due, and leave when a person lets charges go
    on.
    """
    if not taken or _fits(taken[0], 0, 0):
        return frozenset()
    over = _over(taken)
    session.execute(_GIVE_BACK, {"ids": over})
    pause_charging(session, DAILY_LIMIT, now=business_now(session), by=None)
    return frozenset(over)


def _over(taken: Sequence[Row[Any]]) -> list[UUID]:
    # From the newest back, until what is left fits: the oldest leave first, as they always do.
    over: list[UUID] = []
    kopecks = 0
    for row in sorted(taken, key=lambda row: row.id, reverse=True):
        if _fits(row, len(over), kopecks):
            break
        over.append(row.id)
        kopecks += row.kopecks
    return over


def _fits(tally: Row[Any], fewer: int, less: int) -> bool:
    by_count = tally.most_charges is None or tally.charges_today - fewer <= tally.most_charges
    return by_count and (tally.most_kopecks is None or tally.kopecks_today - less <= tally.most_kopecks)
