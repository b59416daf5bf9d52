"""Several machines on this one: network namespaces on a bridge, made by the run and taken away by it.

With one host everything is on the loopback and nothing is made.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import psycopg

from kernel.errors import KabinetError
from portal.demo.engines import DATABASE, Engines
from portal.demo.postgres import SOCKET_PORT
from portal.demo.processes import LOOPBACK

HOME = "10.77.0.1"
_NETWORK = "10.77.0.0/24"
_BRIDGE = "kabinet0"
# The names of bridge and namespaces are the machine's: one run at a time has them. Root's alone, as they are.
_LOCK = Path("/run/kabinet-hosts.lock")
_ADDRESSES = {"web": "10.77.0.2", "a": "10.77.0.3", "b": "10.77.0.4"}


class NoHosts(KabinetError):
    """This machine does not let the run make hosts; the text says why."""


@dataclass
class Network:
    """The hosts of a run. Their names: web (with the scheduler), a and b (the workers)."""

    hosts: int
    _lock: IO[str] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self._many:
            _require_leave()
            self._lock = hold(_LOCK)
            try:
                self._make()
            except NoHosts:
                self.close()
                raise

    @property
    def _many(self) -> bool:
        return self.hosts > 1

    @property
    def home(self) -> str:
        """Where the servers and the sandbox listen."""
        return HOME if self._many else LOOPBACK

    @property
    def web(self) -> str:
        """Where the cabinet is reached."""
        return _ADDRESSES["web"] if self._many else "localhost"

    @property
    def listen(self) -> str:
        """Where the web process listens."""
        return "0.0.0.0" if self._many else LOOPBACK

    def prefix(self, host: str) -> tuple[str, ...]:
        """What puts a command onto a host."""
        return ("ip", "netns", "exec", f"kabinet-{host}") if self._many else ()

    def database_options(self) -> dict[str, str]:
        """Settings of PostgreSQL: with hosts it listens on the bridge, for a unix socket would cross a cut."""
        return {"listen_addresses": HOME} if self._many else {}

    def admit(self, engines: Engines) -> None:
        """Let the hosts into the database."""
        if self._many:
            rules = engines.postgres.place / "data" / "pg_hba.conf"
            with rules.open("a", encoding="utf-8") as file:
                file.write(f"host all all {_NETWORK} trust\n")
            with psycopg.connect(engines.server_url, autocommit=True) as connection:
                connection.execute("SELECT pg_reload_conf()")

    def addresses(self, engines: Engines) -> tuple[str, str]:
        """The database and the Redis as the product's processes reach them."""
        if not self._many:
            return engines.database_url, engines.redis_url
        return f"postgresql://postgres@{HOME}:{SOCKET_PORT}/{DATABASE}", engines.redis_url

    def seen_from_hosts(self, value: str) -> str:
        """A setting with the loopback's addresses replaced by those on the bridge."""
        if not self._many:
            return value
        if "/32" in value:
            return f"{value},{_NETWORK}"
        host = urlsplit(value).hostname
        return value.replace(str(host), self.web if host == "localhost" else HOME) if host in _LOCAL else value

    def cut(self, host: str) -> None:
        """Pull the cable of a host."""
        _ip("link", "set", f"kb-{host}", "down")

    def mend(self, host: str) -> None:
        """Put the cable back."""
        _ip("link", "set", f"kb-{host}", "up")

    def close(self) -> None:
        """Take the hosts away."""
        if self._lock:
            _clear()
            self._lock.close()
            self._lock = None

    def _make(self) -> None:
        _clear()
        _ip("link", "add", _BRIDGE, "type", "bridge")
        _ip("addr", "add", f"{HOME}/24", "dev", _BRIDGE)
        _ip("link", "set", _BRIDGE, "up")
        for host, address in _ADDRESSES.items():
            namespace, cable = f"kabinet-{host}", f"kb-{host}"
            _ip("netns", "add", namespace)
            _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", namespace)
            _ip("link", "set", cable, "master", _BRIDGE, "up")
            _ip("-n", namespace, "addr", "add", f"{address}/24", "dev", "eth0")
            _ip("-n", namespace, "link", "set", "eth0", "up")
            _ip("-n", namespace, "link", "set", "lo", "up")


_LOCAL = ("localhost", LOOPBACK)


def hold(path: Path) -> IO[str]:
    """A lock that is held until the file is closed, at the latest by the end of this process.

    Raises:
        NoHosts: another run holds it.
    """
    lock = path.open("a", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise NoHosts(
            "HOSTS: another run has its hosts on this machine; wait for its end or run with HOSTS=1"
        ) from None
    return lock


def _require_leave() -> None:
    if os.geteuid() != 0:
        raise NoHosts("HOSTS: network namespaces need root; run it as root or with HOSTS=1")
    if shutil.which("ip") is None:
        raise NoHosts("HOSTS: the program ip is missing: apt-get install iproute2")


def _clear() -> None:
    for host in _ADDRESSES:
        _quietly("netns", "del", f"kabinet-{host}")
        _quietly("link", "del", f"kb-{host}")
    _quietly("link", "del", _BRIDGE)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoHosts(f"HOSTS: this machine refuses `ip {' '.join(arguments)}`: {done.stderr.strip()}")


def _quietly(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], capture_output=True, check=False)
