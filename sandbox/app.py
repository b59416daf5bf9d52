"""The sandbox as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.bitrix24.delivering import Messenger
from sandbox.bitrix24.endpoint import PREFIX as CRM_PREFIX
from sandbox.bitrix24.endpoint import rest
from sandbox.bitrix24.errors import CrmError
from sandbox.bitrix24.portal import SettingsError
from sandbox.clock.playing import Player
from sandbox.clock.timeline import ClockRefusalError
from sandbox.documentation import ENDPOINTS
from sandbox.faults import FaultRuleError
from sandbox.mail.sink import listen
from sandbox.pages import page
from sandbox.requests import MissingError, RefusalError
from sandbox.web import PAGES
from sandbox.world import World
from sandbox.yookassa.delivering import Courier
from sandbox.yookassa.endpoint import PREFIX, gateway
from sandbox.yookassa.settling import settle_due
from sandbox.yookassa.shops import ShopError, ensure_demo_shop

_HERE = Path(__file__).parent
_SHARED_LOOK = _HERE.parent / "static"
_TICK_S = 0.2


def create_app(world: World, smtp: tuple[str, int] | None = None) -> Starlette:
    """Everything over HTTP, and the mail server beside it when an address is given."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        ensure_demo_shop(world.store)
        mail = await listen(world, *smtp) if smtp else None
        carriers = (Courier(world), Messenger(world))
        timekeeper = asyncio.create_task(_keep_time(world, carriers, app.state.player))
        yield
        timekeeper.cancel()
        with suppress(asyncio.CancelledError):
            await timekeeper
        for carrier in carriers:
            await carrier.close()
        if mail is not None:
            mail.close()
        world.store.close()

    refusals = (RefusalError, ClockRefusalError, FaultRuleError, ShopError, SettingsError, CrmError)
    handlers: dict[Any, Any] = {**dict.fromkeys(refusals, _refuse), MissingError: _missing, 404: _missing}
    app = Starlette(routes=_routes(), lifespan=lifespan, exception_handlers=handlers)
    app.state.world = world
    app.state.player = Player(world)
    return app


async def _keep_time(world: World, carriers: tuple[Courier, Messenger], player: Player) -> None:
    """Let happen what is due: expiries, notifications, events, the clock's next step."""
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(_TICK_S):
                await world.work.wait()
        world.work.clear()
        with world.store.transaction():
            settle_due(world)
        for carrier in carriers:
            carrier.send_due()
        player.watch()
        await asyncio.sleep(0)  # an event that is set again at once must not keep others from their turn


def _routes() -> list[BaseRoute]:
    api = Route(PREFIX + "/{rest:path}", gateway, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    crm = Route(CRM_PREFIX + "/{rest:path}", rest, methods=["GET", "POST"])
    controls = [Route(endpoint.path, endpoint.handler, methods=[endpoint.method]) for endpoint in ENDPOINTS]
    files: list[BaseRoute] = [Mount("/sandbox-static", StaticFiles(directory=_HERE / "static"))]
    if _SHARED_LOOK.is_dir():
        files.append(Mount("/static", StaticFiles(directory=_SHARED_LOOK)))
    return [api, crm, *controls, *PAGES, *files]


async def _refuse(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, getattr(error, "status", 400))


async def _missing(_request: Request, _error: Exception) -> Response:
    return page("missing.html", 404)
