"""Phones, addresses and links of contacts and companies: the field `fm`."""

from __future__ import annotations

import re
from typing import Any

from sandbox.bitrix24.errors import CrmError
from sandbox.bitrix24.kinds import Kind
from sandbox.bitrix24.values import as_integer
from sandbox.database import Store

Json = dict[str, Any]

_VALUE_TYPES = {
    "PHONE": ("WORK", "MOBILE", "FAX", "HOME", "PAGER", "MAILING", "OTHER"),
    "EMAIL": ("WORK", "HOME", "MAILING", "OTHER"),
    "WEB": ("WORK", "HOME", "OTHER"),
    "IM": ("WORK", "HOME", "OTHER"),
    "LINK": ("WORK", "HOME", "OTHER"),
}
_EXTENSION = re.compile(r"(?:[;,#*]|\bдоб|\bext|\bx\s?\d).*$", re.IGNORECASE)
_NOT_A_DIGIT = re.compile(r"\D")


def sought(type_id: str, value: str) -> str:
    """How duplicates are compared: the digits of a phone without its extension, an address in small letters."""
    if type_id == "PHONE":
        return _NOT_A_DIGIT.sub("", _EXTENSION.sub("", value))
    return value.strip().casefold()


def first(store: Store, kind: Kind, item_id: int, given: Any) -> list[Json]:
    """Keep the ways of a new item, whatever keys they have.

    Raises:
        CrmError: 400, no list of ways.
    """
    ways = [_way(value) for value in _by_key(given).values()]
    return [_insert(store, kind, item_id, way) for way in ways if way["value"]]


def changed(store: Store, kind: Kind, item_id: int, known: list[Json], given: Any) -> list[Json]:
    """Change the ways of an item; the same list comes back when nothing differs.

    A key that is the id of a known way changes it, or deletes it if the value is empty; any other key adds one.

    Raises:
        CrmError: 400, no map of ways.
    """
    after = {str(way["id"]): way for way in known}
    for key, value in _by_key(given).items():
        if key in after:
            _change(store, after, key, value)
        elif (way := _way(value))["value"]:
            kept = _insert(store, kind, item_id, way)
            after[str(kept["id"])] = kept
    ways = list(after.values())
    return known if ways == known else ways


def forget(store: Store, kind: Kind, item_id: int) -> None:
    """Delete all ways of an item."""
    store.run("DELETE FROM crm_ways WHERE entity_type_id = ? AND item_id = ?", kind.entity_type_id, item_id)


def shortcuts(ways: list[Json]) -> Json:
    """The fields of an item that repeat its first phones and addresses."""
    short: Json = {"hasPhone": "N", "hasEmail": "N", "hasImol": "N"}
    for way in ways:
        if way["typeId"] not in {"PHONE", "EMAIL"}:
            continue
        name = way["typeId"].lower()
        short[f"has{name.capitalize()}"] = "Y"
        short.setdefault(name, way["value"])
        short.setdefault(name + way["valueType"].capitalize(), way["value"])
    return short


def _by_key(given: Any) -> dict[str, Any]:
    if given in (None, "", []):
        return {}
    if isinstance(given, list):
        given = {str(number): value for number, value in enumerate(given)}
    if not isinstance(given, dict) or not all(isinstance(value, dict) for value in given.values()):
        raise CrmError(400, "100", "Expected iterable value for multiple field, but got string instead")
    return {str(key): value for key, value in given.items()}


def _way(given: Json) -> Json:
    type_id = str(given.get("typeId") or "").upper()
    if type_id not in _VALUE_TYPES:
        raise CrmError(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", 'Неверное значение поля "fm"')
    value_type = str(given.get("valueType") or "").upper()
    known = value_type if value_type in _VALUE_TYPES[type_id] else "WORK" if not value_type else "OTHER"
    return {"valueType": known, "value": str(given.get("value") or "").strip(), "typeId": type_id}


def _insert(store: Store, kind: Kind, item_id: int, way: Json) -> Json:
    cursor = store.run(
        "INSERT INTO crm_ways (entity_type_id, item_id, type_id, value_type, value, sought) VALUES (?, ?, ?, ?, ?, ?)",
        kind.entity_type_id, item_id, way["typeId"], way["valueType"], way["value"],
        sought(way["typeId"], way["value"]),
    )  # fmt: skip
    return {"id": as_integer(cursor.lastrowid), **way}


def _change(store: Store, ways: dict[str, Json], key: str, given: Json) -> None:
    known = ways[key]
    if "value" in given and not str(given["value"] or "").strip():
        store.run("DELETE FROM crm_ways WHERE id = ?", known["id"])
        del ways[key]
        return
    # The type of a way stays what it is: a phone does not become an address.
    way = {"id": known["id"], **_way({**known, **given, "typeId": known["typeId"]})}
    if way != known:
        store.run(
            "UPDATE crm_ways SET value_type = ?, value = ?, sought = ? WHERE id = ?",
            way["valueType"], way["value"], sought(way["typeId"], way["value"]), way["id"],
        )  # fmt: skip
        ways[key] = way
