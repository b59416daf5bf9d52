"""A notification is stored and answered; what it claims is asked of the gateway later.

Its body is a hint, never a fact (YooKassa signs nothing): only the object's id is taken from it.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import case, func
from sqlalchemy.dialects.postgresql import insert

from kernel import outbox
from kernel.db import Session
from kernel.errors import KabinetError
from kernel.ids import uuid7
from payments.charging.pace import HINT_LIFE
from payments.webhooks.models import InboundWebhook
from payments.webhooks.processing import WEBHOOK

_LONGEST = 64
# The gateway's ids are UUIDs and the like. Whatever else is sent in their place must never get into an address.
_ID = re.compile(r"[0-9A-Za-z-]+")


class NotANotification(KabinetError):
    """The body is not a notification; `str(error)` names the field."""


_UNDECIDED = InboundWebhook.status != "done"
# Built once, for every notification: to build it takes as long as to run it.
_STORE = (
    insert(InboundWebhook)
    .values(status="new", hinted_until=HINT_LIFE)
    .on_conflict_do_update(
        index_elements=[InboundWebhook.event, InboundWebhook.object_id],
        set_={
            "copies": InboundWebhook.copies + 1,
            # What was refused once may be true now: it is asked about again.
            "status": case((_UNDECIDED, "new"), else_="done"),
            "next_try_at": case((_UNDECIDED, func.business_now()), else_=InboundWebhook.next_try_at),
        },
    )
    .returning(InboundWebhook.id, InboundWebhook.copies)
)


def take_in(session: Session, body: Any, *, ip: str | None) -> None:
    """Store one notification with a hint to process it. Copies of one event are counted, not stored again.

    Raises:
        NotANotification: a field is missing or is not what it should be.
    """
    event, object_id, status = _essentials(body)
    new = {"id": uuid7(), "event": event, "object_id": object_id, "object_status": status, "ip": ip}
    stored = session.execute(_STORE, new).one()
    if stored.copies == 1:
        outbox.hint(session, outbox.Hint(WEBHOOK, (stored.id,)))


def _essentials(body: Any) -> tuple[str, str, str]:
    if not isinstance(body, dict) or body.get("type") != "notification":
        raise NotANotification("type")
    item = body.get("object")
    if not isinstance(item, dict):
        raise NotANotification("object")
    values = (body.get("event"), item.get("id"), item.get("status"))
    for name, value in zip(("event", "object.id", "object.status"), values, strict=True):
        if not isinstance(value, str) or not value or len(value) > _LONGEST or not value.isprintable():
            raise NotANotification(name)
    if not _ID.fullmatch(str(values[1])):
        raise NotANotification("object.id")
    return str(values[0]), str(values[1]), str(values[2])
