"""`crm.duplicate.findbycomm`: who has this phone or this address."""

from __future__ import annotations

from typing import Any

from sandbox.bitrix24.call import Call, Handler, Result
from sandbox.bitrix24.errors import CrmError, classic
from sandbox.bitrix24.kinds import BY_NAME
from sandbox.bitrix24.ways import sought
from sandbox.world import World

_MOST_VALUES, _MOST_FOUND = 20, 20
_TYPES = ("LEAD", "CONTACT", "COMPANY")


def find_by_communication(world: World, call: Call) -> Result:
    """Ids by kind; an empty list instead of an empty object. When a kind is full, the kinds after it are left out."""
    type_id = _type(call)
    values = [sought(type_id, value) for value in _values(call)]
    asked = str(call.optional("entity_type") or "").upper()
    if asked and asked not in _TYPES:
        raise CrmError(400, "", f"Entity type '{asked}' is not supported in current context.")
    found: dict[str, list[int]] = {}
    for name in [asked] if asked else _TYPES:
        ids = _ids(world, name, type_id, [value for value in values if value])
        if ids:
            found[name] = ids
        if len(ids) >= _MOST_FOUND:
            break
    return Result(found or [])


def _type(call: Call) -> str:
    type_id = str(call.optional("type") or "").upper()
    if not type_id:
        raise classic("Communication type is not defined.")
    if type_id not in {"PHONE", "EMAIL"}:
        raise classic(f"Communication type '{type_id}' is not supported in current context.")
    return type_id


def _values(call: Call) -> list[str]:
    given: Any = call.optional("values")
    several = list(given.values()) if isinstance(given, dict) else given if isinstance(given, list) else [given]
    values = [str(value) for value in several if value not in (None, "")]
    if not values:
        raise classic("Communication values is not defined.")
    return values[:_MOST_VALUES]


def _ids(world: World, name: str, type_id: str, values: list[str]) -> list[int]:
    kind = BY_NAME.get(name.lower())
    if kind is None or not values:
        return []
    marks = ", ".join("?" * len(values))
    rows = world.store.all(
        "SELECT DISTINCT item_id FROM crm_ways"  # noqa: S608 - question marks
        f" WHERE type_id = ? AND sought IN ({marks}) AND entity_type_id = ? ORDER BY item_id LIMIT ?",
        [type_id, *values, kind.entity_type_id, _MOST_FOUND],
    )
    return [row["item_id"] for row in rows]


METHODS: dict[str, Handler] = {"crm.duplicate.findbycomm": find_by_communication}
