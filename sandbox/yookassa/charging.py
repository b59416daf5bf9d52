"""A charge of a saved method: no payer, no form, a final answer at once."""

from __future__ import annotations

from typing import Any

from sandbox.database import Store
from sandbox.world import World
from sandbox.yookassa import outcomes, payments
from sandbox.yookassa.errors import forbidden, invalid
from sandbox.yookassa.records import Method, Payment
from sandbox.yookassa.shops import Shop


def check(store: Store, shop: Shop, body: dict[str, Any]) -> None:
    """Whether this shop may charge this method.

    Raises:
        ApiError: 400 or 403.
    """
    if body.get("confirmation") is not None:
        raise invalid("Confirmation must be null when using payment_method_id", "confirmation")
    if not shop.autopayments:
        raise forbidden("Forbidden to use saved payment method")
    method = Method.find(store, str(body["payment_method_id"]))
    if method is None:
        raise invalid("Payment method is not found", "payment_method_id")
    if method.shop_id != shop.account_id:
        raise forbidden("Forbidden to use saved payment method")
    if not method.saved:
        raise invalid("Payment method is not saved", "payment_method_id")


def charge(world: World, shop: Shop, payment: Payment, method_id: str, forced_reason: str | None) -> None:
    """Carry the charge out: the fault's reason, else the method's next scripted outcome, else success."""
    outcome = forced_reason or outcomes.take_next(world.store, method_id)
    payment.method_id, payment.saving = method_id, "never"
    reason = None if outcome in {outcomes.SUCCEEDED, outcomes.PENDING} else outcome.removeprefix(outcomes.LATER)
    if outcome == outcomes.PENDING or outcome.startswith(outcomes.LATER) or (shop.receipt_first and not forced_reason):
        till = "general_decline" if shop.receipt_fails else None
        payments.wait_for(world, payment, reason or till, payment.created_at)
    elif reason:
        payment.save(world.store)
        payments.cancel(world, shop, payment, reason)
    else:
        payment.details["authorization_details"] = payments.authorized(three_ds=False)
        payments.take(world, shop, payment, payment.created_at)
