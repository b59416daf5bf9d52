"""The gateway's objects as rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, ClassVar, Self

from sandbox.database import Store

Json = dict[str, Any]


@dataclass
class Record:
    """A row with a public id. `details` is a JSON column with what is only echoed or rarely asked."""

    table: ClassVar[str]
    flags: ClassVar[tuple[str, ...]] = ()
    id: str
    shop_id: str
    status: str
    created_at: int
    idempotence_key: str
    due_at: int | None = None
    details: Json = field(default_factory=dict)
    seq: int | None = None

    def save(self, store: Store) -> None:
        """Insert or update."""
        names = tuple(column.name for column in fields(self))
        values = (json.dumps(self.details) if name == "details" else getattr(self, name) for name in names)
        cursor = store.run(_upsert(self.table, names), *values)
        self.seq = self.seq or cursor.lastrowid

    @classmethod
    def find(cls, store: Store, record_id: str) -> Self | None:
        """The row of that id, whichever shop's."""
        found = cls.where(store, "id = ?", [record_id])
        return found[0] if found else None

    @classmethod
    def where(cls, store: Store, condition: str, values: Sequence[object]) -> list[Self]:
        """Rows by an SQL condition, which may end with ORDER BY and LIMIT."""
        rows = store.all(f"SELECT * FROM {cls.table} WHERE {condition}", values)  # noqa: S608 - conditions are constants
        return [cls._of(dict(row)) for row in rows]

    @classmethod
    def _of(cls, row: Json) -> Self:
        row["details"] = json.loads(row["details"])
        for name in cls.flags:
            row[name] = bool(row[name])
        return cls(**row)


@cache
def _upsert(table: str, names: tuple[str, ...]) -> str:
    updates = ", ".join(f"{name} = excluded.{name}" for name in names if name not in {"id", "seq"})
    marks = ", ".join("?" * len(names))
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - a class's own names
    return f"{statement} ON CONFLICT (id) DO UPDATE SET {updates}"


@dataclass
class Payment(Record):
    """A payment. `saving`: always, never, or ask (the payer's tick box). `due_at`: when it changes by itself."""

    table: ClassVar[str] = "payments"
    flags: ClassVar[tuple[str, ...]] = ("capture",)
    kopecks: int = 0
    currency: str = "RUB"
    capture: bool = False
    saving: str = "ask"
    captured_kopecks: int | None = None
    refunded_kopecks: int = 0
    captured_at: int | None = None
    expires_at: int | None = None
    method_id: str | None = None

    @property
    def refundable_kopecks(self) -> int:
        """What may still be returned."""
        return (self.captured_kopecks or 0) - self.refunded_kopecks if self.status == "succeeded" else 0

    @property
    def awaits_payer(self) -> bool:
        """Whether the payer may still pay it on the form."""
        return self.status == "pending" and "confirmation" in self.details and "decision" not in self.details


@dataclass
class Method(Record):
    """A payment method: of a payment (same id), or bound by itself (`binding`)."""

    table: ClassVar[str] = "methods"
    flags: ClassVar[tuple[str, ...]] = ("saved", "binding")
    type: str = "bank_card"
    saved: bool = False
    binding: bool = False


@dataclass
class Refund(Record):
    """Money going back."""

    table: ClassVar[str] = "refunds"
    payment_id: str = ""
    kopecks: int = 0
    currency: str = "RUB"
