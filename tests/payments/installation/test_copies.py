"""A copy of the database beside the original stands still until a person lets it go on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from kernel import db
from kernel.clock import business_now
from kernel.db import begin, read
from kernel.errors import Refused
from kernel.settings import get_settings
from payments.installation.copies import pause_in_a_copy
from payments.installation.models import Installation
from payments.installation.pausing import resume_charging
from payments.installation.setup import ensure_installation
from payments.stops.recalling import recall
from portal.checks import check_start
from portal.demo.engines import plain, sibling
from portal.demo.postgres import create_database, drop_database
from tests.support import servers as engines


@pytest.fixture
def copy(committed: str) -> Iterator[str]:
    """A copy of this test's database, made when it already knew where it lies."""
    with begin() as session:
        ensure_installation(session, get_settings())
    check_start()
    db.dispose()
    name = f"copy_{uuid.uuid4().hex[:8]}"
    server = plain(sibling(committed, "postgres"))
    create_database(server, name, template=urlsplit(committed).path[1:])
    yield sibling(committed, name)
    engines.use_database(committed)
    drop_database(server, name)


def _is_paused() -> bool:
    with read() as session:
        return session.get_one(Installation, 1).charging_paused


def test_the_original_starts_again_and_again_without_a_pause(copy: str) -> None:
    check_start()
    assert not _is_paused()


def test_a_copy_starts_paused_and_says_why(copy: str) -> None:
    engines.use_database(copy)
    check_start()
    with read() as session:
        installation = session.get_one(Installation, 1)
        assert installation.charging_paused
        assert "скопирована" in (installation.pause_reason or "")


def test_a_copy_that_a_person_resumed_stays_resumed(copy: str) -> None:
    engines.use_database(copy)
    check_start()
    recall()
    with begin() as session:
        resume_charging(session, now=business_now(session), by=uuid.uuid4())
    check_start()
    assert not _is_paused()


def test_a_copy_is_not_resumed_before_its_stops_are_brought_back(copy: str) -> None:
    engines.use_database(copy)
    check_start()
    with begin() as session, pytest.raises(Refused, match="кто отказался"):
        resume_charging(session, now=business_now(session), by=uuid.uuid4())
    assert _is_paused()


def test_a_cluster_taken_back_to_an_earlier_moment_is_a_copy_too(committed: str) -> None:
    with begin() as session:
        installation = ensure_installation(session, get_settings())
        session.flush()
        pause_in_a_copy(session, now=business_now(session))
        installation.fingerprint = {**(installation.fingerprint or {}), "timeline": "00000000"}
    with begin() as session:
        assert pause_in_a_copy(session, now=business_now(session))
    assert _is_paused()
