"""POST /payments: checks, then a form to pay on or a charge of a saved method."""

from __future__ import annotations

from typing import Any

from sandbox.world import World
from sandbox.yookassa import charging, fields
from sandbox.yookassa.calls import Call
from sandbox.yookassa.errors import forbidden, invalid
from sandbox.yookassa.ids import PAYMENT, new_id
from sandbox.yookassa.money import CARD_LIMIT_KOPECKS, read_amount
from sandbox.yookassa.payments import CONFIRMATION_LIFE, cancel
from sandbox.yookassa.records import Json, Payment
from sandbox.yookassa.shops import Shop

_SOURCES = ("payment_token", "payment_method_id", "payment_method_data")
_CONFIRMATIONS = ("redirect", "embedded", "mobile_application")
_DESCRIPTION, _CUSTOMER = 128, 200


def create_payment(world: World, call: Call) -> Payment:
    """Make the payment that the body asks for.

    Raises:
        ApiError: 400 or 403; nothing was made.
    """
    body, shop, now = call.body, call.shop, world.now()
    payment = _checked(body, shop, now)
    payment.idempotence_key = call.key
    if "payment_method_id" in body:
        charging.check(world.store, shop, body)
        charging.charge(world, shop, payment, body["payment_method_id"], call.forced_reason)
        return payment
    payment.details["confirmation"] = _confirmation(
        fields.confirmation(body, _CONFIRMATIONS), payment.id, call.base_url
    )
    payment.due_at = now + CONFIRMATION_LIFE
    payment.save(world.store)
    if call.forced_reason:
        cancel(world, shop, payment, call.forced_reason)
    return payment


def _checked(body: dict[str, Any], shop: Shop, now: int) -> Payment:
    kopecks, currency = read_amount(body.get("amount"), most=CARD_LIMIT_KOPECKS)
    details: Json = {
        "description": fields.text(body, "description", _DESCRIPTION),
        "metadata": fields.metadata(body),
        "merchant_customer_id": fields.text(body, "merchant_customer_id", _CUSTOMER),
    }
    if body.get("receipt") is not None:
        details["receipt_registration"] = "pending"
    _check_source(body)
    return Payment(
        id=new_id(PAYMENT, now),
        shop_id=shop.account_id,
        status="pending",
        created_at=now,
        idempotence_key="",
        kopecks=kopecks,
        currency=currency,
        capture=bool(fields.flag(body, "capture")),
        saving=_saving(body, shop),
        details=details,
    )


def _check_source(body: dict[str, Any]) -> None:
    given = [name for name in _SOURCES if body.get(name) is not None]
    if len(given) > 1:
        raise invalid(f"Request should contain only one of: {', '.join(reversed(_SOURCES))}", given[-1])
    if given == ["payment_token"]:
        raise invalid("Payment token is not found", "payment_token")
    if given == ["payment_method_data"]:
        _check_method_data(body["payment_method_data"])


def _check_method_data(data: Any) -> None:
    if not isinstance(data, dict) or not data.get("type"):
        raise invalid("Payment method type is missing", "payment_method_data.type")
    if data["type"] != "bank_card":
        raise invalid("Payment method is not available", "payment_method_data.type")
    if "card" in data:
        raise forbidden("Forbidden to use raw card data")


def _saving(body: dict[str, Any], shop: Shop) -> str:
    """The tri-state: true, false, or absent, when the form itself asks the payer."""
    asked = fields.flag(body, "save_payment_method")
    if asked and not shop.autopayments:
        raise forbidden("Forbidden to save payment method")
    if asked is None:
        return "ask" if shop.autopayments else "never"
    return "always" if asked else "never"


def _confirmation(asked: Json, payment_id: str, base_url: str) -> Json:
    page = f"{base_url}/yookassa/pay/{payment_id}"
    if asked["type"] == "embedded":
        return {"type": "embedded", "confirmation_token": f"ct-{payment_id}"}
    confirmation = {"type": asked["type"], "confirmation_url": page, "return_url": asked["return_url"]}
    return confirmation | ({} if asked["enforce"] is None else {"enforce": asked["enforce"]})
