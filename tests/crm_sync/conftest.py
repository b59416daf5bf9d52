"""The product beside the sandbox's Bitrix24: what stands there, as its own people would see it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from crm_sync.bitrix24 import schema
from crm_sync.models import CrmConnection, SyncJob
from kernel.db import begin, read
from kernel.relay import relay_once
from kernel.settings import get_settings
from payments.customers.registration import CustomerData, create_customer
from tests.crm_sync.held import TYPES, Held
from tests.crm_sync.odd_portal import OddPortal, odd_portal
from tests.support.business import open_company
from tests.support.web import WEB
from tests.support.world import World

_OPEN = {"KABINET_BITRIX24_BURST": "1000", "KABINET_BITRIX24_PER_SECOND": "1000"}


@dataclass
class Portal:
    """The sandbox's Bitrix24, and our product that mirrors into it."""

    world: World

    @property
    def url(self) -> str:
        """The sandbox."""
        return self.world.sandbox.url

    @property
    def held(self) -> Held:
        """All that it holds."""
        return Held(self.url)

    def connect(self, address: str = "") -> None:
        """The product looks for its portal at this address; by default at that of the sandbox."""
        os.environ["KABINET_BITRIX24_URL"] = address or f"{self.url}/bitrix24/rest/1/demo/"
        get_settings.cache_clear()

    def items(self, kind: str) -> list[dict[str, Any]]:
        """Every object of a kind, oldest first."""
        return self.held.items(kind)

    def one(self, kind: str) -> dict[str, Any]:
        """The only object of a kind."""
        (found,) = self.items(kind)
        return found

    def timeline(self) -> list[dict[str, Any]]:
        """Every line of every timeline, oldest first."""
        return self.held.timeline()

    def call(self, method: str, **body: object) -> Any:
        """A call of somebody else by the portal's REST."""
        return self.held.call(method, **body)

    def edit(self, kind: str, item_id: int, **fields: object) -> None:
        """An employee changes an object in the CRM's own pages."""
        body = {"entity_type_id": TYPES[kind], "id": item_id, "fields": fields}
        WEB.post(f"{self.url}/control/crm/edit", json=body).raise_for_status()

    def fail(self, kind: str, **fault: object) -> None:
        """Something goes wrong there from now on."""
        self.world.fail(system="bitrix24", kind=kind, **fault)

    def calls(self, path: str = "") -> list[dict[str, Any]]:
        """The calls that came in, of one method if it is named."""
        found: list[dict[str, Any]] = []
        while page := self.world.journal(system="bitrix24", since=found[-1]["n"] if found else 0):
            found += page
        return [entry for entry in found if not path or entry["path"] == path]

    def relay(self) -> None:
        """Let events reach their handlers, so that jobs wait; nothing is pushed."""
        product = self.world.product
        while relay_once(product._wiring.handlers, product._jobs.send):
            product._jobs.wait()

    def sync(self) -> None:
        """Let everything that is due now happen."""
        self.world.drain()

    def settle(self, *, minutes: int = 10) -> None:
        """Time passes, so that creations in doubt are looked for and pauses end."""
        for _ in range(minutes):
            self.world.jump("PT1M")
            self.world.drain()


def forget_schema() -> None:
    """Another portal answers at the address now."""
    schema._known.clear()
    schema._doubted.clear()


@pytest.fixture
def portal(world: World, redis: str) -> Iterator[Portal]:
    """An empty Bitrix24 to which the product is connected, without a limit on the number of requests."""
    os.environ |= _OPEN
    found = Portal(world)
    found.connect()
    forget_schema()
    WEB.post(f"{world.sandbox.url}/control/crm", json={"bucket": 100000, "per_second": 100000}).raise_for_status()
    with begin() as session:
        open_company(session)
    yield found
    for name in (*_OPEN, "KABINET_BITRIX24_URL"):
        del os.environ[name]
    get_settings.cache_clear()


@pytest.fixture
def odd(portal: Portal) -> Iterator[OddPortal]:
    """The product talks to the portal through a proxy that may answer for it."""
    with odd_portal(f"{portal.url}/bitrix24/rest/1/demo") as found:
        portal.connect(found.url)
        forget_schema()
        yield found


def jobs() -> dict[tuple[str, UUID], SyncJob]:
    """The jobs that are not done."""
    with read() as session:
        return {(job.kind, job.local_id): job for job in session.scalars(select(SyncJob))}


def new_customer(name: str = "Анна Ковалёва", email: str = "anna@example.com", **more: str) -> UUID:
    """A customer, of whom the CRM is to hear; the id."""
    with begin() as session:
        return create_customer(session, CustomerData(name, email=email, **more)).id


def connection() -> CrmConnection:
    """Whether the CRM can be reached, as we believe."""
    with read() as session:
        return session.scalars(select(CrmConnection)).one()
