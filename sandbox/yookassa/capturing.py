"""The second stage of a held payment: take it, in whole or in part, or let it go."""

from __future__ import annotations

from sandbox.world import World
from sandbox.yookassa import payments
from sandbox.yookassa.calls import Call
from sandbox.yookassa.errors import invalid, not_found
from sandbox.yookassa.money import read_amount
from sandbox.yookassa.records import Payment


def find_own(world: World, call: Call, payment_id: str) -> Payment:
    """The calling shop's payment.

    Raises:
        ApiError: 404, none such in this shop.
    """
    payment = Payment.find(world.store, payment_id)
    if payment is None or payment.shop_id != call.shop.account_id:
        raise not_found("Payment doesn't exist or access denied", "payment_id")
    return payment


def capture(world: World, call: Call, payment_id: str) -> Payment:
    """Take a held payment; `amount` in the body takes a part and releases the rest.

    Raises:
        ApiError: 400 or 404.
    """
    payment = _held(world, call, payment_id, "captured")
    kopecks = payment.kopecks
    if call.body.get("amount") is not None:
        kopecks, currency = read_amount(call.body["amount"])
        if currency != payment.currency:
            raise invalid("Currencies do not match", "amount.currency")
        if kopecks > payment.kopecks:
            raise invalid("Illegal amount for capture", "amount")
    payments.succeed(world, call.shop, payment, kopecks, world.now())
    return payment


def cancel(world: World, call: Call, payment_id: str) -> Payment:
    """Release a held payment.

    Raises:
        ApiError: 400 or 404.
    """
    payment = _held(world, call, payment_id, "canceled")
    payments.cancel(world, call.shop, payment, "canceled_by_merchant")
    return payment


def _held(world: World, call: Call, payment_id: str, verb: str) -> Payment:
    payment = find_own(world, call, payment_id)
    if payment.status != "waiting_for_capture":
        raise invalid(f"Payment can not be {verb} in current status")
    return payment
