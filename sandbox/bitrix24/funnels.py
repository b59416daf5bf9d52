"""What can be discovered of the portal's make: kinds, funnels, stages, user fields, the history of moves."""

from __future__ import annotations

import sqlite3
from typing import Any

from sandbox.bitrix24.call import Call, Handler, Result
from sandbox.bitrix24.errors import CrmError
from sandbox.bitrix24.fields import Field, read_table
from sandbox.bitrix24.filters import Column, Columns
from sandbox.bitrix24.instants import written
from sandbox.bitrix24.kinds import KINDS, PAYMENT, PAYMENT_TYPE, Kind
from sandbox.bitrix24.paging import paged, sliced
from sandbox.bitrix24.values import as_integer
from sandbox.world import World

Json = dict[str, Any]

# The smart process has been there as long as the portal, which is older than any played history.
_MADE_AT = written(1_700_000_000_000)


def category_list(_world: World, call: Call) -> Result:
    """The funnels of a kind of items."""
    kind = call.kind()
    if not kind.categories:
        name = kind.name.upper()
        raise CrmError(400, "ENTITY_TYPE_NOT_SUPPORTED", f"Entity type `{name}` is not supported")
    ordered = sorted(kind.categories, key=lambda category: category.sort)
    categories = [
        {
            "id": category.id, "name": category.name, "sort": category.sort, "entityTypeId": kind.entity_type_id,
            "isDefault": "Y" if category.is_default else "N", "originId": "", "originatorId": "",
        }
        for category in ordered
    ]  # fmt: skip
    return Result({"categories": categories}, total=len(categories))


def status_list(world: World, call: Call) -> Result:
    """Stages, by the place where they are listed."""
    rows = [stage.as_status() for stage in world.portal.stages.all()]
    for key, value in call.mapping("filter").items():
        asked = {str(item) for item in value} if isinstance(value, list) else {str(value)}
        name = key.lstrip("=@")
        if rows and name in rows[0]:
            rows = [row for row in rows if str(row[name]) in asked]
    for name, direction in reversed(call.mapping("order").items()):
        if rows and name in rows[0]:
            rows.sort(
                key=lambda row: (row[name] is None, _sortable(row[name])), reverse=str(direction).upper() == "DESC"
            )
    return Result(rows, total=len(rows))


def type_list(_world: World, call: Call) -> Result:
    """The smart processes."""
    asked = call.mapping("filter")
    types = [
        kind_json for kind_json in (_type_json(KINDS[PAYMENT]),)
        if all(str(kind_json.get(name.lstrip("="))) == str(value) for name, value in asked.items())
    ]  # fmt: skip
    return sliced(call.optional("start"), types, lambda page: {"types": page})


def type_of(_world: World, call: Call) -> Result:
    """One smart process by its `entityTypeId`."""
    if call.number("entityTypeId") != PAYMENT:
        raise CrmError(400, 0, "Смарт-процесс не найден")
    return Result({"type": _type_json(KINDS[PAYMENT])})


def user_field_list(_world: World, call: Call) -> Result:
    """User fields, by the entity that they belong to."""
    if call.needed("moduleId") != "crm":
        raise CrmError(400, "ACCESS_DENIED", "Access denied")
    asked = {name.lstrip("="): value for name, value in call.mapping("filter").items()}
    every = [(kind, field) for kind in KINDS.values() for field in kind.fields if field.original]
    described = [_user_field_json(number, kind, field) for number, (kind, field) in enumerate(every, 1)]
    chosen = [about for about in described if all(str(about.get(name)) == str(value) for name, value in asked.items())]
    return sliced(call.optional("start"), chosen, lambda page: {"fields": page})


_MOVES = read_table(
    """
ID                integer        ID
TYPE_ID           integer        Вид
OWNER_ID          integer        Элемент
CREATED_TIME      datetime       Когда
CATEGORY_ID       integer        Воронка
STAGE_ID          string         Стадия
STAGE_SEMANTIC_ID string         Группа стадии
"""
)
_MOVE_COLUMNS = Columns(
    {
        field.name: Column("semantics" if field.name == "STAGE_SEMANTIC_ID" else field.name.lower(), field)
        for field in _MOVES
    }
)


def stage_history(world: World, call: Call) -> Result:
    """Which items came to which stage, and when."""
    kind = call.kind()
    condition, values = _MOVE_COLUMNS.where(call.optional("filter"))
    order = _MOVE_COLUMNS.order(call.optional("order"))
    asked = [kind.entity_type_id, *values]
    which = f"FROM crm_moves WHERE entity_type_id = ? AND {condition}"

    def rows(limit: int, offset: int) -> list[sqlite3.Row]:
        return world.store.all(f"SELECT * {which} ORDER BY {order} LIMIT ? OFFSET ?", [*asked, limit, offset])

    def count() -> int:
        return world.store.number(f"SELECT count(*) {which}", *asked)

    return paged(call.optional("start"), rows, count, lambda page: {"items": [_move_json(row) for row in page]})


def _move_json(row: sqlite3.Row) -> Json:
    return {
        "ID": row["id"],
        "TYPE_ID": row["type_id"],
        "OWNER_ID": row["owner_id"],
        "CREATED_TIME": row["created_time"],
        "CATEGORY_ID": row["category_id"],
        "STAGE_SEMANTIC_ID": row["semantics"],
        "STAGE_ID": row["stage_id"],
    }


def _type_json(kind: Kind) -> Json:
    on = (
        "Categories",
        "Stages",
        "Client",
        "UseInUserfield",
        "LinkWithProducts",
        "Mycompany",
        "Recyclebin",
        "Automation",
    )
    off = ("BeginCloseDates", "Documents", "Source", "Observers", "BizProc", "Payments", "Counters")
    parents = [
        {"entityTypeId": number, "isChildrenListEnabled": "Y", "isPredefined": "Y" if number in {3, 4} else "N"}
        for number in (3, 4, 2, 31)
    ]
    return {
        "id": PAYMENT_TYPE,
        "title": kind.title,
        "code": "",
        "createdBy": 1,
        "entityTypeId": kind.entity_type_id,
        "customSectionId": None,
        **{f"is{name}Enabled": "Y" for name in on},
        **{f"is{name}Enabled": "N" for name in off},
        "isSetOpenPermissions": "Y",
        "createdTime": _MADE_AT,
        "updatedTime": _MADE_AT,
        "updatedBy": 1,
        "relations": {"parent": parents, "child": []},
        "linkedUserFields": {},
        "customSections": [],
    }


def _user_field_json(number: int, kind: Kind, field: Field) -> Json:
    return {
        "id": str(100 + number),
        "entityId": kind.user_entity,
        "fieldName": field.original,
        "userTypeId": field.type,
        "xmlId": None,
        "sort": "100",
        "multiple": "N",
        "mandatory": "N",
        "showFilter": "N",
        "showInList": "Y",
        "editInList": "Y",
        "isSearchable": "N",
        "settings": {},
        "languageId": {"ru": "ru"},
        "editFormLabel": {"ru": field.title},
        "listColumnLabel": None,
        "listFilterLabel": None,
        "errorMessage": None,
        "helpMessage": None,
    }


def _sortable(value: Any) -> Any:
    return as_integer(value) if isinstance(value, str) and value.isdigit() else str(value)


METHODS: dict[str, Handler] = {
    "crm.category.list": category_list,
    "crm.status.list": status_list,
    "crm.type.list": type_list,
    "crm.type.getbyentitytypeid": type_of,
    "crm.stagehistory.list": stage_history,
    "userfieldconfig.list": user_field_list,
}
