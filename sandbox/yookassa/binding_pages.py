"""The hosted page on which a payer binds a card or an SBP account without paying."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.pages import leave_to, page
from sandbox.requests import MissingError, read_form
from sandbox.world import World
from sandbox.yookassa import shops
from sandbox.yookassa.bindings import activate, deactivate, describe_account, describe_card
from sandbox.yookassa.cards import CardForm, form_again, listed
from sandbox.yookassa.cards import read_form as read_card
from sandbox.yookassa.reasons import WORDS
from sandbox.yookassa.records import Method
from sandbox.yookassa.settling import settle_due
from sandbox.yookassa.shops import Shop


async def show(request: Request) -> Response:
    """The form, or what became of the binding."""
    _, method, shop = _open(request)
    return _form(method, shop) if method.status == "pending" else _closed(method, shop)


async def bind(request: Request) -> Response:
    """The payer's card, or the answer of the bank's application."""
    world, method, shop = _open(request)
    if method.status != "pending":
        return _back(method, shop)
    fields = await read_form(request)
    if method.type == "sbp":
        return _answer_sbp(world, method, shop, confirmed=fields.get("answer") == "confirm")
    card = read_card(fields, world.now())
    if card.errors:
        return _again(world, method, card)
    return _try_card(world, method, shop, card)


def _try_card(world: World, method: Method, shop: Shop, card: CardForm) -> Response:
    reason = card.card.reason
    with world.store.transaction():
        if reason is None:
            activate(world, shop, method, describe_card(card))
        elif not shop.form_retries:
            deactivate(world, method)
    if reason is not None and shop.form_retries:
        return _again(world, method, card, WORDS.get(reason, reason))
    return _back(method, shop)


def _answer_sbp(world: World, method: Method, shop: Shop, *, confirmed: bool) -> Response:
    with world.store.transaction():
        if confirmed:
            activate(world, shop, method, describe_account())
        else:
            deactivate(world, method)
    return _back(method, shop)


def _open(request: Request) -> tuple[World, Method, Shop]:
    world: World = request.app.state.world
    with world.store.transaction():
        settle_due(world)
    method = Method.find(world.store, request.path_params["method_id"])
    shop = shops.find(world.store, method.shop_id) if method else None
    if method is None or shop is None or not method.binding:
        raise MissingError
    return world, method, shop


def _again(world: World, method: Method, card: CardForm, declined: str = "") -> Response:
    """Back to the form, which tells what went wrong however often it is opened, and posts nothing by itself."""
    method.details["failed_try"] = card.kept() | {"declined": declined}
    method.save(world.store)
    return RedirectResponse(f"/yookassa/bind/{method.id}", 303)


def _form(method: Method, shop: Shop) -> Response:
    url = _return_url(method)
    failed = method.details.get("failed_try")
    context: dict[str, Any] = {"method": method, "shop": shop, "card": form_again(failed), "return_url": url}
    declined = failed["declined"] if failed else ""
    return page("bind.html", leads_to=url, cards=listed(), declined=declined, **context)


def _closed(method: Method, shop: Shop) -> Response:
    return page("bound.html", method=method, shop=shop, return_url=_return_url(method))


def _back(method: Method, shop: Shop) -> Response:
    url = _return_url(method)
    return leave_to(url) if url else _closed(method, shop)


def _return_url(method: Method) -> str | None:
    url = method.details["confirmation"].get("return_url")
    return str(url) if url else None


ROUTES = [
    Route("/yookassa/bind/{method_id}", show, methods=["GET"]),
    Route("/yookassa/bind/{method_id}", bind, methods=["POST"]),
]
