"""What the gateway, or somebody in its name, told us; newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from kernel.db import ReadSession
from payments.charging.models import Payment
from payments.webhooks.models import InboundWebhook, WebhookRefusal

STATUSES = ("new", "done", "ignored", "forged")


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A notification and its verdict. `claimed` is the status that it names, not a fact."""

    id: UUID
    at: datetime
    event: str
    object_id: str
    claimed: str
    status: str
    verdict: str | None
    copies: int
    tries: int
    next_try_at: datetime
    processed_at: datetime | None
    ip: str | None
    payment_id: UUID | None
    payment_number: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Requests that were turned away for one reason: on the last day, in all days asked for, and the last of them."""

    reason: str
    today: int
    times: int
    last_at: datetime
    last_ip: str | None


def list_webhooks(session: ReadSession, status: str, *, after: UUID | None, limit: int) -> list[WebhookRow]:
    """Up to `limit` notifications of a status, or of all for an empty one, that follow the cursor (id)."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            InboundWebhook.id,
            InboundWebhook.created_at,
            InboundWebhook.event,
            InboundWebhook.object_id,
            InboundWebhook.object_status,
            InboundWebhook.status,
            InboundWebhook.verdict,
            InboundWebhook.copies,
            InboundWebhook.tries,
            InboundWebhook.next_try_at,
            InboundWebhook.processed_at,
            func.host(InboundWebhook.ip),
            Payment.id,
            Payment.number,
        )
        .outerjoin(Payment, Payment.id == InboundWebhook.payment_id)
        .order_by(InboundWebhook.id.desc())
        .limit(limit)
    )
    if status:
        statement = statement.where(InboundWebhook.status == status)
    if after:
        statement = statement.where(InboundWebhook.id < after)
    return [WebhookRow(*row) for row in session.execute(statement)]


def count_webhooks(session: ReadSession) -> dict[str, int]:
    """How many there are of each status."""
    rows = session.execute(select(InboundWebhook.status, func.count()).group_by(InboundWebhook.status))
    return {row[0]: row[1] for row in rows}


def read_refused(session: ReadSession, *, today: date, since: date) -> list[Refused]:
    """What was turned away since a day, by reason, the most frequent first."""
    times = func.sum(WebhookRefusal.times)
    last_ip = func.host(func.array_agg(aggregate_order_by(WebhookRefusal.last_ip, WebhookRefusal.last_at.desc()))[1])
    rows = session.execute(
        select(
            WebhookRefusal.reason,
            func.coalesce(times.filter(WebhookRefusal.refused_on == today), 0),
            times,
            func.max(WebhookRefusal.last_at),
            last_ip,
        )
        .where(WebhookRefusal.refused_on >= since)
        .group_by(WebhookRefusal.reason)
        .order_by(times.desc(), WebhookRefusal.reason)
    )
    return [Refused(*row) for row in rows]
