"""Keys: within 24 hours the same key with the same data is the same operation."""

from __future__ import annotations

from sandbox.database import Store
from sandbox.moments import DAY
from sandbox.yookassa.calls import Call
from sandbox.yookassa.errors import invalid


def earlier(store: Store, call: Call, now: int) -> str | None:
    """The id of the object that this key already made, if any.

    Raises:
        ApiError: 400, the key came with other data.
    """
    row = store.one(
        "SELECT fingerprint, object_id, made_at FROM operations WHERE shop_id = ? AND key = ?",
        call.shop.account_id,
        call.key,
    )
    if row is None or now - row["made_at"] >= DAY:
        return None
    if row["fingerprint"] != call.fingerprint():
        raise invalid("Idempotence key duplicated", "Idempotence-Key")
    return str(row["object_id"])


def remember(store: Store, call: Call, object_id: str, now: int) -> None:
    """From now on, for 24 hours, this key means this object."""
    store.run(
        "INSERT OR REPLACE INTO operations (shop_id, key, fingerprint, object_id, made_at) VALUES (?, ?, ?, ?, ?)",
        call.shop.account_id,
        call.key,
        call.fingerprint(),
        object_id,
        now,
    )
