"""What stands in Bitrix24 beside what we have: each object once, under our id, with the same fields."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from crm_sync.bitrix24.fields import item_fields
from crm_sync.bitrix24.schema import schema_of
from crm_sync.models import CrmLink, SyncJob, TimelineEntry
from crm_sync.port import COMMENT, COMPANY, CONTACT, DEAL, INVOICE, LOG, PAYMENT, REQUISITE, Wanted
from crm_sync.snapshots.reading import read_wanted
from kernel.db import ReadSession, read
from kernel.outbox import UNDELIVERED, UNDISPATCHED, Delivery, OutboxMessage
from kernel.settings import get_settings
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.customers.models import Customer
from payments.invoicing.models import Invoice
from tests.crm_sync.held import Held

_ITEMS: dict[str, Any] = {CONTACT: Customer, COMPANY: Customer, DEAL: Contract, INVOICE: Invoice, PAYMENT: Payment}
_OWNER_TYPES = {CONTACT: 3, COMPANY: 4}
Links = dict[tuple[str, UUID], int]


def differences(held: Held) -> list[str]:
    """How what stands there differs from what is here: missing, twice, too many, or with other fields."""
    with read() as session:
        rows = session.execute(select(CrmLink.kind, CrmLink.local_id, CrmLink.remote_id))
        links = {(kind, local_id): remote_id for kind, local_id, remote_id in rows}
        items = [line for kind in _ITEMS for line in _items(session, held, kind, links)]
        return [*items, *_requisites(session, held, links), *_timeline(session, held)]


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


def _items(session: ReadSession, held: Held, kind: str, links: Links) -> list[str]:
    there = defaultdict(list)
    for item in held.items(kind):
        there[item.get("originId") or item.get("xmlId")].append(item)
    wanted = _wanted(session, kind, session.scalars(select(_ITEMS[kind].id)).all())
    strange = there.keys() - {ours.external_id for ours in wanted}
    found = [f"{kind}: {key} is nobody's" for key in strange]
    for ours in wanted:
        copies = there[ours.external_id]
        if [copy["id"] for copy in copies] != [links.get((kind, ours.local_id))]:
            found.append(f"{kind} {ours.local_id}: {len(copies)} copies")
        else:
            found += _fields(ours, copies[0], links)
    return found


def _fields(ours: Wanted, there: dict[str, Any], links: Links) -> list[str]:
    refs = {name: links[need] for name, need in ours.needs.items()}
    here = item_fields(schema_of(get_settings().bitrix24_url), ours.kind, ours.fields | refs)
    found = [
        f"{ours.kind} {ours.local_id}: {name} is {there.get(name)!r}, not {value!r}"
        for name, value in here.items()
        if not _same(there.get(name), value)
    ]
    if ours.kind in (CONTACT, COMPANY):
        ways = sorted(record["value"] for record in there["fm"])
        if ways != sorted(filter(None, (ours.phone, ours.email))):
            found.append(f"{ours.kind} {ours.local_id}: reached at {ways}")
    return found


def _requisites(session: ReadSession, held: Held, links: Links) -> list[str]:
    wanted = _wanted(session, REQUISITE, session.scalars(select(Customer.id)).all())
    found = []
    for ours in wanted:
        kind, owner = ours.needs["owner"]
        rows = held.call("crm.requisite.list", filter={"RQ_INN": ours.fields["inn"]})
        there = [(row["ENTITY_TYPE_ID"], row["ENTITY_ID"], row["ID"]) for row in rows]
        here = (_OWNER_TYPES[kind], links.get((kind, owner)), links.get((REQUISITE, ours.local_id)))
        if there != [tuple(map(str, here))]:
            found.append(f"requisite {ours.local_id}: {there}, not {here}")
    return found


def _timeline(session: ReadSession, held: Held) -> list[str]:
    lines = held.timeline()
    entries = session.scalars(select(TimelineEntry)).all()
    found = [f"timeline: {len(lines)} lines there, {len(entries)} here"] if len(lines) != len(entries) else []
    wanted = [*_wanted(session, COMMENT, [it.id for it in entries]), *_wanted(session, LOG, [it.id for it in entries])]
    for ours in wanted:
        copies = [line for line in lines if f"#{ours.local_id}" in line["text"]]
        if len(copies) != 1 or ours.fields["text"] not in copies[0]["text"]:
            found.append(f"{ours.kind} {ours.local_id}: {len(copies)} copies")
    return found


def _wanted(session: ReadSession, kind: str, ids: Any) -> list[Wanted]:
    return list(read_wanted(session, [(kind, key) for key in ids]).values())


def _same(there: object, here: object) -> bool:
    if isinstance(there, str) and isinstance(here, str) and "T" in there and len(here) == len("2026-01-31"):
        return there[:10] == here
    if isinstance(there, str) and isinstance(here, str) and "T" in there and "T" in here and there[:1].isdigit():
        # To the second, as the portal keeps them.
        return datetime.fromisoformat(there) == datetime.fromisoformat(here).replace(microsecond=0)
    if isinstance(there, (int, float)) and not isinstance(there, bool):
        return float(there) == float(str(here))
    return (there or None) == (here or None)
