"""The whole product as browsers see it, at its own door."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from kernel.clock import real_now
from kernel.db import begin
from portal.accounts.models import User
from portal.accounts.sessions import CUSTOMER, STAFF, start_session
from portal.accounts.visitor import Visitor
from portal.app import build_app
from portal.web.kit.frame import Kit
from tests.portal.web.staff.conftest import session_of, staff_member, stranger
from tests.portal.web.staff.played import customer_of
from tests.support.business import open_company


@dataclass
class Door:
    """The application with all its routes, and browsers of people who may knock."""

    app: FastAPI
    _staff: dict[str, TestClient] = field(default_factory=dict)

    def stranger(self) -> TestClient:
        """Nobody is signed in."""
        return stranger(self.app)

    def employee(self, role: str, *, second_factor: bool = False) -> TestClient:
        """Somebody of the role, in one session."""
        if role not in self._staff:
            self._staff[role] = stranger(self.app)
            user_id = staff_member(role)
            with begin() as session:
                token = start_session(session, user_id, STAFF, Visitor(), now=real_now(), second_factor=second_factor)
            self._staff[role].cookies.set("kabinet_staff", token)
        return self._staff[role]

    def customer(self, *, confirmed: bool = True) -> TestClient:
        """A customer."""
        with begin() as session:
            customer_id = customer_of(session, "Анна Ковалёва")
        user_id = staff_member(None, customer_id=customer_id)
        with begin() as session:
            session.get_one(User, user_id).email_confirmed_at = real_now() if confirmed else None
        client = stranger(self.app)
        client.cookies.set("kabinet", session_of(user_id, CUSTOMER))
        return client

    def live(self) -> None:
        """Let the pages believe that money is real; everything else stays as tests have it."""
        kit: Kit = self.app.state.kit
        self.app.state.kit = replace(kit, settings=kit.settings.model_copy(update={"mode": "live"}))


@pytest.fixture
def door(committed: str) -> Door:
    """The whole application over a database of the test's own, whose company is named."""
    with begin() as session:
        open_company(session)
    return Door(build_app())
