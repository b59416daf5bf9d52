"""Items as the portal answers them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sandbox.bitrix24.items import Record
from sandbox.bitrix24.kinds import Kind


def item_json(kind: Kind, record: Record, *, original: bool) -> dict[str, Any]:
    """A whole item, what is empty included."""
    view = {**kind.blank, **record}
    return view if original else _renamed(kind, view)


def chosen_json(kind: Kind, record: Record, chosen: Collection[str], *, original: bool) -> dict[str, Any]:
    """The chosen fields of an item. The phones and addresses come only with all fields: `*`."""
    view = item_json(kind, record, original=original)
    if "*" in chosen:
        return view | {"fm": record.get("fm", [])} if kind.has_ways else view
    if not chosen:
        view.pop("fm", None)
        return view
    return {name: value for name, value in view.items() if name in chosen and name != "fm"} | {"id": record["id"]}


def _renamed(kind: Kind, view: dict[str, Any]) -> dict[str, Any]:
    for stored, name in kind.renamed.items():
        view[name] = view.pop(stored)
    return view
