"""The page of a link as browsers without a login see it, before a real sandbox; the cabinet stands beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from kernel.clock import business_now
from kernel.db import begin, read
from kernel.settings import get_settings
from payments.charging.models import Payment
from payments.invoicing.issue import issue_now
from payments.invoicing.links import make_pay_link
from payments.invoicing.models import Invoice
from portal.web.cabinet import routes as cabinet_routes
from portal.web.kit.frame import Brand, Kit
from portal.web.kit.install import install_kit
from portal.web.pay import routes
from tests.portal.web.cabinet.story import Cabinet, open_cabinet, readable
from tests.support.business import Agreement, make_agreement
from tests.support.world import World

BRAND = Brand("Тёплый контур", "ООО «Тёплый контур»", "5000123456", "+78000000017")


@dataclass
class Guest:
    """A browser that nobody has signed in with, and the link it was given."""

    client: TestClient
    path: str

    def get(self, rest: str = "", **headers: str) -> Response:
        """Open the link's page, or an address below it."""
        return self.client.get(self.path + rest, headers=headers)

    def page(self) -> str:
        """The page that must be there; its text without line breaks and no-break spaces."""
        answer = self.get()
        assert answer.status_code == 200, f"{answer.status_code} {answer.text[:300]}"
        return readable(answer.text)

    def press(self, **fields: str) -> Response:
        """Press the button."""
        return self.client.post(self.path + "/payments", data=fields)


@dataclass
class Till:
    """An invoice that asks for money, and browsers before it."""

    app: FastAPI
    world: World
    stack: ExitStack
    agreement: Agreement
    invoice_id: UUID
    path: str

    def guest(self) -> Guest:
        """Somebody with the link."""
        headers = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
        client = TestClient(self.app, "http://localhost:8000", headers=headers, follow_redirects=False)
        return Guest(self.stack.enter_context(client), self.path)

    def payments(self) -> list[Payment]:
        """The invoice's payments, the oldest first."""
        with read() as session:
            found = select(Payment).where(Payment.invoice_id == self.invoice_id).order_by(Payment.number)
            return list(session.scalars(found))

    def invoice(self) -> Invoice:
        """The invoice as it is now."""
        with read() as session:
            return session.get_one(Invoice, self.invoice_id)


@pytest.fixture
def app() -> FastAPI:
    """Links and the cabinet, in the kit."""
    app = FastAPI(openapi_url=None)
    app.include_router(routes.router)
    app.include_router(cabinet_routes.router)
    install_kit(app, Kit(settings=get_settings(), brand=lambda: BRAND, beat=lambda: None))
    return app


@pytest.fixture
def till(world: World, app: FastAPI) -> Iterator[Till]:
    """Anna owes 3 000 ₽ and has been given a link."""
    with begin() as session:
        it = make_agreement(session)
        invoice = issue_now(session, it.line_id, now=business_now(session))
        url = make_pay_link(session, invoice.id)
    with ExitStack() as stack:
        yield Till(app, world, stack, it, invoice.id, url.removeprefix(get_settings().base_url))


@pytest.fixture
def cabinet(world: World, app: FastAPI) -> Iterator[Cabinet]:
    """The cabinet beside it, with its own customers."""
    with open_cabinet(app, world) as found:
        yield found
