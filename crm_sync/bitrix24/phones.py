"""Phones and e-mails of a contact or company: records with ids of their own (`fm`).

A creation lists them; a change is a map in which a record's id changes it, an empty value deletes it, and n0, n1 add.
Sending them again as a list would add them again, so a change is worked out against the records as they are.
"""

from __future__ import annotations

from typing import Any

from crm_sync.port import Fields

_TYPES = {"phone": ("PHONE", "MOBILE"), "email": ("EMAIL", "WORK")}


def added(fields: Fields) -> list[dict[str, str]]:
    """The records of a new contact."""
    return [
        {"typeId": type_id, "valueType": value_type, "value": fields[name]}
        for name, (type_id, value_type) in _TYPES.items()
        if fields.get(name)
    ]


def changed(fields: Fields, before: Fields, records: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """What has to change in these records so that each of our values is there; records of others stay."""
    changes: dict[str, dict[str, str]] = {}
    for name, (type_id, value_type) in _TYPES.items():
        if name not in fields:
            continue
        of_type = [record for record in records if record["typeId"] == type_id]
        value, ours = fields[name], _same(of_type, before.get(name))
        if value and _same(of_type, value):
            continue
        if ours is not None:
            changes[str(ours["id"])] = {"typeId": type_id, "valueType": value_type, "value": value or ""}
        elif value:
            changes[f"n{len(changes)}"] = {"typeId": type_id, "valueType": value_type, "value": value}
    return changes


def _same(records: list[dict[str, Any]], value: str | None) -> dict[str, Any] | None:
    wanted = _plain(value or "")
    return next((record for record in records if wanted and _plain(str(record["value"])) == wanted), None)


def _plain(value: str) -> str:
    if "@" in value:
        return value.strip().casefold()
    digits = "".join(sign for sign in value if sign.isdigit())
    # People write +7 and 8 for the same.
    return "7" + digits[1:] if len(digits) == len("89000000000") and digits[0] == "8" else digits
