"""`/readyz` goes by what the scheduler and its relay really do."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import func, text, update

from kernel.db import begin, read
from kernel.errors import ConfigurationError, Refused
from kernel.settings import get_settings
from payments.installation.models import Installation
from payments.installation.setup import ensure_installation
from portal import cli, scheduler
from portal.checks import check_start, unready
from portal.wiring import Wiring

_PATIENCE_S = 20.0
_LONG_AGO = func.clock_timestamp() - timedelta(minutes=1)


@pytest.fixture
def installation(committed: str) -> None:
    """A database of the test's own with nothing but the installation."""
    with begin() as session:
        ensure_installation(session, get_settings())


@contextmanager
def running_scheduler() -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=scheduler.run, args=(Wiring(), stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def missing() -> list[str]:
    with read() as session:
        return unready(session)


def wait_until_missing(expected: list[str]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while missing() != expected:
        assert time.monotonic() < until, f"still missing {missing()}"
        time.sleep(0.1)


def forget_beats() -> None:
    with begin() as session:
        session.execute(update(Installation).values(scheduler_beat_at=_LONG_AGO, relay_beat_at=_LONG_AGO))


def stand_at(revision: str) -> None:
    with begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_running_and_restarted_processes_work_on_the_schema_of_the_next_version(installation: None) -> None:
    stand_at("9999_of_the_next_version")

    check_start()
    cli.migrate()

    assert "migrations" not in missing()
    with read() as session:
        found = session.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    assert found == ["9999_of_the_next_version"]


def test_a_schema_that_is_older_than_the_code_is_refused(installation: None) -> None:
    stand_at("0001_ground")

    assert missing() == ["migrations"]
    with pytest.raises(ConfigurationError) as refused:
        check_start()
    assert any("kabinet migrate" in problem for problem in refused.value.problems)


def test_so_is_one_that_was_never_migrated(installation: None) -> None:
    with begin() as session:
        session.execute(text("DELETE FROM alembic_version"))

    assert missing() == ["migrations"]


def test_nothing_is_ready_before_the_scheduler_runs(installation: None) -> None:
    assert missing() == ["scheduler", "relay"]


def test_a_running_scheduler_and_its_relay_are_ready_until_they_end(installation: None) -> None:
    with running_scheduler():
        wait_until_missing([])
        cli.ready()
    forget_beats()

    assert missing() == ["scheduler", "relay"]
    with pytest.raises(Refused, match="scheduler, relay"):
        cli.ready()


def test_a_relay_that_is_stuck_shows_beside_a_scheduler_that_beats(installation: None) -> None:
    with running_scheduler():
        wait_until_missing([])
        with begin() as other:
            # Others may read the outbox, and the scheduler does; the relay cannot claim what it is to move on.
            other.execute(text("LOCK TABLE outbox_messages IN EXCLUSIVE MODE"))
            forget_beats()
            wait_until_missing(["relay"])
        wait_until_missing([])
