"""The relay moves outbox rows on: an event becomes one delivery per consumer, a hint becomes a message in Redis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import func, insert, select, text, update

from kernel import log
from kernel.broker import DELIVER, RedisAway
from kernel.db import begin
from kernel.fault import fault
from kernel.inbox import Handlers
from kernel.outbox import HINT_TOPIC, UNDELIVERED, Delivery, OutboxMessage, read_hint

_log = log.get(__name__)
_BATCH = 200
_HINT_SIZE = 20
_REHINT_AFTER = "30 seconds"
Send = Callable[[str, Sequence[UUID | int]], None]


def relay_once(handlers: Handlers, send: Send) -> int:
    """Dispatch one batch of outbox rows, oldest first, and return how many.

    The rows commit before anything goes to Redis: a crash in between costs a delay, never a message.
    """
    with begin() as session:
        messages = session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.dispatched_at.is_(None))
            .order_by(OutboxMessage.id)
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        if not messages:
            return 0
        wanted = [
            {"message_id": message.id, "consumer": consumer}
            for message in messages
            for consumer in handlers.consumers(message.topic)
        ]
        deliveries: list[int] = []
        if wanted:
            deliveries = list(session.scalars(insert(Delivery).returning(Delivery.id), wanted).all())
        ids = [message.id for message in messages]
        session.execute(
            update(OutboxMessage).where(OutboxMessage.id.in_(ids)).values(dispatched_at=func.business_now())
        )
        fault("relay.before_commit")
    fault("relay.after_commit")
    for message in messages:
        if message.topic == HINT_TOPIC:
            hint = read_hint(message)
            send_in_parts(send, hint.job, hint.ids, len(hint.ids))
    send_in_parts(send, DELIVER, deliveries, _HINT_SIZE)
    return len(messages)


def rehint_deliveries(send: Send) -> int:
    """Hint again at due deliveries whose hint is old: Redis lost it, or the worker died. Returns how many."""
    with begin() as session:
        stale = (
            select(Delivery.id)
            .where(UNDELIVERED.due(), Delivery.hinted_at < func.clock_timestamp() - text(f"interval '{_REHINT_AFTER}'"))
            .order_by(Delivery.id)
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
        )
        ids = list(
            session.scalars(
                update(Delivery)
                .where(Delivery.id.in_(stale.scalar_subquery()))
                .values(hinted_at=func.clock_timestamp())
                .returning(Delivery.id)
            ).all()
        )
    send_in_parts(send, DELIVER, ids, _HINT_SIZE)
    return len(ids)


def send_in_parts(send: Send, job: str, ids: Sequence[UUID | int], size: int) -> None:
    """Send hints of at most `size` ids; what Redis does not take is found again by the sweep that calls this."""
    for start in range(0, len(ids), size):
        try:
            send(job, ids[start : start + size])
        except RedisAway as error:
            _log.warning("relay.redis_away", job=job, error=str(error))
            return
