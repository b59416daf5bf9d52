"""What changes by itself when its time comes: unpaid links, holds, bindings, slow tills and banks."""

from __future__ import annotations

from sandbox.world import World
from sandbox.yookassa import bindings, payments, refunds, shops
from sandbox.yookassa.records import Method, Payment, Refund
from sandbox.yookassa.shops import Shop

_TABLES = ("payments", "methods", "refunds")
_ANYTHING_DUE = (
    "SELECT EXISTS (SELECT 1 FROM payments WHERE due_at <= ?1) OR EXISTS (SELECT 1 FROM methods WHERE due_at <= ?1)"
    " OR EXISTS (SELECT 1 FROM refunds WHERE due_at <= ?1)"
)
_AT_ONCE = "due_at <= ? ORDER BY due_at LIMIT 500"


def settle_due(world: World) -> bool:
    """Carry out everything whose time has come; whether there was anything."""
    found = False
    while world.store.number(_ANYTHING_DUE, world.now()):
        _settle_some(world)
        found = True
    return found


def next_due(world: World) -> int | None:
    """The nearest instant at which something changes by itself."""
    instants = [world.store.one(f"SELECT min(due_at) AS due FROM {table}") for table in _TABLES]  # noqa: S608 - constants
    return min((row["due"] for row in instants if row and row["due"] is not None), default=None)


def _settle_some(world: World) -> None:
    now = world.now()
    for payment in Payment.where(world.store, _AT_ONCE, [now]):
        payments.come_due(world, _shop(world, payment.shop_id), payment, payment.due_at or now)
    for method in Method.where(world.store, _AT_ONCE, [now]):
        bindings.deactivate(world, method)
    for refund in Refund.where(world.store, _AT_ONCE, [now]):
        refunds.come_due(world, _shop(world, refund.shop_id), refund)


def _shop(world: World, account_id: str) -> Shop:
    shop = shops.find(world.store, account_id)
    if shop is None:
        raise LookupError(f"shop {account_id} of a stored object is gone")
    return shop
