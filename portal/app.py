"""The web application: routers, protections and what they need, put together. A composition root."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI

from crm_sync.part import CRM
from crm_sync.web import routes as sync
from crm_sync.web import trouble
from crm_sync.web.customer import CUSTOMER
from kernel import clock, db
from kernel.settings import get_settings
from portal.web import operations, surroundings, webhooks
from portal.web.cabinet import routes as cabinet
from portal.web.entry import routes as entry
from portal.web.kit.frame import Kit
from portal.web.kit.install import install_kit
from portal.web.pay import routes as pay
from portal.web.staff import routes as staff
from portal.wiring import Wiring

# As many requests at a time as there are connections: without the gate 30 of 60 parallel requests failed.
REQUESTS_AT_ONCE = 16
# More of them only wait for the interpreter's lock, out of turn, and hold two megabytes each. Who waits for a foreign
# system gives its turn to another meanwhile (portal.web.kit.turns).
THREADS = 4


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    await anyio.to_thread.run_sync(clock.follow)
    yield
    db.dispose()


def build_app() -> FastAPI:
    """The application of one web process."""
    db.size_pool(REQUESTS_AT_ONCE)
    app = FastAPI(title="Kabinet", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
    for part in (operations, webhooks, pay, entry, cabinet, staff, sync):
        app.include_router(part.router)
    # What the packages above add to the desk's card of a customer.
    app.state.customer_extensions = (CUSTOMER,) if get_settings().bitrix24_url else ()
    app.state.wiring = Wiring(CRM)
    install_kit(
        app,
        Kit(
            settings=get_settings(),
            brand=surroundings.brand,
            beat=surroundings.beat,
            counts=lambda: surroundings.counts() | trouble.counts(),
            troubles=(trouble.trouble,),
        ),
    )
    return app
