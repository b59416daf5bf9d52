"""One item as its card shows it: fields, what belongs to it, what happened to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sandbox.bitrix24 import items, requisites, timeline
from sandbox.bitrix24.bbcode import shown
from sandbox.bitrix24.fields import Field
from sandbox.bitrix24.instants import instant_of
from sandbox.bitrix24.items import Record
from sandbox.bitrix24.kinds import COMPANY, CONTACT, DEAL, INVOICE, KINDS, PAYMENT, Kind
from sandbox.bitrix24.people import who
from sandbox.bitrix24.showing import (
    client,
    href,
    initials,
    kopecks,
    link,
    money,
    name_of,
    stage_words,
)
from sandbox.world import World

Json = dict[str, Any]

_SHOWN = 50
_POINTERS = {"crm_contact": CONTACT, "crm_company": COMPANY, "crm_deal": DEAL}
# What the card shows elsewhere, or what says the same as another field.
_HIDDEN = frozenset(
    {
        "id", "title", "name", "lastName", "secondName", "createdTime", "createdBy", "updatedTime", "updatedBy",
        "lastActivityBy", "lastActivityTime", "movedBy", "movedTime", "opened", "opportunity", "currencyId", "stageId",
        "stageSemanticId", "taxValue", "isManualOpportunity", "isNew", "isRecurring", "isReturnCustomer",
        "isRepeatedApproach", "closed", "previousStageId", "contactIds", "companyIds", "opportunityAccount",
        "accountCurrencyId", "hasPhone", "hasEmail", "hasImol", "phone", "email", "phoneWork", "phoneMobile",
        "phoneMailing", "emailWork", "emailHome", "emailMailing", "accountNumber",
    }
)  # fmt: skip
_WAY_WORDS = {"PHONE": "Телефон", "EMAIL": "Почта", "WEB": "Сайт", "IM": "Мессенджер", "LINK": "Ссылка"}
_CHILDREN = (("contact_id", CONTACT), ("company_id", COMPANY), ("deal_id", DEAL), ("invoice_id", INVOICE))


def card(world: World, kind: Kind, record: Record) -> Json:
    """Everything that the card of an item shows."""
    name = name_of(kind, record)
    return {
        "kind": kind,
        "id": record["id"],
        "name": name,
        "initials": initials(name) if kind.has_ways else None,
        "stage": stage_words(world, record),
        "kopecks": None if kind.has_ways else kopecks(record),
        "currency": record.get("currencyId") or "RUB",
        "client": None if kind.has_ways else client(world, record),
        "ways": [(_WAY_WORDS[way["typeId"]], way["value"]) for way in record.get("fm", [])],
        "facts": _facts(world, kind, record),
        "requisites": requisites.of_owner(world, kind.entity_type_id, record["id"]) if kind.has_ways else [],
        "created": (instant_of(record["createdTime"]), who(record["createdBy"])),
        "updated": (instant_of(record["updatedTime"]), who(record["updatedBy"])),
        "related": _related(world, kind, record["id"]),
        "history": history(world, kind, record["id"]),
    }


def history(world: World, kind: Kind, item_id: int) -> list[Json]:
    """Comments, notes and moves, the newest first."""
    written = [
        {
            "at": instant_of(row["created"]), "form": row["form"], "title": row["title"] or who(row["author_id"]),
            "text": shown(row["text"]),
        }
        for row in timeline.entries(world, kind, item_id, _SHOWN)
    ]  # fmt: skip
    rows = world.store.all(
        "SELECT * FROM crm_moves WHERE entity_type_id = ? AND owner_id = ? ORDER BY id DESC LIMIT ?",
        [kind.entity_type_id, item_id, _SHOWN],
    )
    moves = [
        {
            "at": instant_of(row["created_time"]), "form": "move", "text": "",
            "title": ("Создано: " if row["type_id"] == 1 else "Стадия: ") + _stage_name(world, row["stage_id"]),
        }
        for row in rows
    ]  # fmt: skip
    return sorted([*written, *moves], key=lambda entry: entry["at"], reverse=True)[:_SHOWN]


def _facts(world: World, kind: Kind, record: Record) -> list[Json]:
    shown = [
        (field, record[name])
        for name, field in kind.stored.items()
        if name not in _HIDDEN and record.get(name) not in (None, [], 0)
    ]
    return [{"label": field.title, **_value(world, kind, field, value)} for field, value in shown]


def _value(world: World, kind: Kind, field: Field, value: Any) -> Json:
    """How a value reads: `words`, with `href` where it leads somewhere; `day` or `at` for dates, `money` for sums."""
    if field.name.startswith("parentId") or field.type in _POINTERS:
        pointed = _POINTERS.get(field.type) or int(field.name.removeprefix("parentId"))
        found = link(world, pointed, value) if pointed in KINDS else None
        return {"words": found.words, "href": found.href} if found else {"words": f"№ {value}, удалено"}
    if field.type == "url" and urlsplit(str(value)).scheme in {"http", "https"}:
        return {"words": str(value), "href": str(value)}
    if field.type in {"date", "datetime"}:
        return {"day" if field.type == "date" else "at": instant_of(value)}
    if field.type == "money":
        return {"money": money(value)}
    return {"words": _words(kind, field, value)}


def _words(kind: Kind, field: Field, value: Any) -> str:
    if field.type == "user":
        several = value if isinstance(value, list) else [value]
        return ", ".join(who(number) for number in several)
    if field.type == "boolean":
        return "Да" if value == "Y" else "Нет"
    if field.type == "crm_category":
        category = kind.category(value)
        return category.name if category else str(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _related(world: World, kind: Kind, item_id: int) -> list[Json]:
    column = next((column for column, parent in _CHILDREN if parent == kind.entity_type_id), None)
    if column is None:
        return []
    groups = []
    for child in (KINDS[number] for number in (CONTACT, DEAL, INVOICE, PAYMENT)):
        found = items.where(world.store, child, f"{column} = ? ORDER BY id DESC LIMIT ?", [item_id, _SHOWN])
        if found:
            groups.append({"title": child.title, "rows": [_row(world, child, record) for record in found]})
    return groups


def _row(world: World, kind: Kind, record: Record) -> Json:
    return {
        "name": name_of(kind, record),
        "href": href(kind, record["id"]),
        "stage": stage_words(world, record),
        "kopecks": None if kind.has_ways else kopecks(record),
        "currency": record.get("currencyId") or "RUB",
        "at": instant_of(record["createdTime"]),
    }


def _stage_name(world: World, status_id: str) -> str:
    stage = world.portal.stages.find(status_id)
    return stage.name if stage else status_id
