"""Entry as browsers see it: the real routes over real databases, each test with its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from kernel.db import begin
from kernel.settings import get_settings
from portal.accounts.sessions import SignedIn
from portal.web.entry.routes import router
from portal.web.kit.frame import Brand, Kit
from portal.web.kit.guards import CurrentCustomer, CurrentStaff, require_role
from portal.web.kit.install import install_kit
from tests.portal.accounts.people import CHROME
from tests.support.business import open_company

Browser = Callable[..., TestClient]
BRAND = Brand("Тёплый контур", "ООО «Тёплый контур»", "5000123456")


def entry_app() -> FastAPI:
    """The routes of entry, and three guarded pages behind them."""
    app = FastAPI(openapi_url=None)
    app.include_router(router)

    @app.get("/")
    def home(customer: CurrentCustomer) -> Response:
        return PlainTextResponse(f"home of {customer.email} for {len(customer.customer_ids)}")

    @app.get("/staff")
    def desk(staff: CurrentStaff) -> Response:
        return PlainTextResponse(f"desk of {staff.email}, {staff.staff_role}")

    @app.post("/staff/refunds")
    def refund(staff: Annotated[SignedIn, Depends(require_role("owner", "accountant"))]) -> Response:
        return PlainTextResponse(f"refunded by {staff.staff_role}")

    install_kit(app, Kit(settings=get_settings(), brand=lambda: BRAND, beat=lambda: None))
    return app


@pytest.fixture
def company(committed: str) -> None:
    """The company is named, in a database of the test's own."""
    with begin() as session:
        open_company(session)


@pytest.fixture
def browser(company: None) -> Iterator[Browser]:
    """Opens browsers: each has its own cookies; `ip` says where it is."""
    app = entry_app()
    with ExitStack() as stack:

        def opened(ip: str = "192.0.2.7", **headers: str) -> TestClient:
            client = TestClient(
                app,
                base_url="http://localhost:8000",
                headers={"Sec-Fetch-Site": "same-origin", "User-Agent": CHROME} | headers,
                follow_redirects=False,
                client=(ip, 50_000),
            )
            return stack.enter_context(client)

        yield opened
