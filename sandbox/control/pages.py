"""The control page: a person plays time forward, scripts outcomes, switches faults and watches."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.clock.timeline import ClockRefusalError
from sandbox.control import overview
from sandbox.control.clock import order
from sandbox.faults import FaultRuleError
from sandbox.pages import fragment, page
from sandbox.requests import MissingError, RefusalError, read_form
from sandbox.world import World
from sandbox.yookassa import outcomes

_NOT_CHANGED = 204


async def show(request: Request) -> Response:
    """The whole page."""
    return _page(request)


async def part(request: Request) -> Response:
    """One part of the page anew; 204 when it still is what the browser has."""
    name = request.path_params["part"]
    if name not in overview.PARTS:
        raise MissingError
    html = fragment(f"control/{name}.html", **_seen(request, name))
    if f'data-seen="{request.query_params.get("seen")}"' in html:
        return Response(None, _NOT_CHANGED)
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


async def play(request: Request) -> Response:
    """Start to play time, and go back to watch."""
    form = await read_form(request)
    name = "to" if form.get("to") else "advance"
    try:
        order(request.app.state.world, request.app.state.player, name, form.get(name, ""))
    except (RefusalError, ClockRefusalError) as error:
        return _page(request, {"clock": _clock_words(error)})
    return RedirectResponse("/control/#clock", 303)


async def script(request: Request) -> Response:
    """Script the next outcome of a saved card; «успех» clears the script."""
    form = await read_form(request)
    world: World = request.app.state.world
    outcome = form.get("outcome", "")
    if outcome not in outcomes.FOR_CHARGES:
        return _page(request, {"cards": "Такого исхода нет. Выберите его из списка."})
    with world.store.transaction():
        outcomes.script(
            world.store, form.get("payment_method_id", ""), [] if outcome == outcomes.SUCCEEDED else [outcome]
        )
    asked = form.get("card", "")
    return RedirectResponse(f"/control/?{urlencode({'card': asked})}#cards" if asked else "/control/#cards", 303)


async def break_something(request: Request) -> Response:
    """Switch a fault on."""
    form = await read_form(request)
    system, _, kind = form.get("fault", "").partition("/")
    times = form.get("times", "").strip()
    rule: dict[str, Any] = {"system": system, "kind": kind}
    if times:
        rule["times"] = int(times) if times.isascii() and times.isdigit() else -1
    try:
        request.app.state.world.faults.switch_on(rule)
    except FaultRuleError:
        return _page(request, {"faults": "Выберите сбой и число раз от 1 или оставьте поле пустым."})
    return RedirectResponse("/control/#faults", 303)


async def mend(request: Request) -> Response:
    """Switch a fault off."""
    await read_form(request)
    request.app.state.world.faults.switch_off(request.path_params["fault_id"])
    return RedirectResponse("/control/#faults", 303)


def _page(request: Request, errors: dict[str, str] | None = None) -> Response:
    parts = {name: _seen(request, name) for name in overview.PARTS}
    world: World = request.app.state.world
    return page("control.html", 422 if errors else 200, parts=parts, errors=errors or {}, aside=overview.aside(world))


def _seen(request: Request, name: str) -> dict[str, Any]:
    asked = request.query_params.get("card", "").strip()
    facts = overview.PARTS[name](request.app.state.world, request.app.state.player, asked)
    return {"facts": facts, "seen": hashlib.blake2b(repr(facts).encode(), digest_size=8).hexdigest()}


def _clock_words(error: Exception) -> str:
    if getattr(error, "status", 400) == 409:  # noqa: PLR2004 - HTTP's conflict
        return "Время уже проигрывается. Дождитесь, пока оно дойдёт."
    if "backwards" in str(error):
        return "Этот день уже прошёл: назад часы не идут."
    return "Укажите дату, до которой проиграть время."


ROUTES = [
    Route("/control/", show),
    Route("/control/parts/{part}", part),
    Route("/control/play", play, methods=["POST"]),
    Route("/control/script", script, methods=["POST"]),
    Route("/control/break", break_something, methods=["POST"]),
    Route("/control/mend/{fault_id:int}", mend, methods=["POST"]),
]
