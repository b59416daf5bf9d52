"""The whole database goes into one file and comes back from it, paused."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis as redis_client
from sqlalchemy import func, select, text

from kernel import db
from kernel.clock import business_now
from kernel.db import begin, read
from kernel.errors import KabinetError, Refused
from kernel.settings import get_settings
from payments.autopay.consents import Evidence
from payments.autopay.models import Autopay, Consent
from payments.autopay.stopping import wait_for_calls, withdraw
from payments.charging.models import Payment
from payments.doctor.check import examine
from payments.doctor.checks import CHECKS
from payments.installation.models import Installation
from payments.stops.keeping import keep_memory
from portal.backup.dumping import BackupFailed, back_up
from portal.backup.restoring import RestoreFailed, restore
from portal.checks import check_start
from portal.demo.engines import sibling
from portal.demo.postgres import create_database
from tests.support.servers import ROOT, Servers, use_database
from tests.support.standing import make_standing


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kabinet.dump"


@pytest.fixture
def original(committed: str) -> str:
    with begin() as session:
        make_standing(session)
    check_start()
    return committed


@pytest.fixture
def empty(servers: Servers, original: str) -> Iterator[str]:
    """An empty database, which the settings name once it is asked for."""
    name = f"{servers.template}_restored{os.getpid()}"
    create_database(servers.postgres, name)
    url = sibling(servers.postgres, name)
    yield url
    use_database(original)
    servers.drop(name)


def test_what_comes_back_is_what_was_there_and_stands_still(original: str, empty: str, file: Path) -> None:
    back_up(file)
    use_database(empty)

    restore(file)

    with read() as session:
        assert session.execute(select(func.count()).select_from(Payment)).scalar_one() == 2
        assert session.execute(select(func.count()).select_from(Consent)).scalar_one() == 1
        assert session.execute(select(Installation.charging_paused)).scalar_one()
    assert [it.name for it in examine(CHECKS) if not it.sound] == []


def test_postgresql_knows_how_large_the_tables_are(original: str, empty: str, file: Path) -> None:
    back_up(file)
    use_database(empty)
    restore(file)

    with read() as session:
        counted = text("SELECT reltuples FROM pg_class WHERE oid = 'payments'::regclass")
        assert session.scalar(counted) == session.scalar(select(func.count()).select_from(Payment))


def test_a_process_that_starts_on_it_keeps_the_pause(original: str, empty: str, file: Path) -> None:
    back_up(file)
    use_database(empty)
    restore(file)

    check_start()

    with read() as session:
        found = session.scalars(select(Installation)).one()
        assert found.charging_paused
        assert found.fingerprint != {"restored": True}


def test_the_command_says_which_refusals_it_brought_back(original: str, empty: str, file: Path) -> None:
    keep_memory()
    back_up(file)
    _withdraw()

    said = _restore_by_command(file, empty)

    assert "Redis помнит отказы, сделанные после копии" in said
    assert "Возвращено: отозвано согласий: 1" in said


def test_the_command_says_how_many_wait_when_redis_has_forgotten(
    original: str, empty: str, file: Path, redis: str
) -> None:
    keep_memory()
    back_up(file)
    _withdraw()
    with redis_client.Redis.from_url(redis) as client:
        client.flushdb()

    said = _restore_by_command(file, empty)

    assert "Redis не помнит, кто отказался" in said
    assert "ждут подтверждения клиентов: 1" in said


def test_the_command_says_that_the_refusals_will_come_when_redis_is_away(
    original: str, empty: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(file)
    monkeypatch.setenv("KABINET_REDIS_URL", "redis://127.0.0.1:9/0")

    said = _restore_by_command(file, empty)

    assert "Redis не отвечает" in said
    assert "планировщик всё вернёт сам" in said


def test_the_file_is_its_owners_alone(original: str, file: Path) -> None:
    size = back_up(file)

    assert size == file.stat().st_size > 10_000
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_is_there_is_not_written_over(original: str, file: Path) -> None:
    file.write_text("precious")

    with pytest.raises(Refused, match="уже есть"):
        back_up(file)

    assert file.read_text() == "precious"


def test_a_folder_is_asked_for_a_file_in_it(original: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="это папка"):
        back_up(tmp_path)


def test_an_empty_database_is_nothing_to_back_up(original: str, empty: str, file: Path) -> None:
    use_database(empty)

    with pytest.raises(Refused, match="нет таблиц Кабинета"):
        back_up(file)

    assert list(file.parent.iterdir()) == []


def test_a_dump_that_fails_leaves_nothing(original: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with begin() as session:
        session.execute(text("CREATE ROLE lesser LOGIN"))
    monkeypatch.setenv("PGUSER", "lesser")
    monkeypatch.setenv("KABINET_DATABASE_URL", original.replace("postgres@", "lesser@"))
    get_settings.cache_clear()
    try:
        with pytest.raises(BackupFailed, match="permission denied"):
            back_up(file)
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
        with begin() as session:
            session.execute(text("DROP ROLE lesser"))

    assert list(file.parent.iterdir()) == []


def test_a_database_with_tables_is_left_alone(original: str, file: Path) -> None:
    back_up(file)

    with pytest.raises(Refused, match="не пуста"):
        restore(file)


def test_a_file_that_is_no_dump_is_refused(original: str, empty: str, file: Path) -> None:
    file.write_text("not a dump")
    use_database(empty)

    with pytest.raises(Refused, match="не копия"):
        restore(file)


def test_a_dump_of_a_later_version_is_refused(original: str, empty: str, file: Path) -> None:
    with begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999_later'"))
    back_up(file)
    use_database(empty)

    with pytest.raises(Refused, match="9999_later"):
        restore(file)

    with db.engine().connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).scalar_one() == 0


@pytest.mark.parametrize(
    ("share", "why"),
    [
        (0.9, (Refused, "это не копия базы, или файл обрывается")),
        (0.99, (RestoreFailed, "осталась пустой: файл обрыва")),
    ],
    ids=["before its version", "in its rows"],
)
def test_a_dump_that_breaks_off_restores_nothing(
    original: str, empty: str, file: Path, share: float, why: tuple[type[KabinetError], str]
) -> None:
    back_up(file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    use_database(empty)

    with pytest.raises(why[0], match=why[1]):
        restore(file)

    with db.engine().connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).scalar_one() == 0


def test_a_restore_that_is_killed_on_its_way_leaves_an_empty_database(original: str, empty: str, file: Path) -> None:
    back_up(file)
    use_database(empty)
    command = [sys.executable, "-m", "portal.cli", "restore", str(file)]
    faults = {"KABINET_FAULTS": "restore.before_standstill=kill"}
    killed = subprocess.run(command, cwd=ROOT, env=os.environ | faults, check=False)
    _wait_until(lambda: _sessions() == 0)

    assert killed.returncode == -signal.SIGKILL
    with db.engine().connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).scalar_one() == 0


def _withdraw() -> None:
    with begin() as session:
        contract_id = session.scalars(select(Autopay.contract_id)).one()
        withdraw(session, contract_id, evidence=Evidence(), now=business_now(session))
    wait_for_calls(contract_id)


def _restore_by_command(file: Path, into: str) -> str:
    environment = os.environ | {"KABINET_DATABASE_URL": into}
    command = [sys.executable, "-m", "portal.cli", "restore", str(file)]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout


def _sessions() -> int:
    asked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'psql'"
    )
    with db.engine().connect() as connection:
        found: int = connection.execute(asked).scalar_one()
    return found


def _wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        time.sleep(0.005)
