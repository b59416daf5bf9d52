"""How items look to a person: names, stages, sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.bitrix24 import items
from sandbox.bitrix24.instants import instant_of
from sandbox.bitrix24.items import Record
from sandbox.bitrix24.kinds import COMPANY, CONTACT, DEAL, INVOICE, KINDS, PAYMENT, Kind
from sandbox.bitrix24.stages import Stage
from sandbox.world import World

Json = dict[str, Any]

PLACES = {CONTACT: "contacts", COMPANY: "companies", DEAL: "deals", INVOICE: "invoices", PAYMENT: "payments"}
_TONES = {"#39A8EF": "", "#2FC6F6": "brand", "#47E4C2": "ok", "#FFA900": "warn", "#7BD500": "ok", "#FF5752": "danger"}


@dataclass(frozen=True)
class Link:
    """An item's name that leads to its card."""

    words: str
    href: str


def name_of(kind: Kind, record: Record) -> str:
    """What a person calls an item."""
    if kind.entity_type_id == CONTACT:
        parts = (record.get(name) for name in ("lastName", "name", "secondName"))
        return " ".join(str(part) for part in parts if part)
    if kind.entity_type_id == INVOICE:
        return f"Счёт № {record.get('accountNumber')}"
    return str(record.get("title") or f"{kind.default_title} #{record['id']}")


def initials(name: str) -> str:
    """«КА» of «Ковалёва Анна»."""
    return "".join(word[0] for word in name.replace("«", "").split()[:2]).upper()


def link(world: World, entity_type_id: int, item_id: Any) -> Link | None:
    """The name of an item that another one points at; None if it is gone."""
    kind = KINDS[entity_type_id]
    record = items.find(world.store, kind, item_id) if item_id else None
    return Link(name_of(kind, record), href(kind, item_id)) if record else None


def href(kind: Kind, item_id: int) -> str:
    """The address of a card."""
    return f"/bitrix24/{kind.name}/{item_id}"


def client(world: World, record: Record) -> Link | None:
    """The company of an item, or else its contact."""
    return link(world, COMPANY, record.get("companyId")) or link(world, CONTACT, record.get("contactId"))


def stage_words(world: World, record: Record) -> Json | None:
    """The name and the tone of an item's stage."""
    status_id = record.get("stageId")
    if not status_id:
        return None
    stage = world.portal.stages.find(status_id)
    return {"id": status_id, "words": stage.name, "tone": tone(stage)} if stage else _gone(status_id)


def tone(stage: Stage) -> str:
    """The colour of a stage among those of the pages."""
    return _TONES.get(stage.color, "")


def kopecks(record: Record) -> int:
    """The sum of an item."""
    return round(float(record.get("opportunity") or 0) * 100)


def money(text: Any) -> tuple[int, str] | None:
    """Kopecks and currency of a money field, `300.00|RUB`."""
    amount, _, currency = str(text or "").partition("|")
    return (round(float(amount) * 100), currency or "RUB") if amount else None


def moment(record: Record, name: str) -> int | None:
    """The instant in a field."""
    return instant_of(record[name]) if record.get(name) else None


def _gone(status_id: str) -> Json:
    return {"id": status_id, "words": "Стадия удалена", "tone": ""}
