"""The relay moves outbox rows on: an event becomes one delivery per consumer, a hint becomes a message in Redis."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from uuid import UUID

from sqlalchemy import func, select, text, update

from kernel import log
from kernel.broker import DELIVER, RedisAway
from kernel.db import among, begin
from kernel.fault import fault
from kernel.inbox import Handlers
from kernel.outbox import HINT_TOPIC, UNDELIVERED, Delivery, Hint, OutboxMessage, read_hint

_log = log.get(__name__)
_BATCH = 200
_HINT_SIZE = 20
# Of hints that name one row each, so many become one message: enough to spare Redis, too few to wait for each other.
_TOGETHER = 5
_REHINT_AFTER = "30 seconds"
_TO_DELIVER = text("""
    INSERT INTO deliveries (message_id, consumer, tries)
    SELECT *, 0 FROM unnest(CAST(:ids AS bigint[]), CAST(:consumers AS text[])) RETURNING id
""")
Send = Callable[[str, Sequence[UUID | int]], None]
_Part = tuple[str, Sequence[UUID | int]]


def relay_once(handlers: Handlers, send: Send) -> int:
    """Dispatch one batch of outbox rows, oldest first, and return how many.

    The rows commit before anything goes to Redis: a crash in between costs a delay, never a message.
    """
    with begin() as session:
        messages = session.execute(
            select(OutboxMessage.id, OutboxMessage.topic, OutboxMessage.payload)
            .where(OutboxMessage.dispatched_at.is_(None))
            .order_by(OutboxMessage.id)
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        if not messages:
            return 0
        # Those of one consumer side by side: what is delivered together is handled together.
        wanted = sorted((consumer, row.id) for row in messages for consumer in handlers.consumers(row.topic))
        consumers, ids = [consumer for consumer, _ in wanted], [message_id for _, message_id in wanted]
        deliveries = session.scalars(_TO_DELIVER, {"ids": ids, "consumers": consumers}).all()
        sent = among(OutboxMessage.id, [row.id for row in messages])
        session.execute(update(OutboxMessage).where(sent).values(dispatched_at=func.business_now()))
        fault("relay.before_commit")
    fault("relay.after_commit")
    hints = [read_hint(row.payload) for row in messages if row.topic == HINT_TOPIC]
    _send(send, [*_parts_of(hints), *_in_parts(DELIVER, deliveries, _HINT_SIZE)])
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
    _send(send, _in_parts(job, ids, size))


def _send(send: Send, parts: Iterable[_Part]) -> None:
    for job, ids in parts:
        try:
            send(job, ids)
        except RedisAway as error:
            # One that hangs would take its time for each of the others too.
            _log.warning("relay.redis_away", job=job, error=str(error))
            return


def _parts_of(hints: Sequence[Hint]) -> Iterator[_Part]:
    single: dict[str, list[UUID | int]] = defaultdict(list)
    for hint in hints:
        if len(hint.ids) == 1:
            single[hint.job] += hint.ids
        else:
            yield hint.job, hint.ids
    for job, ids in single.items():
        yield from _in_parts(job, ids, _TOGETHER)


def _in_parts(job: str, ids: Sequence[UUID | int], size: int) -> Iterator[_Part]:
    return ((job, ids[start : start + size]) for start in range(0, len(ids), size))
