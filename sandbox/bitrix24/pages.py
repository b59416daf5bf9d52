"""The portal as its staff see it: a board of deals, lists, cards, and what was told to whom."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox import targets
from sandbox.bitrix24 import items, tables
from sandbox.bitrix24.board import board
from sandbox.bitrix24.card import card
from sandbox.bitrix24.controls import edit_as_staff
from sandbox.bitrix24.editing import fields_of, form_of
from sandbox.bitrix24.errors import CrmError
from sandbox.bitrix24.items import Record
from sandbox.bitrix24.kinds import BY_NAME, DEAL, KINDS, Kind
from sandbox.bitrix24.people import INTEGRATION, PEOPLE, STAFF
from sandbox.bitrix24.showing import PLACES
from sandbox.bitrix24.values import as_integer
from sandbox.pages import page
from sandbox.requests import MissingError, read_form, read_number
from sandbox.world import World

_AUTOPAYS = 1
_NOT_CHANGED = 204
_KINDS_AT = {place: KINDS[number] for number, place in PLACES.items() if number != DEAL}


async def deals(request: Request) -> Response:
    """The board of one funnel."""
    kind = KINDS[DEAL]
    category = kind.category(read_number(request, "funnel", _AUTOPAYS, 10_000))
    if category is None:
        raise MissingError
    lanes = board(_world(request), category)
    return _live(request, "bitrix24/board.html", "deals", lanes=lanes, category=category, categories=kind.categories)


async def listed(request: Request) -> Response:
    """A list of one kind."""
    place = request.path_params["place"]
    if place not in _KINDS_AT:
        raise MissingError
    kind = _KINDS_AT[place]
    asked, number = request.query_params.get("q", "").strip(), read_number(request, "page", 0, 100_000)
    found = tables.table(_world(request), kind, asked, number)
    name = "people" if kind.has_ways else "payments" if place == "payments" else "invoices"
    return _live(request, f"bitrix24/{name}.html", place, kind=kind, **_paged(request, found))


async def events(request: Request) -> Response:
    """What went to the outgoing webhook."""
    world = _world(request)
    found = tables.events(world, read_number(request, "page", 0, 100_000))
    target = targets.read(world.store)["bitrix24_url"]
    return _live(request, "bitrix24/events.html", "events", target=target, **_paged(request, found))


async def show(request: Request) -> Response:
    """The card of an item."""
    kind, record = _item(request)
    return _card(request, kind, record)


async def open_details(request: Request) -> Response:
    """The address that a card has in Bitrix24 itself leads to ours."""
    return RedirectResponse("/bitrix24/{kind}/{item_id}".format(**request.path_params), 303)


async def change(request: Request) -> Response:
    """An employee's edit, or deletion, from the card."""
    kind, record = _item(request)
    form = await read_form(request)
    user_id = as_integer(form.get("user")) if as_integer(form.get("user")) in PEOPLE else STAFF
    deleting = form.get("act") == "delete"
    fields = {} if deleting else fields_of(kind, record, form)
    try:
        edit_as_staff(_world(request), kind, record["id"], fields, user_id, {"delete": deleting})
    except CrmError as error:
        return _card(request, kind, record, error.description)
    where = PLACES[kind.entity_type_id] if deleting else f"{kind.name}/{record['id']}"
    return RedirectResponse(f"/bitrix24/{where}", 303)


def _card(request: Request, kind: Kind, record: Record, problem: str | None = None) -> Response:
    world = _world(request)
    people = [person for person in PEOPLE.values() if person.id != INTEGRATION]
    return page(
        "bitrix24/card.html", 422 if problem else 200, place=PLACES[kind.entity_type_id], counts=tables.counts(world.store),
        card=card(world, kind, record), form=form_of(world, kind, record), people=people, problem=problem,
    )  # fmt: skip


def _live(request: Request, template: str, place: str, **facts: Any) -> Response:
    """A page whose list renews itself; 204 when the browser has it as it is."""
    counts = tables.counts(_world(request).store)
    seen = hashlib.blake2b(repr((facts, counts)).encode(), digest_size=8).hexdigest()
    if request.query_params.get("seen") == seen:
        return Response(None, _NOT_CHANGED)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "seen"]
    again = f"{request.url.path}?{urlencode([*kept, ('seen', seen)])}"
    return page(template, place=place, counts=counts, again=again, **facts)


def _paged(request: Request, found: dict[str, Any]) -> dict[str, Any]:
    number, last = found["number"], max(0, (found["total"] - 1) // tables.PAGE)
    asked = {"q": found["asked"]} if found["asked"] else {}

    def at(other: int) -> str:
        return f"{request.url.path}?{urlencode(asked | {'page': other})}"

    return found | {
        "older": at(number + 1) if number < last else None,
        "newer": at(number - 1) if number else None,
        "first": number * tables.PAGE + 1,
    }


def _item(request: Request) -> tuple[Kind, Record]:
    kind = BY_NAME.get(request.path_params["name"])
    record = items.find(_world(request).store, kind, request.path_params["item_id"]) if kind else None
    if kind is None or record is None:
        raise MissingError
    return kind, record


def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world


ROUTES = [
    Route("/bitrix24/", deals),
    Route("/bitrix24/deals", deals),
    Route("/bitrix24/events", events),
    Route("/bitrix24/{place}", listed),
    Route("/bitrix24/{name}/{item_id:int}", show),
    Route("/bitrix24/crm/{kind}/details/{item_id:int}/", open_details),
    Route("/bitrix24/{name}/{item_id:int}", change, methods=["POST"]),
]
