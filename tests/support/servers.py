"""One PostgreSQL and one Valkey for a whole run of pytest, shared by its xdist workers.

Whoever needs a server first starts both; the process that began the run stops them. A run that was killed leaves
its folder behind, and the next run clears it away.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Engine, QueuePool, event, make_url

from kernel import db
from kernel.settings import get_settings
from portal.demo.engines import Engines, plain, sibling
from portal.demo.postgres import create_database, drop_database

ROOT = Path(__file__).parents[2]
FOLDER = "KABINET_TEST_FOLDER"
GIVEN_DATABASE = "KABINET_TEST_GIVEN_DATABASE"
GIVEN_REDIS = "KABINET_TEST_GIVEN_REDIS"
REDIS_DATABASES = 64
_PREFIX = "kabinet-tests-"
_known: dict[URL, db._Engines] = {}
_ours: set[int] = set()
_KEPT = 6
# Data of tests need not survive a power cut.
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers of this run are, and the name of the migrated database that others are copied from."""

    postgres: str
    redis: str
    template: str

    def copy(self, name: str) -> str:
        """Make a fresh database from the template; answers its address."""
        create_database(self.postgres, name, template=self.template)
        return self.url_of(name)

    def url_of(self, name: str) -> str:
        """The address of a database of this run."""
        return sibling(self.postgres, name)

    def drop(self, name: str) -> None:
        """Remove a database of this run."""
        drop_database(self.postgres, name)


def begin_run() -> None:
    """Make the run's folder and remember the servers that the caller gave, before tests change the environment."""
    _clear_killed_runs()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    folder.chmod(0o711)  # PostgreSQL of root runs as an account that must walk through
    (folder / "pid").write_text(str(os.getpid()), encoding="utf-8")
    os.environ[FOLDER] = str(folder)
    for kept, name in ((GIVEN_DATABASE, "KABINET_DATABASE_URL"), (GIVEN_REDIS, "KABINET_REDIS_URL")):
        if name in os.environ:
            os.environ[kept] = os.environ[name]


def end_run() -> None:
    """Stop what was started and remove the folder."""
    folder = Path(os.environ.pop(FOLDER))
    if (folder / "servers.json").exists():
        servers = Servers(**json.loads((folder / "servers.json").read_text(encoding="utf-8")))
        if GIVEN_DATABASE in os.environ:
            servers.drop(servers.template)
    _engines(folder).erase()
    shutil.rmtree(folder, ignore_errors=True)


def servers() -> Servers:
    """The servers of this run, started on the first call of any of its processes."""
    folder = Path(os.environ[FOLDER])
    file = folder / "servers.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            file.write_text(json.dumps(asdict(_start(folder))), encoding="utf-8")
        return Servers(**json.loads(file.read_text(encoding="utf-8")))


def use_database(url: str) -> None:
    """Point this process, and those it starts, at another database.

    The engine of one that was used before is taken again, with its connections: it knows how statements are compiled,
    and its connections have the catalogue at hand.
    """
    if found := db._state.pop("engines", None):
        _known[found.writing.url] = found
        if isinstance(found.writing.pool, QueuePool) and found.writing.pool.checkedin() > _KEPT:
            found.writing.dispose()
    os.environ["KABINET_DATABASE_URL"] = url
    get_settings.cache_clear()
    if (wanted := make_url(get_settings().database_url)) in _known:
        db._state["engines"] = _known[wanted]


@event.listens_for(Engine, "connect")
def _remember(connection: psycopg.Connection, _record: object) -> None:
    _ours.add(connection.info.backend_pid)


def our_backends() -> list[int]:
    """The server's processes that this process is or was connected to."""
    return list(_ours)


def _start(folder: Path) -> Servers:
    engines = _engines(folder)
    engines.start()
    template = f"kabinet_test_{folder.name.removeprefix(_PREFIX)}_template".lower()
    create_database(engines.server_url, template)
    before = os.environ["KABINET_DATABASE_URL"]
    use_database(sibling(engines.server_url, template))
    command.upgrade(Config(ROOT / "alembic.ini"), "head")
    use_database(before)
    return Servers(plain(engines.server_url), engines.redis_url, template)


def _engines(folder: Path) -> Engines:
    return Engines(
        folder,
        given_database=os.environ.get(GIVEN_DATABASE),
        given_redis=os.environ.get(GIVEN_REDIS),
        database_options=_FAST,
        redis_databases=REDIS_DATABASES,
    )


def _clear_killed_runs() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = folder / "pid"
        mine = folder.stat().st_uid == os.geteuid()
        if mine and pid.exists() and not psutil.pid_exists(int(pid.read_text(encoding="utf-8"))):
            Engines(folder).erase()
            shutil.rmtree(folder, ignore_errors=True)
