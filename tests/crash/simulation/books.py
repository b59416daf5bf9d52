"""Our rows beside the till: what must agree at any moment, and what must agree when all has come to rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from kernel.settings import get_settings
from payments.charging.models import LIVE
from payments.doctor.agreements import AGREEMENTS
from payments.doctor.books import BOOKS
from payments.doctor.charges import CHARGES
from payments.doctor.consents import CONSENTS
from tests.crash.simulation.lines import LINES, Line, forgotten
from tests.crash.simulation.till import Till

# Whether an outcome is known in time depends on work being done in time, and here time may run without any.
_AT_REST_ONLY = "outcome_is_known"
CHECKS = tuple(check for check in (*CHARGES, *CONSENTS, *BOOKS, *AGREEMENTS) if check.name != _AT_REST_ONLY)
_ASK = " UNION ALL ".join(
    f"SELECT '{check.name}' AS name, f.object, f.id::text AS id, f.figures::text AS detail FROM ({check.breaches}) f"
    for check in CHECKS
)
_ROWS = """
SELECT p.id::text, p.invoice_id::text, p.initiator, p.status, p.kopecks, p.gateway_id, p.oddity, p.sends, l.posted, l.times
FROM payments p
LEFT JOIN LATERAL (
    SELECT sum(e.kopecks) AS posted, count(DISTINCT t.id) AS times
    FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'gateway'
    WHERE t.kind = 'payment' AND t.source_id = p.id
) l ON true
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A payment of ours with what the ledger holds of it."""

    id: str
    invoice_id: str
    initiator: str
    status: str
    kopecks: int
    gateway_id: str | None
    oddity: str | None
    sends: int
    posted: int | None
    times: int


class Books:
    """One connection of its own that only asks; what it asks is planned once."""

    def __init__(self) -> None:
        url = get_settings().database_url.replace("postgresql+psycopg://", "postgresql://")
        self._connection = psycopg.connect(url, autocommit=True, options="-c timezone=UTC -c jit=off")
        self._connection.execute("SET plan_cache_mode = force_generic_plan")

    def close(self) -> None:
        self._connection.close()

    def rows(self) -> list[Row]:
        """Every payment of ours."""
        return [Row(*row) for row in self._connection.execute(_ROWS, prepare=True).fetchall()]

    def lines(self) -> list[Line]:
        """Every line that an autopay is to charge."""
        return [Line(*row) for row in self._connection.execute(LINES, prepare=True).fetchall()]

    def wrong_now(self, till: Till) -> list[str]:
        """What must not be at any moment."""
        asked = self._connection.execute(_ASK, prepare=True).fetchall()
        return [
            *(f"doctor {name}: {kind} {key} {detail}" for name, kind, key, detail in asked),
            *_wrong_at_the_till(till),
            *(wrong for row in self.rows() for wrong in _wrong_row(row, till)),
        ]

    def wrong_at_rest(self, till: Till) -> list[str]:
        """What must not be when all has come to its end: beside the above, anything undecided, unbooked, lost or forgotten."""
        rows = {row.id: row for row in self.rows()}
        return [
            *self.wrong_now(till),
            *(f"payment {row.id} is still {row.status}" for row in rows.values() if row.status in LIVE),
            *(wrong for item in till.payments.values() for wrong in _not_told(item, rows)),
            *forgotten(self.lines()),
        ]


def _wrong_at_the_till(till: Till) -> Iterator[str]:
    for key, bodies in till.bodies.items():
        if len(bodies) > 1:
            yield f"key {key} came with {len(bodies)} different bodies"
    for payment_id, keys in till.keys.items():
        if len(keys) > 1:
            yield f"payment {payment_id} was sent under {len(keys)} keys"
    paid = Counter(item["metadata"]["invoice_id"] for item in till.payments.values() if item["status"] == "succeeded")
    for invoice_id, times in paid.items():
        if times > 1:
            yield f"invoice {invoice_id} was taken {times} times"


def _wrong_row(row: Row, till: Till) -> Iterator[str]:
    item = till.payments.get(row.gateway_id) if row.gateway_id else None
    theirs = item["status"] if item else "unknown to it"
    if row.status in ("succeeded", "canceled") and theirs != row.status:
        yield f"payment {row.id} is {row.status}, at the till {theirs}"
    if row.status == "pending" and item is None:
        yield f"payment {row.id} is pending, at the till unknown"
    if row.status == "rejected" and (meant := _may_still_pay(row.id, till)):
        yield f"payment {row.id} is rejected, at the till {meant}"
    if item and row.status == "succeeded" and row.kopecks != _kopecks(item):
        yield f"payment {row.id} brought {row.kopecks}, at the till {_kopecks(item)}"
    if row.times != (1 if row.status == "succeeded" else 0):
        yield f"payment {row.id} is {row.status} and posted {row.times} times"
    if row.oddity:
        yield f"payment {row.id} is marked {row.oddity}, and the till did nothing odd"


def _may_still_pay(payment_id: str, till: Till) -> str | None:
    for item in till.payments.values():
        if item["metadata"]["payment_id"] == payment_id and item["status"] != "canceled":
            return str(item["status"])
    under_way = any(payment_id.encode() in body for _, body in till.on_the_way)
    return "about to arrive" if under_way else None


def _not_told(item: dict[str, Any], rows: dict[str, Row]) -> Iterator[str]:
    row = rows.get(item["metadata"]["payment_id"])
    if row is None or (row.gateway_id, row.status) != (item["id"], item["status"]):
        yield f"the till holds {item['id']} as {item['status']}, we as {row and (row.gateway_id, row.status)}"


def _kopecks(item: dict[str, Any]) -> int:
    return int(str(item["amount"]["value"]).replace(".", ""))
