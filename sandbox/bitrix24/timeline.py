"""What is written beside an item: comments of people, grey notes of programs."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from sandbox.bitrix24 import items
from sandbox.bitrix24.call import Call, Handler, Result
from sandbox.bitrix24.errors import CrmError, bad_argument, missing
from sandbox.bitrix24.events import queue
from sandbox.bitrix24.instants import written
from sandbox.bitrix24.kinds import BY_NAME, INVOICE, KINDS, Kind
from sandbox.bitrix24.paging import paged
from sandbox.bitrix24.values import as_integer
from sandbox.world import World

_COMMENT, _NOTE = "comment", "note"
_NOTES_A_PAGE = 10
_NAMES = {"SMART_INVOICE": INVOICE, "CRM_SMART_INVOICE": INVOICE}
_DYNAMIC = re.compile(r"DYNAMIC_(\d+)")
_KEEP = (
    "INSERT INTO crm_timeline (form, entity_type_id, item_id, created, author_id, title, text, icon)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


def comment_add(world: World, call: Call) -> Result:
    """A comment, as a person would write it."""
    fields = call.mapping("fields")
    for name in ("ENTITY_ID", "ENTITY_TYPE"):
        if not fields.get(name):
            raise missing(name)
    kind, item_id = _kind(fields["ENTITY_TYPE"]), as_integer(fields["ENTITY_ID"])
    text = str(fields.get("COMMENT") or "")
    if not text.strip():
        raise bad_argument("Пустой комментарий")
    entry_id = _write(world, _COMMENT, kind, item_id, _author(call, fields), "", text, "")
    queue(world, ["ONCRMTIMELINECOMMENTADD"], f"comment:{entry_id}", {"ID": str(entry_id)})
    return Result(entry_id, object_id=f"{kind.name}:{item_id}")


def comment_list(world: World, call: Call) -> Result:
    """The comments of an item."""
    asked = call.mapping("filter")
    kind, item_id = _kind(asked.get("ENTITY_TYPE")), as_integer(asked.get("ENTITY_ID"))
    order = call.mapping("order")
    newest_first = any(str(direction).upper() == "DESC" for direction in order.values())
    return _listed(world, call, _COMMENT, (kind, item_id), newest_first=newest_first)


def note_add(world: World, call: Call) -> Result:
    """A note of low weight."""
    fields = call.mapping("fields")
    for name in ("entityTypeId", "entityId", "title", "text", "iconCode"):
        if not fields.get(name):
            raise missing(name)
    kind, item_id = _kind_of_id(fields["entityTypeId"]), as_integer(fields["entityId"])
    entry_id = _write(
        world, _NOTE, kind, item_id, call.by.user_id, str(fields["title"]), str(fields["text"]), str(fields["iconCode"])
    )
    row = world.store.one("SELECT * FROM crm_timeline WHERE id = ?", entry_id)
    assert row is not None
    return Result({"logMessage": _note_json(row)}, object_id=f"{kind.name}:{item_id}")


def note_list(world: World, call: Call) -> Result:
    """The notes of an item, newest first, ten at a time."""
    owner = _kind_of_id(call.needed("entityTypeId")), call.number("entityId")
    return _listed(world, call, _NOTE, owner, newest_first=True)


def entries(world: World, kind: Kind, item_id: int, limit: int) -> list[sqlite3.Row]:
    """Everything beside an item, newest first."""
    return world.store.all(
        "SELECT * FROM crm_timeline WHERE entity_type_id = ? AND item_id = ? ORDER BY id DESC LIMIT ?",
        [kind.entity_type_id, item_id, limit],
    )


def _write(
    world: World, form: str, kind: Kind, item_id: int, author_id: int, title: str, text: str, icon: str
) -> int:  # fmt: skip
    if items.find(world.store, kind, item_id) is None:
        raise CrmError(400, "OWNER_NOT_FOUND", "Владелец элемента не найден")
    now = written(world.now())
    items.touch(world.store, kind, item_id, {"lastActivityBy": author_id, "lastActivityTime": now})
    cursor = world.store.run(_KEEP, form, kind.entity_type_id, item_id, now, author_id, title, text, icon)
    return as_integer(cursor.lastrowid)


def _listed(world: World, call: Call, form: str, owner: tuple[Kind, int], *, newest_first: bool) -> Result:
    kind, item_id = owner
    asked = [form, kind.entity_type_id, item_id]
    which = "FROM crm_timeline WHERE form = ? AND entity_type_id = ? AND item_id = ?"
    view = _note_json if form == _NOTE else _comment_json

    def rows(limit: int, offset: int) -> list[sqlite3.Row]:
        direction = "DESC" if newest_first else "ASC"
        return world.store.all(f"SELECT * {which} ORDER BY id {direction} LIMIT ? OFFSET ?", [*asked, limit, offset])

    return paged(
        call.optional("start"),
        rows,
        lambda: world.store.number(f"SELECT count(*) {which}", *asked),
        lambda page: [view(row) for row in page],
        _NOTES_A_PAGE if form == _NOTE else 50,
    )


def _comment_json(row: sqlite3.Row) -> dict[str, Any]:
    kind = KINDS[row["entity_type_id"]]
    return {
        "ID": str(row["id"]),
        "ENTITY_ID": str(row["item_id"]),
        "ENTITY_TYPE": f"dynamic_{kind.entity_type_id}" if kind.is_dynamic else kind.name,
        "CREATED": row["created"],
        "COMMENT": row["text"],
        "AUTHOR_ID": str(row["author_id"]),
        "FILES": [],
    }


def _note_json(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "created": row["created"],
        "authorId": row["author_id"],
        "title": row["title"],
        "text": row["text"],
        "iconCode": row["icon"],
    }


def _author(call: Call, fields: dict[str, Any]) -> int:
    return as_integer(fields.get("AUTHOR_ID")) or call.by.user_id


def _kind(name: Any) -> Kind:
    text = str(name or "").upper()
    if match := _DYNAMIC.fullmatch(text):
        return _kind_of_id(match[1])
    if text in _NAMES:
        return KINDS[_NAMES[text]]
    kind = BY_NAME.get(text.lower())
    if kind is None or kind.is_dynamic:
        raise bad_argument(f"ENTITY_TYPE '{name}' is not supported")
    return kind


def _kind_of_id(entity_type_id: Any) -> Kind:
    kind = KINDS.get(as_integer(entity_type_id))
    if kind is None:
        raise CrmError(400, "OWNER_NOT_FOUND", "Владелец элемента не найден")
    return kind


METHODS: dict[str, Handler] = {
    "crm.timeline.comment.add": comment_add,
    "crm.timeline.comment.list": comment_list,
    "crm.timeline.logmessage.add": note_add,
    "crm.timeline.logmessage.list": note_list,
}
