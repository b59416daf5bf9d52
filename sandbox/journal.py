"""What happened: every call that came in, every notification and letter that went through."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from sandbox.database import Store
from sandbox.moments import iso


@dataclass
class Entry:
    """One call. `at` is virtual, `real_at` real; both are the moment of arrival."""

    at: int
    real_at: int
    system: str
    method: str
    path: str
    key: str | None = None
    payment_method_id: str | None = None
    request: str | None = None
    status: int | None = None
    fault: str | None = None
    object_id: str | None = None
    outcome: str | None = None


def write(store: Store, entry: Entry) -> None:
    """Add an entry; `n` grows by one with each."""
    store.run(
        "INSERT INTO journal (at, real_at, system, method, path, key, payment_method_id, request, status, fault,"
        " object_id, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        entry.at, entry.real_at, entry.system, entry.method, entry.path, entry.key, entry.payment_method_id,
        entry.request, entry.status, entry.fault, entry.object_id, entry.outcome,
    )  # fmt: skip


_FILTERS = ("system", "key", "payment_method_id", "object_id")


def read(store: Store, filters: dict[str, str], since: int = 0, limit: int = 200) -> list[dict[str, Any]]:
    """Entries with `n` greater than `since`, oldest first."""
    names = [name for name in _FILTERS if name in filters]
    where = "".join(f" AND {name} = ?" for name in names)
    rows = store.all(
        f"SELECT * FROM journal WHERE n > ?{where} ORDER BY n LIMIT ?",  # noqa: S608 - names from a constant
        [since, *(filters[name] for name in names), limit],
    )
    return [_as_json(row) for row in rows]


def latest(store: Store, systems: tuple[str, ...], limit: int) -> list[sqlite3.Row]:
    """The newest entries of these systems, newest first."""
    marks = ", ".join("?" * len(systems))
    return store.all(
        f"SELECT * FROM journal WHERE system IN ({marks}) ORDER BY n DESC LIMIT ?",  # noqa: S608 - question marks
        [*systems, limit],
    )


def _as_json(row: sqlite3.Row) -> dict[str, Any]:
    entry = dict(row)
    entry["at"], entry["real_at"] = iso(row["at"]), iso(row["real_at"])
    entry["body"] = row["request"]
    entry["request"] = parsed(row["request"])
    return entry


def text_of(params: dict[str, Any]) -> str:
    """Parameters as the journal keeps them."""
    return json.dumps(params, ensure_ascii=False, separators=(",", ":"))


def parsed(text: str | None) -> Any:
    """The JSON of a body; the text itself if it is none."""
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
