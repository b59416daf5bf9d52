"""A peer's process: what it runs on is installed once, then it does as it is told."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from bench.charges import Run
from bench.gateway import counted, gateway
from bench.report import say
from bench.stand import ROOT
from portal.demo.engines import Engines, sibling
from portal.demo.postgres import create_database

_APART = Path(__file__).parent / "apart"
_PATIENCE_S = 180
_ALONE = "-E"  # Python asks no PYTHONPATH, which may lead to the product's packages


class PeerFailed(Exception):
    """The peer was not installed, ended, or did not renew what it should have; the text says which."""


class PeerProcess:
    """A peer that waits for orders, with a database on our server and a gateway of its own."""

    def __init__(self, process: subprocess.Popen[str], log: Path, database_url: str, address: str) -> None:
        self._process, self._log, self._database_url, self._address = process, log, database_url, address
        self.name = self._answer()
        """What runs here, with its version and Django's."""

    def renew(self, number: int) -> Run:
        """Let so many subscriptions fall due, have the peer renew them, and look whether it did.

        Raises:
            PeerFailed: it did not.
        """
        due = self._tell("due", number)
        renewed, paid = self._tell("renewed"), counted(self._address)["keys"]
        self._settle()
        cpu, began = self._cpu_s(), time.monotonic()
        self._tell("renew")
        took = Run(time.monotonic() - began, self._cpu_s() - cpu)
        renewed, paid = self._tell("renewed") - renewed, counted(self._address)["keys"] - paid
        if not due == renewed == paid == number:
            raise PeerFailed(f"{due} of {number} were due, {renewed} were renewed and {paid} paid for")
        return took

    def _tell(self, word: str, number: int = 0) -> int:
        if self._process.stdin is not None and self._process.poll() is None:
            self._process.stdin.write(f"{word} {number}\n")
            self._process.stdin.flush()
        return int(self._answer())

    def _answer(self) -> str:
        patience = threading.Timer(_PATIENCE_S, self._process.kill)
        patience.start()
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        patience.cancel()
        if not line:
            last = self._log.read_text(encoding="utf-8").strip().rpartition("\n")[2]
            raise PeerFailed(f"it ended: {last}")
        return line.strip()

    def _cpu_s(self) -> float:
        used = psutil.Process(self._process.pid).cpu_times()
        return used.user + used.system

    def _settle(self) -> None:
        # As before each round of our own charges.
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")


@contextmanager
def peer(folder: str, engines: Engines) -> Iterator[PeerProcess]:
    """Install this peer unless it is there, and run it.

    Raises:
        PeerFailed: it cannot be installed, or does not start.
    """
    python = _installed(folder)
    create_database(engines.server_url, folder)
    database_url = sibling(engines.server_url, folder)
    with gateway(delay_ms=0) as address, tempfile.TemporaryDirectory() as temporary:
        log = Path(temporary) / "log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [str(python), _ALONE, str(_APART / "peer.py"), folder],
                env={**os.environ, "PEER_DATABASE_URL": database_url, "PEER_GATEWAY": address},
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        try:
            yield PeerProcess(process, log, database_url, address)
        finally:
            process.kill()
            process.communicate()


def _installed(folder: str) -> Path:
    """The Python of an environment with what the peer's lock names; a changed lock makes another."""
    lock = _APART / folder / "requirements.txt"
    edition = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = ROOT / ".kabinet" / "peers" / f"{folder}-{edition}"
    python, whole = home / "bin" / "python", home / "whole"
    if not whole.exists():
        say(f"installing {folder} …")
        shutil.rmtree(home, ignore_errors=True)
        _install(str(ROOT / "bin" / "make-venv"), sys.executable, str(home))
        pip = [str(python), _ALONE, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-compile"]
        _install(*pip, "--no-deps", "--require-hashes", "-r", str(lock))
        whole.touch()
    return python


def _install(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerFailed(f"it cannot be installed: {done.stderr.strip().rpartition(chr(10))[2]}")
