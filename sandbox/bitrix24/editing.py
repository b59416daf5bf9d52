"""The form on a card: what an employee may change there, and what becomes of it."""

from __future__ import annotations

from typing import Any

from sandbox.bitrix24.items import Record
from sandbox.bitrix24.kinds import COMPANY, CONTACT, DEAL, INVOICE, PAYMENT, Kind
from sandbox.world import World

Json = dict[str, Any]

_NAMED = {
    CONTACT: ("lastName", "name", "post", "comments"),
    COMPANY: ("title", "comments"),
    DEAL: ("title", "opportunity", "comments"),
    INVOICE: ("opportunity", "comments"),
    PAYMENT: ("title", "opportunity"),
}
_WAYS = {"phone": ("PHONE", "Телефон"), "email": ("EMAIL", "Почта")}


def form_of(world: World, kind: Kind, record: Record) -> Json:
    """The fields of the form with their values, and the stages to choose from."""
    inputs = [
        {"name": name, "label": kind.camel[name].title, "value": record.get(name, "")}
        for name in _NAMED[kind.entity_type_id]
    ]
    if kind.has_ways:
        inputs += [{"name": name, "label": words, "value": record.get(name, "")} for name, (_, words) in _WAYS.items()]
    category = kind.category(record.get("categoryId", -1)) if kind.categories else None
    stages = world.portal.stages.of(kind, category) if category else []
    return {"inputs": inputs, "stages": [(stage.status_id, stage.name) for stage in stages]}


def fields_of(kind: Kind, record: Record, form: dict[str, str]) -> Json:
    """What the filled form asks to change."""
    fields: Json = {name: form[name].strip() for name in _NAMED[kind.entity_type_id] if name in form}
    if form.get("stageId"):
        fields["stageId"] = form["stageId"]
    if kind.has_ways:
        fields["fm"] = _ways(record, form)
    return fields


def _ways(record: Record, form: dict[str, str]) -> Json:
    """The first phone and the first address, changed, deleted or added."""
    changes: Json = {}
    for number, (name, (type_id, _)) in enumerate(_WAYS.items()):
        if name not in form or form[name].strip() == record.get(name, ""):
            continue
        first = next((way["id"] for way in record.get("fm", []) if way["typeId"] == type_id), f"n{number}")
        changes[str(first)] = {"typeId": type_id, "valueType": "WORK", "value": form[name].strip()}
    return changes
