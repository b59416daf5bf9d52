"""/payment_methods: a method bound without a payment."""

from __future__ import annotations

from sandbox.moments import HOUR
from sandbox.world import World
from sandbox.yookassa import fields
from sandbox.yookassa.calls import Call
from sandbox.yookassa.cards import CardForm
from sandbox.yookassa.errors import forbidden, invalid, not_found
from sandbox.yookassa.ids import PAYMENT, digits, new_id
from sandbox.yookassa.records import Json, Method
from sandbox.yookassa.shops import Shop
from sandbox.yookassa.views import binding_json
from sandbox.yookassa.webhooks import announce

_LINK_LIFE = HOUR


def create_binding(world: World, call: Call) -> Method:
    """Make a link on which the payer binds a card or an SBP account.

    Raises:
        ApiError: 400 or 403.
    """
    body, shop, now = call.body, call.shop, world.now()
    kind = body.get("type")
    if kind not in {"bank_card", "sbp"}:
        raise invalid("Payment method type is missing or illegal", "type")
    if not shop.autopayments:
        raise forbidden("Forbidden to save payment method")
    if "card" in body:
        raise forbidden("Forbidden to use raw card data")
    asked = fields.confirmation(body, ("redirect", "qr") if kind == "sbp" else ("redirect",))
    method = Method(
        id=new_id(PAYMENT, now),
        shop_id=shop.account_id,
        status="pending",
        created_at=now,
        idempotence_key=call.key,
        due_at=now + _LINK_LIFE,
        type=kind,
        binding=True,
        details={"metadata": fields.metadata(body)},
    )
    method.details["confirmation"] = _confirmation(asked, f"{call.base_url}/yookassa/bind/{method.id}")
    method.save(world.store)
    return method


def find_binding(world: World, call: Call, method_id: str) -> Method:
    """The calling shop's binding.

    Raises:
        ApiError: 404.
    """
    method = Method.find(world.store, method_id)
    if method is None or method.shop_id != call.shop.account_id:
        raise not_found("Payment method doesn't exist or access denied", "payment_method_id")
    return method


def describe_card(form: CardForm) -> Json:
    """What a method shows of a card."""
    return {"title": f"Bank card *{form.number[-4:]}", "card": form.card.described(form.month, form.year)}


def describe_account() -> Json:
    """What a method shows of an SBP account."""
    return {"title": "SBP", "payer_bank_details": {"bank_id": digits(12), "bic": f"04{digits(7)}"}}


def activate(world: World, shop: Shop, method: Method, shown: Json) -> None:
    """Bound: it may be charged from now on."""
    method.status, method.saved, method.due_at = "active", True, None
    method.details |= shown
    method.save(world.store)
    announce(world, shop, "payment_method.active", method, lambda: binding_json(shop, method))


def deactivate(world: World, method: Method) -> None:
    """Not bound; the gateway names no reason and sends nothing."""
    method.status, method.saved, method.due_at = "inactive", False, None
    method.save(world.store)


def _confirmation(asked: Json, page: str) -> Json:
    if asked["type"] == "qr":
        return {"type": "qr", "confirmation_data": page}
    confirmation = {"type": "redirect", "confirmation_url": page, "return_url": asked["return_url"]}
    return confirmation | ({} if asked["enforce"] is None else {"enforce": asked["enforce"]})
