"""The outbox: an event is a row written in the transaction that makes it true; nothing is sent from a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Wait
from kernel.db import Base, Session, insert_rows


class Event:
    """A past-tense fact with ids and snapshots. Subclasses are frozen dataclasses with a `topic`."""

    topic: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Hint:
    """A wish that a job look at some rows. It may be lost or doubled: a sweep finds the same rows in PostgreSQL."""

    job: str
    ids: tuple[UUID | int, ...]


class OutboxMessage(Base):
    """An event or a hint on its way from the transaction that wrote it."""

    __tablename__ = "outbox_messages"
    __table_args__ = (Index("ix_outbox_messages_undispatched", "id", postgresql_where="dispatched_at IS NULL"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    topic: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.business_now())
    dispatched_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Delivery(Base):
    """One event on its way to one consumer; unique, so that handling twice has one effect."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("message_id", "consumer"),
        Index("ix_deliveries_waiting", "next_try_at", postgresql_where="done_at IS NULL AND dead_at IS NULL"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("outbox_messages.id"))
    consumer: Mapped[str] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.business_now())
    hinted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    dead_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None] = mapped_column(Text)


UNDISPATCHED = Wait("outbox.undispatched", OutboxMessage.created_at, OutboxMessage.dispatched_at.is_(None))
UNDELIVERED = Wait("outbox.undelivered", Delivery.next_try_at, Delivery.done_at.is_(None) & Delivery.dead_at.is_(None))
HINT_TOPIC = "hint"
_hint_adapter = TypeAdapter(Hint)
_adapters: dict[type[Event], TypeAdapter[Any]] = {}


def _adapter(kind: type[Event]) -> TypeAdapter[Any]:
    # Building one takes half a millisecond, as long as the insert itself: one for each class, not each event.
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def record(session: Session, *events: Event) -> None:
    """Write events in the session's transaction; they leave if and only if it commits."""
    if events:
        rows = [
            {"topic": event.topic, "payload": _adapter(type(event)).dump_python(event, mode="json")} for event in events
        ]
        insert_rows(session, OutboxMessage, rows)


def hint(session: Session, *hints: Hint) -> None:
    """Write hints in the session's transaction, so that a crash after the commit does not delay the work.

    One at no rows is none.
    """
    told = [_hint_adapter.dump_python(item, mode="json") for item in hints if item.ids]
    if told:
        insert_rows(session, OutboxMessage, [{"topic": HINT_TOPIC, "payload": payload} for payload in told])


def read_event(payload: dict[str, Any], kind: type[Event]) -> Any:
    """The event of this kind that a message carries."""
    return _adapter(kind).validate_python(payload)


def read_hint(payload: dict[str, Any]) -> Hint:
    """The hint that a message of the hint topic carries."""
    return _hint_adapter.validate_python(payload)
