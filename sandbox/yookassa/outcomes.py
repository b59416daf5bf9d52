"""Scripted outcomes: what the next charges of a method, or refunds of a payment, will come to."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.database import Store
from sandbox.yookassa.reasons import CHARGE_REASONS, REFUND_REASONS

SUCCEEDED = "succeeded"
PENDING = "pending"
LATER = "pending_then_"

FOR_CHARGES = (SUCCEEDED, PENDING, *CHARGE_REASONS, *(LATER + reason for reason in CHARGE_REASONS))
FOR_REFUNDS = (SUCCEEDED, PENDING, *REFUND_REASONS, *(LATER + reason for reason in REFUND_REASONS))


def script(store: Store, subject: str, outcomes: Sequence[str]) -> None:
    """Replace what is scripted for a method id or a payment id; afterwards comes success again."""
    store.run("DELETE FROM outcomes WHERE subject = ?", subject)
    for outcome in outcomes:
        store.run("INSERT INTO outcomes (subject, outcome) VALUES (?, ?)", subject, outcome)


def take_next(store: Store, subject: str) -> str:
    """Use up the next outcome; success when nothing is scripted."""
    row = store.one("SELECT n, outcome FROM outcomes WHERE subject = ? ORDER BY n LIMIT 1", subject)
    if row is None:
        return SUCCEEDED
    store.run("DELETE FROM outcomes WHERE n = ?", row["n"])
    return str(row["outcome"])


def waiting(store: Store) -> dict[str, list[str]]:
    """What is scripted and not used up, by subject."""
    script_by_subject: dict[str, list[str]] = {}
    for row in store.all("SELECT subject, outcome FROM outcomes ORDER BY n"):
        script_by_subject.setdefault(row["subject"], []).append(row["outcome"])
    return script_by_subject
