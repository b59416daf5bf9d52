"""Events that some part of the product could not handle, however often it tried; newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from kernel.db import ReadSession
from kernel.outbox import Delivery, OutboxMessage


@dataclass(frozen=True, slots=True)
class DeadDelivery:
    """An event, who could not handle it, and the last error."""

    id: int
    topic: str
    payload: dict[str, Any]
    consumer: str
    tries: int
    error: str | None
    happened_at: datetime
    dead_at: datetime


def dead_deliveries(session: ReadSession, *, after: int | None, limit: int) -> list[DeadDelivery]:
    """Up to `limit` that follow the cursor (id)."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            Delivery.id,
            OutboxMessage.topic,
            OutboxMessage.payload,
            Delivery.consumer,
            Delivery.tries,
            Delivery.error,
            OutboxMessage.created_at,
            Delivery.dead_at,
        )
        .join(OutboxMessage, OutboxMessage.id == Delivery.message_id)
        .where(Delivery.dead_at.is_not(None))
        .order_by(Delivery.id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(Delivery.id < after)
    return [DeadDelivery(*row) for row in session.execute(statement)]
