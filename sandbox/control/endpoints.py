"""Outcomes, faults, targets, shops, journal and state over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox import journal, targets
from sandbox.bitrix24.delivering import due_events
from sandbox.clock.playing import own_next
from sandbox.moments import iso
from sandbox.requests import RefusalError, read_json, read_number
from sandbox.world import World
from sandbox.yookassa import outcomes, shops
from sandbox.yookassa.delivering import due

_MOST_ENTRIES = 10_000


async def show_faults(request: Request) -> Response:
    """The rules that are on."""
    return JSONResponse({"items": _world(request).faults.listed()})


async def switch_fault_on(request: Request) -> Response:
    """Add a rule."""
    fault = _world(request).faults.switch_on(await read_json(request))
    return JSONResponse(asdict(fault))


async def switch_faults_off(request: Request) -> Response:
    """Remove one rule, or all."""
    await read_json(request)
    fault_id = request.path_params.get("fault_id")
    return JSONResponse({"removed": _world(request).faults.switch_off(fault_id)})


async def show_outcomes(request: Request) -> Response:
    """What is scripted and not used up yet."""
    return JSONResponse({"items": outcomes.waiting(_world(request).store)})


async def script_outcomes(request: Request) -> Response:
    """Script the next charges of a method, or the next refunds of a payment."""
    body = await read_json(request)
    subject, listed = check_script(body)
    world = _world(request)
    with world.store.transaction():
        outcomes.script(world.store, subject, listed)
    return JSONResponse({"items": outcomes.waiting(world.store)})


def check_script(body: dict[str, Any]) -> tuple[str, list[str]]:
    """The subject and the outcomes of a script.

    Raises:
        RefusalError: what is wrong with it.
    """
    method_id, payment_id, listed = body.get("payment_method_id"), body.get("payment_id"), body.get("outcomes")
    subject = method_id or payment_id
    if not isinstance(subject, str) or (method_id and payment_id):
        raise RefusalError("payment_method_id (for charges) or payment_id (for refunds) is needed")
    allowed = outcomes.FOR_CHARGES if method_id else outcomes.FOR_REFUNDS
    if not isinstance(listed, list) or any(outcome not in allowed for outcome in listed):
        raise RefusalError(f"outcomes: a list of {', '.join(allowed)}")
    return subject, listed


async def show_targets(request: Request) -> Response:
    """Where notifications and events go."""
    return JSONResponse(targets.read(_world(request).store))


async def change_targets(request: Request) -> Response:
    """Set the named targets; null removes one."""
    body = await read_json(request)
    if unknown := set(body) - set(targets.NAMES):
        raise RefusalError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(targets.NAMES)}")
    if any(value is not None and not isinstance(value, str) for value in body.values()):
        raise RefusalError("each target is a text or null")
    targets.change(_world(request).store, body)
    return JSONResponse(targets.read(_world(request).store))


async def show_shops(request: Request) -> Response:
    """The shops and their settings."""
    return JSONResponse({"items": [asdict(shop) for shop in shops.listed(_world(request).store)]})


async def change_shop(request: Request) -> Response:
    """Make a shop, or change the named settings of one."""
    return JSONResponse(asdict(shops.change(_world(request).store, await read_json(request))))


async def show_journal(request: Request) -> Response:
    """Calls, notifications and letters, oldest first."""
    since, limit = read_number(request, "since", 0, 2**62), read_number(request, "limit", 200, _MOST_ENTRIES)
    items = journal.read(_world(request).store, dict(request.query_params), since, limit)
    return JSONResponse({"items": items, "next_since": items[-1]["n"] if items else since})


async def show_state(request: Request) -> Response:
    """Whether anything is under way, and what comes next."""
    world = _world(request)
    counted = ("payments", "methods", "refunds", "mails", "journal", "faults", "outcomes", "crm_items")
    upcoming = own_next(world)
    return JSONResponse(
        {
            "deliveries_due": len(due(world)),
            "events_due": len(due_events(world)),
            "deliveries_in_flight": len(world.in_flight),
            "next_instant": iso(upcoming) if upcoming else None,
            "counts": {table: world.store.number(f"SELECT count(*) FROM {table}") for table in counted},  # noqa: S608
        }
    )


async def reset(request: Request) -> Response:
    """Forget everything but the targets, or them too."""
    body = await read_json(request)
    world = _world(request)
    forget(world, with_targets=body.get("targets") is True)
    return JSONResponse({"reset": True})


def forget(world: World, *, with_targets: bool) -> None:
    """Empty every table, the clock included; the demo shop and the portal's funnels come back."""
    tables = world.store.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    with world.store.transaction():
        for row in tables:
            if row["name"] != "targets" or with_targets:
                world.store.run(f"DELETE FROM {row['name']}")  # noqa: S608 - names of our own tables
        world.store.run("DELETE FROM sqlite_sequence")
        world.clock.restart()
        shops.ensure_demo_shop(world.store)
        world.portal.forget()
    world.faults.reload()


async def healthz(request: Request) -> Response:
    """Whether the sandbox answers and its file can be read."""
    _world(request).store.one("SELECT 1")
    return JSONResponse({"status": "ok"})


def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world
