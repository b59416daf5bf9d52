"""The barrier: what a stop lets through."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select, text

from kernel.db import Session
from payments.charging.models import Payment
from tests.crash.harness.oracle import Call
from tests.crash.harness.people import Stop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.crash.harness.checker import Evidence

_COMMITTED = text("""
    SELECT contract_id, min(pg_xact_commit_timestamp(xmin)) FROM consents
    WHERE kind = 'recurring' AND action = 'withdrawn' GROUP BY contract_id
""")
# When the product's clock was moved so near to a commit, business time at the commit is not known for sure.
_NEAR_S = 1.5


def check(session: Session, evidence: Evidence) -> tuple[int, list[str]]:
    """Permits by the commit of each stop, calls by its answer.

    Where the clock was moved beside the commit, permits are judged by the answer too. So are some six of ten stops of a
    short run, whose clock skips every five seconds.
    """
    committed: dict[UUID, datetime] = {row[0]: row[1] for row in session.execute(_COMMITTED)}
    charges: dict[UUID, list[Payment]] = defaultdict(list)
    for payment in session.scalars(select(Payment).where(Payment.initiator == "schedule", Payment.sends > 0)):
        charges[payment.contract_id].append(payment)
    calls: dict[str, list[Call]] = defaultdict(list)
    for post in evidence.oracle.posts:
        if post.key:
            calls[post.key].append(post)
    wrong: list[str] = []
    for stop in evidence.stops:
        at = committed.get(stop.due.contract_id)
        if at is None:
            wrong.append(f"contract {stop.due.contract_id}: a stop was answered and is not in the books")
            continue
        for payment in charges[stop.due.contract_id]:
            wrong += _late_permit(payment, at, stop, evidence.shifts)
            wrong += _late_calls(payment, calls[str(payment.key)], stop)
    return len(evidence.stops), wrong


def _late_permit(payment: Payment, committed: datetime, stop: Stop, shifts: Sequence[tuple[float, float]]) -> list[str]:
    # Later permits overwrite earlier ones, so the last one tells whether any was late.
    permitted = payment.permit_at
    if permitted is None:
        return []
    if permitted > stop.answered_business:
        return [
            f"payment {payment.number} was permitted at {permitted}, after the stop's answer at {stop.answered_business}"
        ]
    shift = _shift_at(committed.timestamp(), shifts)
    if shift is not None and permitted > committed.astimezone(UTC) + timedelta(seconds=shift):
        return [
            f"payment {payment.number} was permitted at {permitted}, after the stop's commit at {committed} + {shift} s"
        ]
    return []


def _shift_at(at: float, shifts: Sequence[tuple[float, float]]) -> float | None:
    place = bisect([moment for moment, _ in shifts], at)
    near = shifts[max(0, place - 1) : place + 1]
    if place == 0 or any(abs(moment - at) < _NEAR_S for moment, _ in near):
        return None
    return shifts[place - 1][1]


def _late_calls(payment: Payment, calls: Sequence[Call], stop: Stop) -> list[str]:
    if payment.number in stop.named:
        return []
    return [
        f"payment {payment.number} was sent {call.at - stop.answered_at:.2f} s after the answer that did not name it"
        for call in calls
        if call.at > stop.answered_at
    ]
