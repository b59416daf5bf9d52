"""A database that came from a backup writes nothing into the CRM before charging goes on."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from kernel.clock import business_now
from kernel.db import begin
from payments.installation.models import Installation
from tests.crm_sync.conftest import Portal, new_customer

pytestmark = pytest.mark.committed


def _unproven(portal: Portal, *, since_now: bool) -> None:
    with begin() as session:
        since = business_now(session) if since_now else None
        session.execute(update(Installation).values(unproven_since=since))


def test_nothing_is_written_and_nothing_looks_due_until_it_is_proven(portal: Portal) -> None:
    _unproven(portal, since_now=True)
    new_customer("Анна Ковалёва", "anna@example.com")
    portal.world.drain()
    assert portal.items("contact") == []

    _unproven(portal, since_now=False)
    portal.world.drain()
    assert len(portal.items("contact")) == 1
