"""What every test may ask for: settings, a database, a Redis, a session, a sandbox."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis as redis_client

from kernel import broker, clock, db, log
from kernel.db import Session, begin
from kernel.settings import Settings, get_settings
from payments.installation.setup import ensure_installation
from portal.demo.engines import sibling
from tests.sandbox.process import Sandbox, start_sandbox
from tests.support import servers as engines
from tests.support.another_shop import Move
from tests.support.fresh import FreshDatabase
from tests.support.servers import Servers
from tests.support.world import World, running_world

# Addresses where nobody listens, until a fixture puts a real server there.
_NOWHERE = "127.0.0.1:9"
_ENVIRONMENT = {
    "KABINET_MODE": "test",
    "KABINET_DATABASE_URL": f"postgresql://postgres@{_NOWHERE}/none",
    "KABINET_REDIS_URL": f"redis://{_NOWHERE}/0",
    "KABINET_SECRET_KEY": "a-key-for-tests-that-is-long-enough",
    "KABINET_ENCRYPTION_KEY": "YS1rZXktZm9yLXRlc3RzLW9mLTMyLWJ5dGVzLWxvbmc=",
    "KABINET_BASE_URL": "http://localhost:8000",
    "KABINET_YOOKASSA_SHOP_ID": "100500",
    "KABINET_YOOKASSA_SECRET_KEY": "test_sandbox",
    "KABINET_YOOKASSA_API_URL": f"http://{_NOWHERE}/yookassa/v3",
    "KABINET_YOOKASSA_WEBHOOK_SECRET": "hook-of-tests",
    "KABINET_YOOKASSA_WEBHOOK_IPS": "127.0.0.1/32",
    "KABINET_SMTP_URL": f"smtp://{_NOWHERE}",
    "KABINET_MAIL_FROM": "kabinet@example.com",
    "KABINET_LOG_LEVEL": "WARNING",
}


def pytest_configure(config: pytest.Config) -> None:
    """The process that begins the run remembers the given servers; then all get the tests' own settings."""
    if not hasattr(config, "workerinput"):
        engines.begin_run()
    for name in [name for name in os.environ if name.startswith("KABINET_") and not name.startswith("KABINET_TEST_")]:
        del os.environ[name]
    os.environ.update(_ENVIRONMENT)
    log.configure("WARNING")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The process that began the run ends its servers."""
    if not hasattr(config, "workerinput") and engines.FOLDER in os.environ:
        engines.end_run()


@pytest.fixture(scope="session")
def worker(worker_id: str) -> int:
    """The number of this xdist worker, 0 without xdist."""
    return int(re.sub(r"\D", "", worker_id) or 0)


@pytest.fixture(scope="session")
def servers() -> Servers:
    """The run's PostgreSQL and Valkey."""
    return engines.servers()


@pytest.fixture(scope="session")
def database(servers: Servers, worker: int) -> Iterator[str]:
    """This worker's database, migrated; its address. Nothing is ever committed into it."""
    name = f"{servers.template}_w{worker}"
    url = servers.copy(name)
    engines.use_database(url)
    yield url
    db.dispose()
    servers.drop(name)


@pytest.fixture
def session(database: str) -> Iterator[Session]:
    """A writing session whose commits are savepoints: everything is rolled back after the test.

    Code that opens transactions of its own (`kernel.db.begin`) does not see these rows: ask for `committed` then.
    """
    with db.engine().connect() as connection, connection.begin() as transaction:
        with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as found:
            yield found
        transaction.rollback()


@pytest.fixture(scope="session")
def fresh_database(servers: Servers) -> Iterator[FreshDatabase]:
    """The database that this process makes fresh for each test that commits."""
    found = FreshDatabase(servers, f"{servers.template}_c{os.getpid()}")
    yield found
    found.drop()


@pytest.fixture
def committed(database: str, fresh_database: FreshDatabase, redis: str) -> Iterator[str]:
    """A database of this test's own, where commits are real, with an empty Redis; its address.

    The environment names both, so processes that the test starts use them too. A clock that the test moves is put back.
    """
    url = fresh_database.fresh()
    engines.use_database(url)
    yield url
    broker.dispose()
    clock._remember(timedelta(0))
    engines.use_database(database)


@pytest.fixture(scope="session")
def redis_database(servers: Servers, worker: int) -> str:
    """The address of this worker's numbered Redis database. On a given server it must be empty to begin with."""
    first = int(servers.redis.rpartition("/")[2] or 0) if servers.redis.count("/") > 2 else 0
    url = sibling(servers.redis, str(first + worker))
    with redis_client.Redis.from_url(url) as client:
        if client.dbsize():
            pytest.exit(f"database {first + worker} of KABINET_REDIS_URL is not empty; the tests would empty it", 3)
    return url


@pytest.fixture
def redis(redis_database: str) -> Iterator[str]:
    """An empty Redis database; its address."""
    os.environ["KABINET_REDIS_URL"] = redis_database
    get_settings.cache_clear()
    broker.dispose()
    with redis_client.Redis.from_url(redis_database) as client:
        client.flushdb()
        yield redis_database
        client.flushdb()
    broker.dispose()


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """This worker's sandbox."""
    running = start_sandbox(tmp_path_factory.mktemp("sandbox"))
    yield running
    running.stop()


@pytest.fixture
def sandbox(sandbox_process: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A running sandbox that remembers nothing; the settings name its gateway and its mail server."""
    sandbox_process.reset()
    monkeypatch.setenv("KABINET_YOOKASSA_API_URL", sandbox_process.api_url)
    monkeypatch.setenv("KABINET_SMTP_URL", f"smtp://127.0.0.1:{sandbox_process.smtp_port}")
    get_settings.cache_clear()
    yield sandbox_process
    get_settings.cache_clear()


@pytest.fixture
def world(committed: str, sandbox_process: Sandbox) -> Iterator[World]:
    """The product played inside this test, on a database of its own, and the sandbox, both empty."""
    with running_world(sandbox_process) as found:
        with begin() as session:
            ensure_installation(session, get_settings())
        yield found


@pytest.fixture
def settings() -> Settings:
    """The settings of this test. To change one, set its variable with monkeypatch and clear the cache."""
    return get_settings()


@pytest.fixture
def move() -> Iterator[Move]:
    """The company can move to another shop at the gateway; the settings are put back."""
    with pytest.MonkeyPatch.context() as patch:
        moving = Move(patch)
        yield moving
        moving.back()
