"""Daily limits: so many charges of saved methods, and so much money, leave on one business day; then a person looks.

The day's tally is moved in the transaction that gives the permits, so the permits of all workers take turns by its row
until their commits, and together never exceed a limit. A batch takes one turn, however many permits it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from kernel.clock import business_now
from kernel.db import Session
from payments.charging.models import Payment
from payments.installation.pausing import DAILY_LIMIT, pause_charging

_IDS = bindparam("ids", type_=ARRAY(Uuid))
_COUNT = text("""
    INSERT INTO daily_tallies AS t (charged_on, charges, kopecks)
    SELECT business_date(business_now()), count(*), sum(kopecks) FROM payments WHERE id = ANY(:ids)
    ON CONFLICT (charged_on)
        DO UPDATE SET charges = t.charges + excluded.charges, kopecks = t.kopecks + excluded.kopecks
    RETURNING charges, kopecks,
        (SELECT daily_limit_charges FROM installation) AS most_charges,
        (SELECT daily_limit_kopecks FROM installation) AS most_kopecks
""").bindparams(_IDS)
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


def give_back_over_limit(session: Session, taken: Sequence[UUID]) -> frozenset[UUID]:
    """Count payments that were just permitted for the first time; those beyond a limit wait again, and charging pauses.

    Returns the ids that were given back. They stay due, and leave when a person lets charges go on.
    """
    if not taken:
        return frozenset()
    tally = session.execute(_COUNT, {"ids": list(taken)}).one()
    if _fits(tally, 0, 0):
        return frozenset()
    over = _over(session, taken, tally)
    session.execute(_GIVE_BACK, {"ids": list(over)})
    pause_charging(session, DAILY_LIMIT, now=business_now(session), by=None)
    return frozenset(over)


def _over(session: Session, taken: Sequence[UUID], tally: Row[Any]) -> list[UUID]:
    # From the newest back, until what is left fits: the oldest leave first, as they always do.
    newest = session.execute(
        select(Payment.id, Payment.kopecks).where(Payment.id.in_(taken)).order_by(Payment.id.desc())
    ).all()
    over: list[UUID] = []
    kopecks = 0
    for payment_id, sum_of_it in newest:
        if _fits(tally, len(over), kopecks):
            break
        over.append(payment_id)
        kopecks += sum_of_it
    return over


def _fits(tally: Row[Any], fewer: int, less: int) -> bool:
    by_count = tally.most_charges is None or tally.charges - fewer <= tally.most_charges
    return by_count and (tally.most_kopecks is None or tally.kopecks - less <= tally.most_kopecks)
