"""Refunds: whole or in parts, never more than was paid."""

from __future__ import annotations

from sandbox.moments import MINUTE
from sandbox.world import World
from sandbox.yookassa import fields, outcomes
from sandbox.yookassa.calls import Call
from sandbox.yookassa.capturing import find_own
from sandbox.yookassa.errors import invalid, not_found
from sandbox.yookassa.ids import REFUND, digits, new_id
from sandbox.yookassa.money import read_amount
from sandbox.yookassa.records import Payment, Refund
from sandbox.yookassa.shops import Shop
from sandbox.yookassa.views import refund_json
from sandbox.yookassa.webhooks import announce

_DESCRIPTION = 250
_LEAST_REST = 100
_BANK_ANSWERS_AFTER = 10 * MINUTE


def create_refund(world: World, call: Call) -> Refund:
    """Return money of a succeeded payment.

    Raises:
        ApiError: 400 or 404; nothing was returned.
    """
    refund = _checked(world, call)
    outcome = outcomes.take_next(world.store, refund.payment_id)
    reason = None if outcome in {outcomes.SUCCEEDED, outcomes.PENDING} else outcome.removeprefix(outcomes.LATER)
    refund.details["decision"] = reason
    if outcome == outcomes.PENDING or outcome.startswith(outcomes.LATER):
        refund.due_at = refund.created_at + _BANK_ANSWERS_AFTER
        refund.save(world.store)
    else:
        come_due(world, call.shop, refund)
    return refund


def come_due(world: World, shop: Shop, refund: Refund) -> None:
    """The bank's answer: the money went back, or the refund is canceled, of which no notification tells."""
    refund.due_at = None
    reason = refund.details["decision"]
    if reason is not None:
        refund.status = "canceled"
        refund.details["cancellation_details"] = {"party": "refund_network", "reason": reason}
        refund.save(world.store)
        return
    refund.status = "succeeded"
    refund.details["refund_authorization_details"] = {"rrn": digits(12)}
    refund.save(world.store)
    world.store.run(
        "UPDATE payments SET refunded_kopecks = refunded_kopecks + ? WHERE id = ?", refund.kopecks, refund.payment_id
    )
    announce(world, shop, "refund.succeeded", refund, lambda: refund_json(refund))


def find_refund(world: World, call: Call, refund_id: str) -> Refund:
    """The calling shop's refund.

    Raises:
        ApiError: 404.
    """
    refund = Refund.find(world.store, refund_id)
    if refund is None or refund.shop_id != call.shop.account_id:
        raise not_found("Refund doesn't exist or access denied", "refund_id")
    return refund


def _checked(world: World, call: Call) -> Refund:
    body, now = call.body, world.now()
    payment_id = body.get("payment_id")
    if not isinstance(payment_id, str):
        raise invalid("Payment id is missing or illegal", "payment_id")
    payment = find_own(world, call, payment_id)
    kopecks, currency = read_amount(body.get("amount"), least=1)
    details = {"description": fields.text(body, "description", _DESCRIPTION), "metadata": fields.metadata(body)}
    if payment.status != "succeeded":
        raise invalid("Payment can not be refunded in current status", "payment_id")
    if currency != payment.currency:
        raise invalid("Currencies do not match", "amount.currency")
    _check_rest(world, payment, kopecks)
    return Refund(
        id=new_id(REFUND, now),
        shop_id=payment.shop_id,
        status="pending",
        created_at=now,
        idempotence_key=call.key,
        payment_id=payment.id,
        kopecks=kopecks,
        currency=currency,
        details=details,
    )


def _check_rest(world: World, payment: Payment, kopecks: int) -> None:
    on_the_way = world.store.number(
        "SELECT sum(kopecks) FROM refunds WHERE payment_id = ? AND status = 'pending'", payment.id
    )
    free = payment.refundable_kopecks - on_the_way
    if free <= 0:
        raise invalid("Payment is already completely refunded", "payment_id")
    if kopecks > free:
        raise invalid("Refund sum exceeded", "amount")
    if 0 < free - kopecks < _LEAST_REST:
        raise invalid("Remaining payment amount after refund must be greater than 1.00 RUB", "amount")
