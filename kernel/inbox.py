"""The inbox: each consumer handles each event once, in one transaction with the rows it writes.

Events of one kind that are delivered together are handled together; when that fails, each by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import func, select, update

from kernel import log
from kernel.broker import DELIVER
from kernel.clock import business_now
from kernel.db import Session, among, begin, read
from kernel.errors import NotFound
from kernel.fault import fault
from kernel.outbox import Delivery, Event, Hint, OutboxMessage, hint, read_event

E = TypeVar("E", bound=Event)
_log = log.get(__name__)
# A hint that was followed: the next one goes out as soon as the delivery is due again.
_SPENT = datetime.fromtimestamp(0, UTC)
_OPEN = Delivery.done_at.is_(None) & Delivery.dead_at.is_(None)
# After the last step a delivery is dead: shown to staff, never dropped.
_RETRY_AFTER = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14400))


@dataclass(frozen=True, slots=True)
class Handler:
    """One consumer of one kind of event. It only writes rows, or hints to Redis: what calls the world is a job of its own.

    `handle` gets the events that are delivered together, oldest first, and the business time; see `each`.
    """

    consumer: str
    event: type[Event]
    handle: Callable[[Session, Sequence[Any], datetime], None]


def each(handle: Callable[[Session, E, datetime], None]) -> Callable[[Session, Sequence[E], datetime], None]:
    """A consumer that takes events one after another."""

    def handle_each(session: Session, events: Sequence[E], now: datetime) -> None:
        for event in events:
            handle(session, event, now)

    return handle_each


class Handlers:
    """Who listens to what; built once by a composition root."""

    def __init__(self, handlers: Iterable[Handler]) -> None:
        self._by_consumer = {handler.consumer: handler for handler in handlers}
        self._by_topic: dict[str, list[str]] = {}
        for handler in self._by_consumer.values():
            self._by_topic.setdefault(handler.event.topic, []).append(handler.consumer)

    def consumers(self, topic: str) -> list[str]:
        """The names of those who handle a topic."""
        return self._by_topic.get(topic, [])

    def deliver(self, delivery_ids: Sequence[int]) -> None:
        """Handle those of these deliveries that are not done, dead or being handled elsewhere.

        A failure is noted and tried again later; it touches no delivery but its own.
        """
        by_consumer: dict[str, list[int]] = defaultdict(list)
        with read() as session:
            for delivery_id, consumer in session.execute(
                select(Delivery.id, Delivery.consumer).where(among(Delivery.id, delivery_ids), _OPEN)
            ):
                by_consumer[consumer].append(delivery_id)
        for consumer in sorted(by_consumer):
            self._deliver(consumer, by_consumer[consumer])

    def _deliver(self, consumer: str, delivery_ids: Sequence[int]) -> None:
        try:
            with begin() as session:
                _handle(session, self._by_consumer[consumer], delivery_ids)
                fault("inbox.before_commit")
        except Exception as error:  # noqa: BLE001  one bad event must not stop the others; it is noted and retried
            if len(delivery_ids) == 1:
                _log.exception("inbox.handler_failed", delivery_id=delivery_ids[0])
                _note_failure(delivery_ids[0], error)
            else:
                _log.warning("inbox.handles_singly", consumer=consumer, error=type(error).__name__)
                for delivery_id in delivery_ids:
                    self._deliver(consumer, [delivery_id])
        fault("inbox.after_commit")


def _handle(session: Session, handler: Handler, delivery_ids: Sequence[int]) -> None:
    found = session.execute(
        select(Delivery.id, OutboxMessage.payload, func.business_now())
        .join(OutboxMessage, OutboxMessage.id == Delivery.message_id)
        .where(among(Delivery.id, delivery_ids), _OPEN)
        .order_by(Delivery.message_id)
        .with_for_update(of=Delivery, skip_locked=True)
    ).all()
    if not found:
        return
    now: datetime = found[0].business_now
    handler.handle(session, [read_event(payload, handler.event) for _, payload, _ in found], now)
    taken = among(Delivery.id, [delivery_id for delivery_id, *_ in found])
    session.execute(update(Delivery).where(taken).values(done_at=now))


def revive(session: Session, delivery_id: int, *, now: datetime) -> bool:
    """Give a dead delivery a fresh budget of tries, the first at once. Says whether it was dead.

    Raises:
        NotFound: no such delivery.
    """
    delivery = session.get(Delivery, delivery_id, with_for_update=True)
    if delivery is None:
        raise NotFound
    if delivery.dead_at is None:
        return False
    delivery.dead_at, delivery.tries, delivery.next_try_at = None, 0, now
    hint(session, Hint(DELIVER, (delivery_id,)))
    return True


def _note_failure(delivery_id: int, error: Exception) -> None:
    with begin() as session:
        delivery = session.get(Delivery, delivery_id, with_for_update=True)
        if delivery is None or delivery.done_at is not None:
            return
        now = business_now(session)
        delivery.error = log.redact_text(f"{type(error).__name__}: {error}")[:500]
        if delivery.tries < len(_RETRY_AFTER):
            delivery.next_try_at = now + _RETRY_AFTER[delivery.tries]
        else:
            delivery.dead_at = now
        delivery.tries += 1
        delivery.hinted_at = _SPENT
