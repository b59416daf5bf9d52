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
from tests.crash.harness.plan import FROZEN_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.crash.harness.checker import Evidence

_COMMITTED = text("""
    SELECT contract_id, min(pg_xact_commit_timestamp(xmin)) FROM consents
    WHERE kind = 'recurring' AND action = 'withdrawn' GROUP BY contract_id
""")
# A permit lives two seconds (payments/charging/sending.py), and no stop is answered before its own commit: what it named
# leaves soon or, under that permit, never. The rest is what a busy machine adds.
_PERMITTED_S = 5.0
# Whoever is frozen between the look at his permit's age and the call makes it when he is thawed.
_THAWED_S = 3.0
# When the product's clock was moved so near to a commit, business time at the commit is not known for sure.
_NEAR_S = 1.5


def check(session: Session, evidence: Evidence) -> tuple[int, list[str]]:
    """Permits by the commit of each stop, calls by its answer: what it named leaves under the permit it had, or not.

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
    paused = [item.at for item in evidence.record.of("kill") if item.what == "pause"]
    wrong: list[str] = []
    for stop in evidence.stops:
        at = committed.get(stop.due.contract_id)
        if at is None:
            wrong.append(f"contract {stop.due.contract_id}: a stop was answered and is not in the books")
            continue
        for payment in charges[stop.due.contract_id]:
            wrong += _late_permit(payment, at, stop, evidence.shifts)
            wrong += late_calls(payment.number, calls[str(payment.key)], stop, paused, hosts=evidence.plan.hosts)
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


def late_calls(number: int, calls: Sequence[Call], stop: Stop, paused: Sequence[float], *, hosts: int) -> Iterator[str]:
    """What is wrong with the calls of a payment after the answer of a stop. `paused`: when a worker was frozen.

    One that the answer did not name must not be sent at all. One that it named had its permit before the stop; a second
    permit must not have been given.
    """
    for call in calls:
        late_s = call.at - stop.answered_at
        if number not in stop.named and late_s > 0:
            yield f"payment {number} was sent {late_s:.2f} s after the answer that did not name it"
        # A host that is cut off keeps on its socket what it has sent, and it arrives when the cable is back.
        elif late_s > _PERMITTED_S and hosts == 1 and not _is_thawed(call.at, paused):
            yield f"payment {number} was sent {late_s:.2f} s after the answer that named it, beyond the permit it had"


def _is_thawed(at: float, paused: Sequence[float]) -> bool:
    return any(since <= at <= since + FROZEN_S + _THAWED_S for since in paused)
