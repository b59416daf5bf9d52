"""The hosted payment page: the card form, the bank's 3-D Secure step, the way back to the shop."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox import journal
from sandbox.moments import real_now
from sandbox.pages import leave_to, page
from sandbox.requests import MissingError, read_form
from sandbox.world import World
from sandbox.yookassa import shops
from sandbox.yookassa.cards import CardForm, form_again, listed
from sandbox.yookassa.cards import read_form as read_card
from sandbox.yookassa.paying import decline, pay_with_card
from sandbox.yookassa.reasons import WORDS
from sandbox.yookassa.records import Payment
from sandbox.yookassa.settling import settle_due
from sandbox.yookassa.shops import Shop


async def show(request: Request) -> Response:
    """The form, or what became of the payment."""
    _, payment, shop = _open(request)
    return _form(payment, shop) if payment.awaits_payer else _closed(payment, shop)


async def pay(request: Request) -> Response:
    """The payer's card; a card that wants 3-D Secure goes to the bank's page first."""
    world, payment, shop = _open(request)
    if not payment.awaits_payer:
        return _back(payment, shop)
    fields = await read_form(request)
    card = read_card(fields, world.now())
    save = bool(fields.get("save"))
    if card.errors:
        return _again(world, payment, card, save=save)
    if card.card.three_ds:
        payment.details.pop("failed_try", None)
        payment.details["three_ds"] = {"number": card.number, "expiry": card.expiry, "csc": "000", "save": save}
        payment.save(world.store)
        return RedirectResponse(f"/yookassa/pay/{payment.id}/3ds", 303)
    return _try(world, payment, shop, card, save=save, confirmed=False)


async def show_bank(request: Request) -> Response:
    """The bank asks whether it is really you."""
    _, payment, shop = _open(request)
    if not payment.awaits_payer or "three_ds" not in payment.details:
        return RedirectResponse(f"/yookassa/pay/{payment.id}", 303)
    last4 = payment.details["three_ds"]["number"][-4:]
    return page("three_ds.html", leads_to=_return_url(payment), payment=payment, shop=shop, last4=last4)


async def answer_bank(request: Request) -> Response:
    """The payer confirms or refuses."""
    world, payment, shop = _open(request)
    if not payment.awaits_payer or "three_ds" not in payment.details:
        return _back(payment, shop)
    confirmed = (await read_form(request)).get("answer") == "confirm"
    asked = payment.details.pop("three_ds")
    card = read_card(asked, world.now())
    if confirmed:
        return _try(world, payment, shop, card, save=asked["save"], confirmed=True)
    with world.store.transaction():
        payment.save(world.store)
        words = decline(world, shop, payment, card, "3d_secure_failed")
        _note(world, payment, card)
    return _declined(world, payment, shop, card, words, save=asked["save"])


def _try(world: World, payment: Payment, shop: Shop, card: CardForm, *, save: bool, confirmed: bool) -> Response:
    with world.store.transaction():
        payment.details.pop("failed_try", None)
        words = pay_with_card(world, shop, payment, card, save=save, confirmed=confirmed)
        payment.save(world.store)
        _note(world, payment, card)
    return _back(payment, shop) if words is None else _declined(world, payment, shop, card, words, save=save)


def _declined(world: World, payment: Payment, shop: Shop, card: CardForm, words: str, *, save: bool) -> Response:
    if payment.awaits_payer:
        return _again(world, payment, card, save=save, declined=words)
    return _back(payment, shop)


def _again(world: World, payment: Payment, card: CardForm, *, save: bool, declined: str = "") -> Response:
    """Back to the form, which tells what went wrong however often it is opened, and posts nothing by itself."""
    payment.details["failed_try"] = card.kept() | {"save": save, "declined": declined}
    payment.save(world.store)
    return RedirectResponse(f"/yookassa/pay/{payment.id}", 303)


def _open(request: Request) -> tuple[World, Payment, Shop]:
    world: World = request.app.state.world
    with world.store.transaction():
        settle_due(world)
    payment = Payment.find(world.store, request.path_params["payment_id"])
    shop = shops.find(world.store, payment.shop_id) if payment else None
    if payment is None or shop is None or "confirmation" not in payment.details:
        raise MissingError
    return world, payment, shop


def _form(payment: Payment, shop: Shop) -> Response:
    failed = payment.details.get("failed_try")
    context: dict[str, Any] = {
        "payment": payment,
        "shop": shop,
        "card": form_again(failed),
        "save": bool(failed and failed["save"]),
        "declined": failed["declined"] if failed else "",
        "cards": listed(),
        "return_url": _return_url(payment),
    }
    return page("pay.html", leads_to=_return_url(payment), **context)


def _closed(payment: Payment, shop: Shop) -> Response:
    reason = payment.details.get("cancellation_details", {}).get("reason", "")
    return page(
        "closed.html", payment=payment, shop=shop, words=WORDS.get(reason, reason), return_url=_return_url(payment)
    )


def _back(payment: Payment, shop: Shop) -> Response:
    """To the shop, by the address it gave, not a character changed; without one, to the result."""
    return_url = _return_url(payment)
    return leave_to(return_url) if return_url else _closed(payment, shop)


def _return_url(payment: Payment) -> str | None:
    url = payment.details["confirmation"].get("return_url")
    return str(url) if url else None


def _note(world: World, payment: Payment, card: CardForm) -> None:
    reason = payment.details.get("cancellation_details", {}).get("reason")
    journal.write(
        world.store,
        journal.Entry(
            world.now(), real_now(), "page", "POST", f"/yookassa/pay/{payment.id}", object_id=payment.id,
            request=f"карта •••• {card.number[-4:]}", status=200, outcome=reason or payment.status,
        ),
    )  # fmt: skip


ROUTES = [
    Route("/yookassa/pay/{payment_id}", show, methods=["GET"]),
    Route("/yookassa/pay/{payment_id}", pay, methods=["POST"]),
    Route("/yookassa/pay/{payment_id}/3ds", show_bank, methods=["GET"]),
    Route("/yookassa/pay/{payment_id}/3ds", answer_bank, methods=["POST"]),
]
