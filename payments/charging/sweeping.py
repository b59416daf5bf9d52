"""Sweeps: PostgreSQL is asked again and again for rows that nobody is working on, and Redis gets a new hint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from kernel import log
from kernel.db import Session, begin
from kernel.fault import fault
from kernel.relay import Send, send_in_parts
from payments.charging.charging import BATCH, CHARGE
from payments.charging.checking import CHECK
from payments.charging.models import ABANDONED, CREATED, LIVE, REJECTED, SENDING, TO_CHECK, TO_SEND, UNKNOWN, Payment
from payments.charging.pace import HINT_LIFE, HINTED_AT_ONCE, PART
from payments.history.noting import note_statuses

_log = log.get(__name__)
# So many charges at most wait in Redis on a hint of ours, however slow the gateway is. A worker takes several messages
# beforehand: in these parts one that hangs, or dies, holds few of the charges that are late already.
CHARGES_HINTED_AT_ONCE = 10 * BATCH
CHARGES_IN_PART = BATCH // 4
_nobodys = or_(Payment.lease_until.is_(None), Payment.lease_until < func.clock_timestamp())


def expire_leases() -> int:
    """A payment whose sender never came back is unknown from the end of its lease, and looked at at once."""
    with begin() as session:
        expired = session.scalars(
            update(Payment)
            .where(Payment.status == SENDING, _nobodys)
            .values(status=UNKNOWN, next_check_at=func.business_now(), lease_until=None)
            .returning(Payment.id)
        ).all()
        note_statuses(session, [("payment", key, SENDING, UNKNOWN) for key in expired], source="lease")
        fault("lease.before_commit")
    fault("lease.after_commit")
    for key in expired:
        _log.warning("payment.lease_expired", payment_id=str(key))
    return len(expired)


def drop_abandoned() -> int:
    """End customers' intents that were never sent (the process died before the call), so that they block nothing."""
    with begin() as session:
        dropped = session.scalars(
            update(Payment)
            .where(ABANDONED.due())
            .values(status=REJECTED, reason="abandoned", decided_at=func.business_now(), next_check_at=None)
            .returning(Payment.id)
        ).all()
        note_statuses(session, [("payment", key, CREATED, REJECTED) for key in dropped], source="sweep")
    return len(dropped)


def hint_created(send: Send) -> int:
    """Hint at payments that wait to be sent and whose hint is old or was lost, as many as may wait in Redis at once."""
    with begin() as session:
        ids = _claim(session, TO_SEND.due(), Payment.id, at_once=CHARGES_HINTED_AT_ONCE)
    fault("sweep.before_hint")
    send_in_parts(send, CHARGE, ids, CHARGES_IN_PART)
    return len(ids)


def hint_due_checks(send: Send) -> int:
    """Hint at payments that are due for a look, as many as may wait in Redis at once."""
    with begin() as session:
        # Who was never hinted at, then the oldest hint: what waits for a long list must not take every other's place. Of
        # these whoever waited longest: by age, a page that somebody left open would go before today's charges.
        order = (Payment.lease_until.asc().nulls_first(), Payment.next_check_at)
        ids = _claim(session, TO_CHECK.due(), *order, at_once=HINTED_AT_ONCE)
    fault("sweep.before_hint")
    send_in_parts(send, CHECK, ids, PART)
    return len(ids)


def forget_hints() -> None:
    """Trust no hint any more, for Redis has lost them: what is due is hinted at in the next pass, not half a minute later."""
    hinted = (Payment.status.in_(LIVE), Payment.status != SENDING, Payment.lease_until > func.clock_timestamp())
    # Who is locked is being worked on.
    free = select(Payment.id).where(*hinted).order_by(Payment.id).with_for_update(key_share=True, skip_locked=True)
    with begin() as session:
        session.execute(update(Payment).where(Payment.id.in_(free.scalar_subquery())).values(lease_until=None))


def _claim(
    session: Session, due: ColumnElement[bool], *order: ColumnElement[Any] | InstrumentedAttribute[Any], at_once: int
) -> Sequence[UUID]:
    hinted = session.execute(select(func.count()).where(due, ~_nobodys)).scalar_one()
    waiting = (
        select(Payment.id)
        .where(due, _nobodys)
        .order_by(*order)
        .limit(max(0, at_once - hinted))
        .with_for_update(skip_locked=True)
    )
    return session.scalars(
        update(Payment)
        .where(Payment.id.in_(waiting.scalar_subquery()))
        .values(lease_until=HINT_LIFE)
        .returning(Payment.id)
    ).all()
