"""Items as rows: a record in JSON, and beside it what is looked up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sandbox.bitrix24.kinds import Kind
from sandbox.database import Store

Record = dict[str, Any]

# What is copied out of a record into columns of its own, so that it is found quickly.
_COLUMNS = {
    "category_id": "categoryId",
    "stage_id": "stageId",
    "contact_id": "contactId",
    "company_id": "companyId",
    "deal_id": "parentId2",
    "invoice_id": "parentId31",
    "updated_time": "updatedTime",
}
INDEXED = {**{name: column for column, name in _COLUMNS.items()}, "originId": "external_id", "xmlId": "external_id"}
_NAMES = ("entity_type_id", "id", "external_id", *_COLUMNS, "record")
_MARKS = ", ".join("?" * len(_NAMES))
_SAVE = f"INSERT OR REPLACE INTO crm_items ({', '.join(_NAMES)}) VALUES ({_MARKS})"  # noqa: S608 - our own columns
_NEXT_ID = (
    "INSERT INTO crm_last_ids (entity_type_id, id) VALUES (?, 1)"
    " ON CONFLICT (entity_type_id) DO UPDATE SET id = id + 1 RETURNING id"
)


def next_id(store: Store, kind: Kind) -> int:
    """An id that no item of this kind had."""
    return store.number(_NEXT_ID, kind.entity_type_id)


def find(store: Store, kind: Kind, item_id: int) -> Record | None:
    """The record of an item."""
    row = store.one("SELECT record FROM crm_items WHERE entity_type_id = ? AND id = ?", kind.entity_type_id, item_id)
    return json.loads(row["record"]) if row else None


def save(store: Store, kind: Kind, record: Record) -> None:
    """Keep a record, a new or a changed one; what is empty is left out."""
    kept = {name: value for name, value in record.items() if value is not None and value != []}
    columns = (kept.get(name) for name in _COLUMNS.values())
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    store.run(_SAVE, kind.entity_type_id, kept["id"], kept.get(kind.external), *columns, text)


def remove(store: Store, kind: Kind, item_id: int) -> None:
    """Delete an item."""
    store.run("DELETE FROM crm_items WHERE entity_type_id = ? AND id = ?", kind.entity_type_id, item_id)


def where(store: Store, kind: Kind, condition: str, values: Sequence[object]) -> list[Record]:
    """Records by an SQL condition, which may end with ORDER BY and LIMIT."""
    rows = store.all(
        f"SELECT record FROM crm_items WHERE entity_type_id = ? AND {condition}",  # noqa: S608 - built from known names
        [kind.entity_type_id, *values],
    )
    return [json.loads(row["record"]) for row in rows]


def count(store: Store, kind: Kind, condition: str = "1", values: Sequence[object] = ()) -> int:
    """How many items there are."""
    return store.number(
        f"SELECT count(*) FROM crm_items WHERE entity_type_id = ? AND {condition}",  # noqa: S608 - likewise
        kind.entity_type_id, *values,
    )  # fmt: skip


def touch(store: Store, kind: Kind, item_id: int, activity: Record) -> None:
    """Note who was active last beside an item; that is no change of the item itself."""
    store.run(
        "UPDATE crm_items SET record = json_patch(record, ?) WHERE entity_type_id = ? AND id = ?",
        json.dumps(activity), kind.entity_type_id, item_id,
    )  # fmt: skip
