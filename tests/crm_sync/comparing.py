"""Ours beside theirs: every object and every timeline line of ours once in the CRM, with equal fields."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from crm_sync.bitrix24.fields import item_fields
from crm_sync.bitrix24.schema import schema_of
from crm_sync.models import CrmLink, SyncJob, TimelineEntry
from crm_sync.port import CONTACT, DEAL, INVOICE, PAYMENT, Fields
from crm_sync.snapshots.reading import read_wanted
from kernel.db import ReadSession, read
from kernel.outbox import UNDELIVERED, UNDISPATCHED, Delivery, OutboxMessage
from kernel.settings import get_settings
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.customers.models import Customer
from payments.invoicing.models import Invoice
from tests.crm_sync.held import Held

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_OWNERS: dict[str, type[Customer | Contract | Invoice | Payment]] = {
    CONTACT: Customer,
    DEAL: Contract,
    INVOICE: Invoice,
    PAYMENT: Payment,
}


def differences(held: Held) -> list[str]:
    """How what stands there differs from what is here: missing, twice, with other fields, or known by another id."""
    with read() as session:
        return [line for kind in _OWNERS for line in _of_kind(session, held, kind)] + list(_of_lines(session, held))


def counted() -> dict[str, int]:
    """How many objects of each kind are known to stand there."""
    with read() as session:
        rows = select(CrmLink.kind, func.count().label("number")).group_by(CrmLink.kind).order_by(CrmLink.kind)
        return {row.kind: row.number for row in session.execute(rows)}


def left_to_do() -> int:
    """How many events and jobs are still on their way to the CRM."""
    with read() as session:
        return sum(
            session.execute(select(func.count()).select_from(table).where(*where)).scalar_one()
            for table, where in ((OutboxMessage, [UNDISPATCHED.where]), (Delivery, [UNDELIVERED.where]), (SyncJob, []))
        )


def _of_kind(session: ReadSession, held: Held, kind: str) -> Iterator[str]:
    schema = schema_of(get_settings().bitrix24_url)
    ids = session.scalars(select(_OWNERS[kind].id)).all()
    items = held.items(kind)
    there: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in items:
        there[str(item.get("originId") or item.get("xmlId"))].append(item)
    if len(items) != len(ids):
        yield f"{kind}: {len(items)} there, {len(ids)} here"
    links = {(link.kind, link.local_id): link.remote_id for link in session.scalars(select(CrmLink))}
    for key, ours in read_wanted(session, [(kind, local_id) for local_id in ids]).items():
        copies = there[ours.external_id]
        if len(copies) != 1 or links.get(key) != copies[0]["id"]:
            yield f"{key}: {len(copies)} copies, linked to {links.get(key)}"
            continue
        parents = {name: links.get(need) for name, need in ours.needs.items()}
        wanted = item_fields(schema, kind, ours.fields | parents) | _reached_at(ours.fields)
        found = copies[0] | {"fm": sorted(str(record["value"]) for record in copies[0].get("fm") or [])}
        for name, value in wanted.items():
            if not _same(found.get(name), value):
                yield f"{key}: {name} is {found.get(name)!r}, not {value!r}"


def _of_lines(session: ReadSession, held: Held) -> Iterator[str]:
    """A line's address ends with its id: so often it stands there."""
    lines = held.timeline()
    there = Counter(line["text"].rpartition("#")[2] for line in lines)
    texts = {line["text"].rpartition("#")[2]: f"{line['title']} {line['text']}" for line in lines}
    entries = session.scalars(select(TimelineEntry)).all()
    if len(lines) != len(entries):
        yield f"timeline: {len(lines)} lines there, {len(entries)} here"
    for entry in entries:
        if there[str(entry.id)] != 1:
            yield f"{entry.kind} {entry.key}: {there[str(entry.id)]} times there"
        elif entry.title not in texts[str(entry.id)] or entry.text not in texts[str(entry.id)]:
            yield f"{entry.kind} {entry.key}: {texts[str(entry.id)]!r}"


def _reached_at(fields: Fields) -> dict[str, list[str]]:
    if "email" not in fields:
        return {}
    return {"fm": sorted(str(fields[name]) for name in ("phone", "email") if fields[name])}


def _same(there: object, here: object) -> bool:
    if isinstance(there, str) and isinstance(here, str) and _DATE.match(here):
        if len(here) == len("2026-01-31"):
            return there[:10] == here
        return datetime.fromisoformat(there) == datetime.fromisoformat(here).replace(microsecond=0)
    if isinstance(there, (int, float)) and not isinstance(there, bool):
        return float(there) == float(str(here))
    return (there or None) == (here or None)
