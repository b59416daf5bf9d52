"""Lists of items as rows of a page."""

from __future__ import annotations

from typing import Any

from sandbox.bitrix24 import items
from sandbox.bitrix24.items import Record
from sandbox.bitrix24.kinds import CONTACT, DEAL, INVOICE, PAYMENT, Kind
from sandbox.bitrix24.people import who
from sandbox.bitrix24.showing import client, href, initials, kopecks, link, moment, name_of, stage_words
from sandbox.database import Store
from sandbox.world import World

Json = dict[str, Any]

PAGE = 50


def table(world: World, kind: Kind, asked: str, number: int) -> Json:
    """One page of a kind, the last changed first; `asked` is looked for anywhere in an item."""
    condition, values = ("casefold(record) LIKE '%' || casefold(?) || '%'", [asked]) if asked else ("1", [])
    total = items.count(world.store, kind, condition, values)
    found = items.where(
        world.store, kind, f"{condition} ORDER BY updated_time DESC, id DESC LIMIT ? OFFSET ?",
        [*values, PAGE, number * PAGE],
    )  # fmt: skip
    view = _person if kind.has_ways else _payment if kind.entity_type_id == PAYMENT else _invoice
    return {"rows": [view(world, kind, record) for record in found], "total": total, "number": number, "asked": asked}


def counts(store: Store) -> dict[int, int]:
    """How many items of each kind there are."""
    rows = store.all("SELECT entity_type_id, count(*) AS n FROM crm_items GROUP BY entity_type_id")
    return {row["entity_type_id"]: row["n"] for row in rows}


def events(world: World, number: int) -> Json:
    """What was told to the outgoing webhook, the newest first."""
    total = world.store.number("SELECT count(*) FROM crm_events")
    rows = world.store.all("SELECT * FROM crm_events ORDER BY id DESC LIMIT ? OFFSET ?", [PAGE, number * PAGE])
    return {"rows": [_event(dict(row)) for row in rows], "total": total, "number": number, "asked": ""}


def _base(kind: Kind, record: Record) -> Json:
    return {
        "href": href(kind, record["id"]),
        "name": name_of(kind, record),
        "updated_at": moment(record, "updatedTime"),
        "by": who(record["updatedBy"]),
    }


def _person(world: World, kind: Kind, record: Record) -> Json:
    column = "contact_id" if kind.entity_type_id == CONTACT else "company_id"
    deals = world.store.number(
        f"SELECT count(*) FROM crm_items WHERE entity_type_id = ? AND {column} = ?",  # noqa: S608 - one of two
        DEAL, record["id"],
    )  # fmt: skip
    base = _base(kind, record)
    return base | {
        "initials": initials(base["name"]), "phone": record.get("phone"), "email": record.get("email"), "deals": deals,
    }  # fmt: skip


def _money(world: World, kind: Kind, record: Record) -> Json:
    return _base(kind, record) | {
        "client": client(world, record),
        "deal": link(world, DEAL, record.get("parentId2")),
        "stage": stage_words(world, record),
        "kopecks": kopecks(record),
        "currency": record.get("currencyId") or "RUB",
    }


def _invoice(world: World, kind: Kind, record: Record) -> Json:
    return _money(world, kind, record) | {"due_at": moment(record, "closedate")}


def _payment(world: World, kind: Kind, record: Record) -> Json:
    return _money(world, kind, record) | {
        "at": moment(record, "UF_CRM_7_PAID_AT") or moment(record, "createdTime"),
        "invoice": link(world, INVOICE, record.get("parentId31")),
        "method": record.get("UF_CRM_7_METHOD"),
        "reason": record.get("UF_CRM_7_REASON"),
    }


def _event(row: Json) -> Json:
    name, _, item_id = row["object_id"].partition(":")
    shown = name in {"contact", "company", "deal", "invoice", "payment"} and not row["event"].endswith("DELETE")
    return row | {"href": f"/bitrix24/{name}/{item_id}" if shown else None}
