"""The desk as browsers see it: the real routes over a real database, each test with its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import func, update
from starlette.testclient import TestClient

from crm_sync.part import CRM
from kernel.clock import real_now
from kernel.db import begin
from kernel.settings import get_settings
from payments.installation.models import Installation
from portal.accounts.models import Membership, User
from portal.accounts.sessions import STAFF, Audience, start_session
from portal.accounts.visitor import Visitor
from portal.duties.noting import give_worker_beat
from portal.web.kit.frame import Brand, Kit
from portal.web.kit.install import install_kit
from portal.web.staff.routes import router
from portal.wiring import Wiring
from tests.support.business import open_company

BRAND = Brand("Тёплый контур", "ООО «Тёплый контур»", "5000123456")
Desk = Callable[..., TestClient]


def desk_app() -> FastAPI:
    """The desk's own routes under the protections of the product."""
    app = FastAPI(openapi_url=None)
    app.include_router(router)
    app.state.wiring = Wiring(CRM)
    install_kit(app, Kit(settings=get_settings(), brand=lambda: BRAND, beat=lambda: None))
    return app


@pytest.fixture
def company(committed: str) -> None:
    """The company is named, in a database of the test's own."""
    with begin() as session:
        open_company(session)


@pytest.fixture
def beating(company: None) -> None:
    """The scheduler and a worker are alive."""
    give_worker_beat("worker")
    with begin() as session:
        session.execute(update(Installation).values(scheduler_beat_at=func.clock_timestamp()))


@pytest.fixture
def desk(company: None) -> Iterator[Desk]:
    """Opens the desk for an employee of a role."""
    app = desk_app()
    with ExitStack() as stack:

        def opened(role: str | None = "owner", *, htmx: bool = False) -> TestClient:
            client = stranger(app)
            if role:
                client.cookies.set("kabinet_staff", session_of(staff_member(role), STAFF))
            if htmx:
                client.headers["HX-Request"] = "true"
            return stack.enter_context(client)

        yield opened


def stranger(app: FastAPI) -> TestClient:
    """A browser that nobody has signed in with."""
    return TestClient(
        app,
        base_url="http://localhost:8000",
        headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
        follow_redirects=False,
    )


def staff_member(role: str | None, *, customer_id: UUID | None = None) -> UUID:
    """A user with a role, or one who acts for a customer."""
    with begin() as session:
        user = User(
            email=f"{uuid4()}@example.com",
            name="Ирина Мельник",
            password_hash="-",
            staff_role=role,
            email_confirmed_at=real_now(),
        )
        session.add(user)
        session.flush()
        if customer_id:
            session.add(Membership(user_id=user.id, customer_id=customer_id))
        return user.id


def session_of(user_id: UUID, audience: Audience) -> str:
    """What the cookie of a new session holds."""
    with begin() as session:
        return start_session(session, user_id, audience, Visitor(None, None), now=real_now())
