"""A payment's life: created, paid or declined, held, captured, canceled."""

from __future__ import annotations

from sandbox.moments import DAY, HOUR, MINUTE
from sandbox.world import World
from sandbox.yookassa.ids import digits
from sandbox.yookassa.reasons import cancellation
from sandbox.yookassa.records import Payment
from sandbox.yookassa.shops import Shop
from sandbox.yookassa.views import payment_json
from sandbox.yookassa.webhooks import announce

CONFIRMATION_LIFE = HOUR
_HOLD_LIFE = 7 * DAY
_TILL_ANSWERS_AFTER = 10 * MINUTE


def accept(world: World, shop: Shop, payment: Payment, at: int) -> None:
    """The payer's side agreed: hold or take the money, at once or when the till has answered."""
    if shop.receipt_first:
        wait_for(world, payment, None if not shop.receipt_fails else "general_decline", at)
    else:
        take(world, shop, payment, at)


def wait_for(world: World, payment: Payment, reason: str | None, at: int) -> None:
    """Leave it pending; later it succeeds, or is canceled for this reason."""
    payment.details |= {"decision": reason, "receipt_registration": "pending"}
    payment.due_at = at + _TILL_ANSWERS_AFTER
    payment.save(world.store)


def take(world: World, shop: Shop, payment: Payment, at: int) -> None:
    """Hold the money (two stages) or take it (one stage)."""
    if payment.capture:
        succeed(world, shop, payment, payment.kopecks, at)
    else:
        payment.status, payment.expires_at, payment.due_at = "waiting_for_capture", at + _HOLD_LIFE, at + _HOLD_LIFE
        payment.save(world.store)
        _tell(world, shop, payment)


def succeed(world: World, shop: Shop, payment: Payment, kopecks: int, at: int) -> None:
    """The money is the shop's; of a hold the rest is released."""
    payment.status, payment.captured_kopecks, payment.captured_at = "succeeded", kopecks, at
    payment.due_at = payment.expires_at = None
    if "receipt_registration" in payment.details:
        payment.details["receipt_registration"] = "succeeded"
    payment.save(world.store)
    _tell(world, shop, payment)


def cancel(world: World, shop: Shop, payment: Payment, reason: str, party: str | None = None) -> None:
    """It will not be paid. Authorization details stay; confirmation and expiry go."""
    payment.status = "canceled"
    payment.details["cancellation_details"] = cancellation(reason, party)
    payment.due_at = payment.expires_at = None
    if "receipt_registration" in payment.details:
        payment.details["receipt_registration"] = "canceled"
    payment.save(world.store)
    _tell(world, shop, payment)


def come_due(world: World, shop: Shop, payment: Payment, at: int) -> None:
    """What a payment does by itself when its time has come."""
    if payment.status == "waiting_for_capture":
        cancel(world, shop, payment, "expired_on_capture")
    elif "decision" not in payment.details:
        cancel(world, shop, payment, "expired_on_confirmation")
    elif payment.details["decision"] is None:
        take(world, shop, payment, at)
    else:
        cancel(world, shop, payment, payment.details["decision"])


def authorized(three_ds: bool) -> dict[str, object]:  # noqa: FBT001 - the field's own meaning
    """What the bank says of an authorized card payment."""
    return {"rrn": digits(12), "auth_code": digits(6), "three_d_secure": {"applied": three_ds}}


def _tell(world: World, shop: Shop, payment: Payment) -> None:
    announce(world, shop, f"payment.{payment.status}", payment, lambda: payment_json(world.store, shop, payment))
