"""Processes and ports of this machine: who is still running, who holds a port, how to end somebody."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from kernel.errors import KabinetError

LOOPBACK = "127.0.0.1"
_OURS = range(20_000, 32_000)


class PortBusy(KabinetError):
    """Another program listens on a port that we need; the text names it."""


class Server(subprocess.Popen[bytes]):
    """A program that may outlive us: to be forgotten while it runs is no mistake, as Popen would warn."""

    def __del__(self) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process by its id and start time: the pair is never given to another one."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Running | None:
        """The process that has this id now; None when there is none."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.Error:
            return None

    def process(self) -> psutil.Process | None:
        """The very same process, or None when it has ended."""
        try:
            found = psutil.Process(self.pid)
            if found.create_time() != self.started:
                return None
            if found.status() == psutil.STATUS_ZOMBIE:
                _reap(self.pid)
                return None
        except psutil.Error:
            return None
        return found

    def end(self, sign: signal.Signals, patience: float) -> None:
        """Send the signal, wait up to `patience` seconds, then kill the whole group."""
        process = self.process()
        if process is not None:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(sign)
            self.end_by(time.monotonic() + patience)

    def end_by(self, deadline: float) -> None:
        """Wait for its end until `deadline` of the monotonic clock, then kill it with its whole group."""
        process = self.process()
        if process is None:
            return
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except psutil.TimeoutExpired:
            _kill_group(self.pid)
            with suppress(psutil.TimeoutExpired):
                process.wait(5)


def running_from(pidfile: Path, program: str) -> Running | None:
    """The process whose id stands on the first line of `pidfile`, if it still runs and is `program`."""
    try:
        pid = int(pidfile.read_text(encoding="utf-8").split("\n", 1)[0])
        name = psutil.Process(pid).name()
    except (OSError, ValueError, psutil.Error):
        return None
    return Running.of(pid) if name.startswith(program[:15]) else None


def free_port() -> int:
    """A TCP port of the loopback that nobody uses at this moment, and that no outgoing connection takes before we do.

    The system gives outgoing connections ports from 32768 on (macOS: 49152), and took some that were free a moment ago.
    """
    while True:
        port = secrets.choice(_OURS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port


def require_free(port: int, purpose: str) -> None:
    """Check that we can listen on a port.

    Raises:
        PortBusy: naming the port, what it is for and who holds it.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise PortBusy(f"port {port} ({purpose}) cannot be used: {_owner(port) or error.strerror}") from error


def _owner(port: int) -> str | None:
    try:
        held = [item for item in psutil.net_connections("tcp") if item.laddr and item.laddr.port == port and item.pid]
        process = psutil.Process(held[0].pid)
        return f"held by {process.name()}, process {process.pid}"
    except (psutil.Error, IndexError):
        return None


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
