"""What really happened outside: the sandbox's own file, read after the run."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Call:
    """One call that came in at the gateway, `at` in real seconds since the epoch."""

    n: int
    at: float
    method: str
    path: str
    key: str | None
    token: str | None
    body: str | None
    status: int | None
    fault: str | None
    object_id: str | None


@dataclass(frozen=True, slots=True)
class Charge:
    """A payment as the gateway keeps it, with the ids of ours that its metadata names."""

    gateway_id: str
    status: str
    kopecks: int
    key: str
    payment_id: UUID | None
    invoice_id: UUID | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One copy of a letter that the mail server took in, `at` in real seconds; `unanswered`: it hung up instead of saying so."""

    at: float
    unanswered: bool


class Oracle:
    """The journal and the books of the outside world."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def calls(self) -> list[Call]:
        """Every call to the gateway, in order."""
        rows = self._rows(
            "SELECT n, real_at, method, path, key, payment_method_id, request, status, fault, object_id FROM journal"
            " WHERE system = 'yookassa' ORDER BY n"
        )
        return [Call(row[0], row[1] / 1000, *row[2:]) for row in rows]

    @cached_property
    def posts(self) -> list[Call]:
        """Those that ask for a payment."""
        return [call for call in self.calls if call.method == "POST" and call.path == "/payments"]

    @cached_property
    def charges(self) -> list[Charge]:
        """Every payment that the gateway holds."""
        rows = self._rows(
            "SELECT id, status, coalesce(captured_kopecks, kopecks), idempotence_key, details FROM payments"
        )
        return [_charge(*row) for row in rows]

    @cached_property
    def letters(self) -> dict[str, list[Arrival]]:
        """Every copy that was taken in, in order, by Message-ID."""
        arrivals: dict[str, list[Arrival]] = {}
        for message_id, at, fault in self._rows(
            "SELECT key, real_at, fault FROM journal WHERE system = 'mail' AND key IS NOT NULL ORDER BY n"
        ):
            arrivals.setdefault(message_id, []).append(Arrival(at / 1000, fault == "drop_after_data"))
        return arrivals

    @cached_property
    def crm_items(self) -> Counter[tuple[int, str]]:
        """How often each object of ours stands in the CRM, by its kind there and its external id."""
        rows = self._rows("SELECT entity_type_id, external_id FROM crm_items WHERE external_id IS NOT NULL")
        return Counter((row[0], row[1]) for row in rows)

    @cached_property
    def crm_comments(self) -> list[str]:
        """The texts in the CRM's timelines."""
        return [row[0] for row in self._rows("SELECT text FROM crm_timeline")]

    @cached_property
    def undelivered(self) -> int:
        """Notifications that the gateway still tries to deliver."""
        return int(self._rows("SELECT count(*) FROM deliveries WHERE state = 'waiting'")[0][0])

    def _rows(self, sql: str) -> Sequence[Any]:
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()


def _charge(gateway_id: str, status: str, kopecks: int, key: str, details: str) -> Charge:
    metadata = json.loads(details).get("metadata") or {}
    return Charge(gateway_id, status, kopecks, key, _id(metadata.get("payment_id")), _id(metadata.get("invoice_id")))


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
