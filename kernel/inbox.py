"""The inbox: each consumer handles each event once, in one transaction with the rows it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from kernel import log
from kernel.broker import DELIVER
from kernel.clock import business_now
from kernel.db import Session, begin
from kernel.errors import NotFound
from kernel.fault import fault
from kernel.outbox import Delivery, Event, Hint, OutboxMessage, hint, read_event

_log = log.get(__name__)
# After the last step a delivery is dead: shown to staff, never dropped.
_RETRY_AFTER = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14400))


@dataclass(frozen=True, slots=True)
class Handler:
    """One consumer of one kind of event. It only writes rows, or hints to Redis: what calls the world is a job of its own."""

    consumer: str
    event: type[Event]
    handle: Callable[[Session, Any, datetime], None]


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

    def deliver(self, delivery_id: int) -> None:
        """Handle one delivery unless it is done, dead or being handled elsewhere; a failure is noted and retried."""
        try:
            with begin() as session:
                self._deliver_once(session, delivery_id)
                fault("inbox.before_commit")
        except Exception as error:  # noqa: BLE001  one bad event must not stop the others; it is noted and retried
            _log.exception("inbox.handler_failed", delivery_id=delivery_id)
            _note_failure(delivery_id, error)
        fault("inbox.after_commit")

    def _deliver_once(self, session: Session, delivery_id: int) -> None:
        found = session.execute(
            select(Delivery, OutboxMessage)
            .join(OutboxMessage, OutboxMessage.id == Delivery.message_id)
            .where(Delivery.id == delivery_id, Delivery.done_at.is_(None), Delivery.dead_at.is_(None))
            .with_for_update(of=Delivery, skip_locked=True)
        ).first()
        if found is None:
            return
        delivery, message = found
        handler = self._by_consumer[delivery.consumer]
        now = business_now(session)
        handler.handle(session, read_event(message, handler.event), now)
        delivery.done_at = now


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
