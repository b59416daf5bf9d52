"""The sweep finds letters that nobody is sending: Redis lost the hint, or the process died with the row in hand."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import case, func, select, text, update

from kernel import log
from kernel.broker import RedisAway
from kernel.db import Session, begin
from kernel.relay import Send
from portal.notifications.forgetting import forgotten
from portal.notifications.letters import HINT_LASTS, MAIL_JOB
from portal.notifications.models import TO_SEND, Message
from portal.notifications.troubles import LOST_IN_HAND

_log = log.get(__name__)
_BATCH = 500
_HINT_SIZE = 20


def sweep_messages(send: Send) -> int:
    """Release rows whose lease ran out, hint at due ones without a fresh hint, and return how many of both.

    Until a row is claimed, `lease_until` says (in real time) how long its last hint is trusted.
    """
    with begin() as session:
        released = _release_lost(session)
        due = _take_due(session)
    for start in range(0, len(due), _HINT_SIZE):
        _try_send(send, due[start : start + _HINT_SIZE])
    return released + len(due)


def _release_lost(session: Session) -> int:
    """A letter in the hands of a dead process may have left: the first time it is repeated, the second it fails."""
    rows = session.execute(
        update(Message)
        .where(Message.status == "sending", Message.lease_until < func.clock_timestamp())
        .values(
            status=case((Message.sent_at.is_(None), "uncertain"), else_="failed"),
            sent_at=func.coalesce(Message.sent_at, func.business_now()),
            next_try_at=func.business_now(),
            lease_until=None,
            error=LOST_IN_HAND,
            **forgotten(Message.sent_at.is_not(None)),
        )
        .returning(Message.id)
    ).all()
    return len(rows)


def _take_due(session: Session) -> list[UUID]:
    unhinted = (
        select(Message.id)
        .where(TO_SEND.due(), func.coalesce(Message.lease_until < func.clock_timestamp(), True))
        .order_by(Message.next_try_at)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    return list(
        session.scalars(
            update(Message)
            .where(Message.id.in_(unhinted.scalar_subquery()))
            .values(lease_until=func.clock_timestamp() + text(f"interval '{HINT_LASTS}'"))
            .returning(Message.id)
        ).all()
    )


def _try_send(send: Send, ids: Sequence[UUID]) -> None:
    try:
        send(MAIL_JOB, ids)
    except RedisAway as error:
        _log.warning("mail.redis_away", error=str(error))
