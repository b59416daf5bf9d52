"""What is turned away at the address for notifications is counted; nothing of it is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Literal

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from kernel.clock import business_date
from kernel.db import Session
from payments.webhooks.models import WebhookRefusal

KEPT = timedelta(days=90)
Reason = Literal["secret", "address", "body"]


def note_refusal(session: Session, reason: Reason, *, ip: str | None, now: datetime) -> None:
    """Count one request that was not taken in. The first of a day forgets days of long ago: anybody may knock."""
    today = business_date(now)
    row = insert(WebhookRefusal).values(refused_on=today, reason=reason, last_ip=_readable(ip), last_at=now)
    times = session.execute(
        row.on_conflict_do_update(
            index_elements=[WebhookRefusal.refused_on, WebhookRefusal.reason],
            set_={
                "times": WebhookRefusal.times + 1,
                "last_ip": row.excluded.last_ip,
                "last_at": row.excluded.last_at,
            },
        ).returning(WebhookRefusal.times)
    ).scalar_one()
    if times == 1:
        session.execute(delete(WebhookRefusal).where(WebhookRefusal.refused_on < today - KEPT))


def _readable(ip: str | None) -> str | None:
    try:
        return str(ip_address(ip or ""))
    except ValueError:
        return None
