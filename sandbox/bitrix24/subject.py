"""What a call is about, read from its parameters: for the journal, and for faults that strike by it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sandbox.bitrix24.kinds import BY_NAME, KINDS, Kind
from sandbox.bitrix24.values import as_integer

_EXTERNAL = ("originId", "xmlId", "XML_ID", "ORIGIN_ID")


@dataclass(frozen=True)
class Subject:
    """The kind of items by name (`contact`), the id in the foreign system, the item's own id."""

    method: str
    entity_type: str
    external_id: str
    item_id: int | None
    params: dict[str, Any]

    @property
    def object_id(self) -> str | None:
        """`contact:12`."""
        return f"{self.entity_type or 'item'}:{self.item_id}" if self.item_id else None

    @property
    def key(self) -> str:
        """Names the intention: the same when it is tried again, so that a share of calls fails reproducibly."""
        return f"{self.method}:{self.entity_type}:{self.external_id or self.item_id or self._digest()}"

    def _digest(self) -> str:
        text = json.dumps(self.params, sort_keys=True, default=str)
        return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()

    def facts(self) -> dict[str, str]:
        """What the patterns of a fault look at."""
        return {"method": self.method, "entity_type": self.entity_type, "external_id": self.external_id}


def subject_of(method: str, params: dict[str, Any]) -> Subject:
    """The subject of a call."""
    fields = _object(params, "fields", "FIELDS")
    asked = _object(params, "filter", "FILTER")
    kind = _kind(params, fields, asked)
    external = _external(fields) or _external({name.lstrip("=@"): value for name, value in asked.items()})
    item_id = as_integer(_first(params, "id", "ID") or fields.get("ENTITY_ID") or fields.get("entityId")) or None
    return Subject(method, _name(method, kind), external, item_id, params)


def _name(method: str, kind: Kind | None) -> str:
    if method.startswith("crm.requisite") and not method.endswith("add"):
        return "requisite"
    return kind.name if kind else ""


def _kind(params: dict[str, Any], *places: dict[str, Any]) -> Kind | None:
    if number := as_integer(params.get("entityTypeId")):
        return KINDS.get(number)
    for place in places:
        number = as_integer(_first(place, "entityTypeId", "ENTITY_TYPE_ID"))
        named = str(place.get("ENTITY_TYPE") or "").lower()
        kind = KINDS.get(number or as_integer(named.removeprefix("dynamic_"))) or BY_NAME.get(named)
        if kind:
            return kind
    return None


def _external(place: dict[str, Any]) -> str:
    value = next((place[name] for name in _EXTERNAL if place.get(name)), "")
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    return str(value)


def _first(place: dict[str, Any], *names: str) -> Any:
    return next((place[name] for name in names if place.get(name)), None)


def _object(params: dict[str, Any], *names: str) -> dict[str, Any]:
    value = _first(params, *names)
    return value if isinstance(value, dict) else {}
