"""PostgreSQL and Valkey for the demo and the tests: ours from wheels, or the ones that were given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from portal.demo.postgres import (
    PostgresServer,
    create_database,
    database_exists,
    require_version,
)
from portal.demo.processes import LOOPBACK, Running
from portal.demo.valkey import ValkeyServer

DATABASE = "kabinet"


class Engines:
    """Both servers under one folder. A server whose address is given is used as it is."""

    def __init__(
        self,
        folder: Path,
        *,
        given_database: str | None = None,
        given_redis: str | None = None,
        database_options: Mapping[str, str] | None = None,
        database_port: int | None = None,
        redis_databases: int = 16,
        redis_address: str = LOOPBACK,
    ) -> None:
        self.given_database = given_database
        self.given_redis = given_redis
        self.postgres = PostgresServer(folder / "postgres", port=database_port, options=database_options)
        self.valkey = ValkeyServer(folder / "valkey", databases=redis_databases, address=redis_address)

    def start(self) -> dict[str, Running]:
        """Start what was not given; answers the processes that we now own, by name.

        Raises:
            ServerFailed: a server of ours did not start, or a given one is unreachable or too old.
        """
        started: dict[str, Running] = {}
        if not self.given_database:
            started["postgres"] = self.postgres.start()
        if not self.given_redis:
            started["valkey"] = self.valkey.start()
        self.prepare_database()
        return started

    def prepare_database(self) -> None:
        """Make the product's database on our server, or check the given one.

        Raises:
            ServerFailed: the given one is unreachable or too old.
        """
        if self.given_database:
            require_version(plain(self.given_database))
        elif not database_exists(self.server_url, DATABASE):
            create_database(self.server_url, DATABASE)

    def is_seeded(self) -> bool:
        """Does the migrated database hold the demo's year? Asked here to spare the start a process."""
        with psycopg.connect(plain(self.database_url)) as connection:
            row = connection.execute("SELECT seeded_at FROM installation").fetchone()
        return row is not None and row[0] is not None

    def standstill(self) -> str:
        """Why nothing is charged, and how many autopays of a backup wait for their customers; empty when all runs."""
        with psycopg.connect(plain(self.database_url)) as connection:
            row = connection.execute(
                "SELECT charging_paused, pause_reason, (SELECT count(*) FROM autopays WHERE unconfirmed_since IS NOT NULL)"
                " FROM installation"
            ).fetchone()
        paused, reason, waiting = row or (False, None, 0)
        parts = [f"paused: {reason}"] if paused else []
        return "; ".join([*parts, f"autopays that wait for their customers: {waiting}"] if waiting else parts)

    def close(self) -> None:
        """Stop what is ours; given servers are left alone."""
        if not self.given_redis:
            self.valkey.stop()
        if not self.given_database:
            self.postgres.close()

    def erase(self) -> None:
        """Stop what is ours and remove its data."""
        self.valkey.erase()
        self.postgres.erase()

    @property
    def server_url(self) -> str:
        """The database in which other databases are made."""
        return plain(self.given_database) if self.given_database else self.postgres.url("postgres")

    @property
    def database_url(self) -> str:
        """The product's database."""
        return self.given_database or self.postgres.url(DATABASE)

    @property
    def redis_url(self) -> str:
        """The product's Redis."""
        return self.given_redis or self.valkey.url()


def plain(url: str) -> str:
    """The address as libpq reads it, without SQLAlchemy's name of the driver."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def sibling(url: str, database: str) -> str:
    """The address of another database of the same server, for PostgreSQL and Redis alike."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()
