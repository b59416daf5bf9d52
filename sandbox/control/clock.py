"""The clock over HTTP."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.clock.durations import add, parse_duration, parse_moment
from sandbox.clock.playing import Player, Report, seconds_to_shift
from sandbox.moments import parse_iso
from sandbox.requests import RefusalError, read_json
from sandbox.world import World
from sandbox.yookassa.settling import settle_due

LONGEST_WAIT_S = 600.0
_LOOK_EVERY_S = 0.02
_ORDERS = ("advance", "to", "jump", "start")


async def show_clock(request: Request) -> Response:
    """The clock as it is."""
    return JSONResponse(request.app.state.player.view())


async def move_clock(request: Request) -> Response:
    """Play, jump or start; playing is answered when all is at rest at the target."""
    body = await read_json(request)
    orders = [name for name in _ORDERS if name in body]
    if len(orders) != 1 or len(body) != 1:
        raise RefusalError(f"one of {', '.join(_ORDERS)} is needed")
    player: Player = request.app.state.player
    order(request.app.state.world, player, orders[0], body[orders[0]])
    finished = await _rest(request.app.state.world)
    return JSONResponse(player.view(), 200 if finished else 504)


async def step_clock(request: Request) -> Response:
    """The product's report, answered with the shift that holds now."""
    player: Player = request.app.state.player
    player.hear(_read_report(await read_json(request)))
    view = player.view()
    return JSONResponse({name: view[name] for name in ("now", "shift_s", "target", "playing", "state")})


def order(world: World, player: Player, name: str, value: Any) -> None:
    """Carry out `advance`, `to`, `jump` or `start`.

    Raises:
        RefusalError: the value is no duration or moment, or the order makes no sense now.
        ClockRefusalError: backwards, or while playing.
    """
    if not isinstance(value, str):
        raise RefusalError(f"{name}: a text is needed, such as P1M or 2027-01-31")
    with world.store.transaction():
        if name == "jump" and value == "now":
            world.clock.return_to_real_time()
        elif name == "jump":
            world.clock.jump(_moment(world, value, (_from_now, _as_moment)))
        elif name == "start":
            _refuse_used(world)
            world.clock.begin_at(_moment(world, value, (_as_moment,)))
        else:
            player.aim(_moment(world, value, (_from_now,) if name == "advance" else (_as_moment,)))
        settle_due(world)
    world.work.set()


async def _rest(world: World) -> bool:
    waited = 0.0
    while world.clock.target is not None and waited < LONGEST_WAIT_S:
        await asyncio.sleep(_LOOK_EVERY_S)
        waited += _LOOK_EVERY_S
    return world.clock.state() == "idle"


def _moment(world: World, text: str, readers: tuple[Callable[[World, str], int], ...]) -> int:
    problems = []
    for reader in readers:
        try:
            return reader(world, text)
        except (ValueError, OverflowError) as error:
            problems.append(str(error))
    raise RefusalError("; ".join(problems))


def _from_now(world: World, text: str) -> int:
    return add(world.now(), parse_duration(text))


def _as_moment(_world: World, text: str) -> int:
    return parse_moment(text)


def _refuse_used(world: World) -> None:
    for table in ("journal", "payments", "methods", "mails", "crm_items"):
        if world.store.one(f"SELECT 1 FROM {table} LIMIT 1"):  # noqa: S608 - constants
            raise RefusalError("start: something is stored already; reset first")


def _read_report(body: dict[str, Any]) -> Report:
    seen, waiting = body.get("seen_shift_s"), body.get("waiting") or []
    if not isinstance(seen, int | float) or isinstance(seen, bool) or not math.isfinite(seen):
        raise RefusalError("seen_shift_s: a number is needed")
    if not isinstance(waiting, list):
        raise RefusalError("waiting: a list of texts")
    return Report(
        body.get("rest") is True, _next_instant(body.get("next")), seconds_to_shift(seen), tuple(map(str, waiting[:20]))
    )


def _next_instant(value: Any) -> int | None:
    if value is None:
        return None
    try:
        return parse_iso(value)
    except (TypeError, ValueError):
        raise RefusalError("next: an ISO 8601 datetime or null") from None
