"""The servers from wheels: they start anywhere, come back after a crash and know Cyrillic."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import redis

from kernel.clock import business_now
from kernel.db import begin
from payments.autopay.confirming import hold_unconfirmed
from payments.installation.pausing import pause_charging
from portal.demo.engines import Engines
from portal.demo.postgres import ServerFailed, require_version
from portal.demo.processes import PortBusy, free_port, require_free
from tests.support.standing import make_standing


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="a b ") as made:
        Path(made).chmod(0o711)
        yield Path(made) / ".kabinet"


@pytest.fixture
def engines(folder: Path) -> Iterator[Engines]:
    made = Engines(folder)
    yield made
    made.erase()


def test_they_start_in_a_folder_with_a_space_in_its_name(engines: Engines) -> None:
    started = engines.start()

    assert set(started) == {"postgres", "valkey"}
    with psycopg.connect(engines.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_they_start_below_a_folder_that_is_closed_to_others(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(parents=True, mode=0o700)
    closed.chmod(0o700)
    engines = Engines(closed / ".kabinet")
    try:
        engines.start()
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        engines.erase()


def test_lower_and_ilike_know_cyrillic(engines: Engines) -> None:
    engines.start()

    with psycopg.connect(engines.database_url) as connection:
        row = connection.execute("SELECT lower('ЖУК'), 'Жуков' ILIKE '%жук%'").fetchone()

    assert row == ("жук", True)


def test_what_was_committed_is_there_after_both_were_killed(engines: Engines) -> None:
    started = engines.start()
    with psycopg.connect(engines.database_url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
    with redis.Redis.from_url(engines.redis_url) as client:
        client.set("kept", 1)

    for running in started.values():
        os.kill(running.pid, signal.SIGKILL)
    engines.start()

    with psycopg.connect(engines.database_url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)
    with redis.Redis.from_url(engines.redis_url) as client:
        assert client.get("kept") == b"1"


def test_a_stranger_with_the_old_process_id_does_not_stop_the_start(engines: Engines) -> None:
    engines.start()
    pidfile = engines.postgres.place / "data" / "postmaster.pid"
    lines = pidfile.read_text(encoding="utf-8").splitlines()
    engines.close()
    pidfile.write_text("\n".join([str(os.getpid()), *lines[1:]]), encoding="utf-8")

    engines.start()

    with psycopg.connect(engines.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_servers_that_a_killed_supervisor_left_are_taken_over(folder: Path, engines: Engines) -> None:
    left = engines.start()

    successor = Engines(folder)
    taken = successor.start()

    assert all(running.process() is None for running in left.values())
    assert all(running.process() is not None for running in taken.values())


def test_a_tcp_port_asks_for_the_password(folder: Path) -> None:
    port = free_port()
    engines = Engines(folder, database_port=port)
    try:
        engines.start()
        psycopg.connect(engines.database_url).close()
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(f"postgresql://postgres:wrong@127.0.0.1:{port}/postgres")
    finally:
        engines.erase()


def test_valkey_asks_for_the_password(engines: Engines) -> None:
    engines.start()

    with redis.Redis(port=engines.valkey.port) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_a_given_server_that_is_away_is_named() -> None:
    with pytest.raises(ServerFailed, match="KABINET_DATABASE_URL"):
        require_version(f"postgresql://postgres@127.0.0.1:{free_port()}/none")


def test_a_busy_port_is_named_with_its_owner() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        with pytest.raises(PortBusy, match=str(os.getpid())):
            require_free(holder.getsockname()[1], "web")


def test_it_is_told_what_keeps_charges_from_being_made(committed: str, tmp_path: Path) -> None:
    engines = Engines(tmp_path, given_database=committed)
    with begin() as session:
        make_standing(session)
    assert engines.standstill() == ""

    with begin() as session:
        now = business_now(session) + timedelta(hours=1)
        hold_unconfirmed(session, before=now, now=now)
    assert engines.standstill() == "autopays that wait for their customers: 1"

    with begin() as session:
        pause_charging(session, "Сверяем суммы", now=business_now(session), by=None)
    assert engines.standstill() == "paused: Сверяем суммы; autopays that wait for their customers: 1"
