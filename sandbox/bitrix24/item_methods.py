"""`crm.item.*`."""

from __future__ import annotations

from functools import cache
from typing import Any

from sandbox.bitrix24 import items, writing
from sandbox.bitrix24.call import Call, Handler, Result
from sandbox.bitrix24.filters import Column, Columns, in_json
from sandbox.bitrix24.items import Record
from sandbox.bitrix24.kinds import Kind
from sandbox.bitrix24.paging import paged
from sandbox.bitrix24.views import chosen_json, item_json
from sandbox.world import World


def item_add(world: World, call: Call) -> Result:
    """A new item."""
    kind = call.kind()
    record = writing.add(world, kind, call.mapping("fields"), call.by.user_id, original=call.original)
    return _shown(call, kind, record)


def item_get(world: World, call: Call) -> Result:
    """One item."""
    kind = call.kind()
    return _shown(call, kind, writing.found(world, kind, call.number("id")))


def item_update(world: World, call: Call) -> Result:
    """Changes of an item."""
    kind, fields = call.kind(), call.mapping("fields")
    record = writing.update(world, kind, call.number("id"), fields, call.by.user_id, original=call.original)
    return _shown(call, kind, record)


def item_delete(world: World, call: Call) -> Result:
    """An item goes."""
    kind, item_id = call.kind(), call.number("id")
    writing.delete(world, kind, item_id)
    return Result([], object_id=f"{kind.name}:{item_id}")


def item_list(world: World, call: Call) -> Result:
    """A page of items."""
    kind, original = call.kind(), call.original
    columns = columns_of(kind, original)
    condition, values = columns.where(call.optional("filter"))
    order = columns.order(call.optional("order"))
    chosen = _names(call.optional("select"))

    def rows(limit: int, offset: int) -> list[Record]:
        return items.where(
            world.store, kind, f"{condition} ORDER BY {order} LIMIT ? OFFSET ?", [*values, limit, offset]
        )

    def shown(page: list[Record]) -> dict[str, Any]:
        return {"items": [chosen_json(kind, record, chosen, original=original) for record in page]}

    return paged(call.optional("start"), rows, lambda: items.count(world.store, kind, condition, values), shown)


def item_fields(_world: World, call: Call) -> Result:
    """The fields of a kind of items."""
    kind = call.kind()
    named = kind.fields_called(original=call.original)
    return Result({"fields": {name: _described(kind, field.described()) for name, field in named.items()}})


@cache
def columns_of(kind: Kind, original: bool) -> Columns:  # noqa: FBT001 - a cache takes positions
    """Where the fields of a kind are found."""
    known = {}
    for name, field in kind.fields_called(original=original).items():
        if not field.dead:
            stored = field.original or field.name
            sql = "id" if stored == "id" else items.INDEXED.get(stored) or in_json(stored)
            known[name] = Column(sql, field)
    return Columns(known)


def _described(kind: Kind, about: dict[str, Any]) -> dict[str, Any]:
    if about["upperName"] in {"STAGE_ID", "PREVIOUS_STAGE_ID"} and kind.default_category:
        about["statusType"] = kind.default_category.status_entity
    return about


def _shown(call: Call, kind: Kind, record: Record) -> Result:
    view = item_json(kind, record, original=call.original)
    if kind.has_ways:
        view["fm"] = record.get("fm", [])
    return Result({"item": view}, object_id=f"{kind.name}:{record['id']}")


def _names(select: Any) -> frozenset[str]:
    several = select.values() if isinstance(select, dict) else select if isinstance(select, list) else [select]
    return frozenset(str(name) for name in several if name)


METHODS: dict[str, Handler] = {
    "crm.item.add": item_add,
    "crm.item.get": item_get,
    "crm.item.update": item_update,
    "crm.item.delete": item_delete,
    "crm.item.list": item_list,
    "crm.item.fields": item_fields,
}
