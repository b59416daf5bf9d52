"""The product's processes, kept running: who dies is started again at once, with the next fault points armed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from kernel.fault import LOG_VARIABLE, VARIABLE
from portal.demo import roster, warden
from portal.demo.processes import Running
from portal.demo.roster import Member
from tests.crash.harness.births import Nursery
from tests.crash.harness.record import Record

_TICK_S = 0.1
_PATIENCE_S = 20.0


@dataclass
class Program:
    """One process of the product, and the nursery of its host. `log_from`: how long the points' log was at its birth."""

    name: str
    role: str
    arguments: Sequence[str]
    host: str = ""
    pid: int = 0
    log_from: int = 0
    nursery: Nursery | None = None
    paused: bool = False
    cut_off: bool = False

    @property
    def code(self) -> int | None:
        """With which code it ended; None while it runs."""
        return self.nursery.code(self.pid) if self.nursery else 0

    def alive(self) -> bool:
        """Does it run?"""
        return self.pid > 0 and self.code is None

    def send(self, sign: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, sign)

    def worker_name(self) -> str:
        """What the process calls itself in the rows it has in hand."""
        return f"{socket.gethostname()}:{self.pid}"


@dataclass
class Programs:
    """The supervisor of a run. `arm` says with which fault points a role is started; `on_death` is told of each end."""

    record: Record
    folder: Path
    environment: Mapping[str, str]
    arm: Callable[[str], str] = lambda _role: ""
    on_death: Callable[[Program, str], None] = lambda _program, _point: None
    all: list[Program] = field(default_factory=list)
    engines: dict[str, Running] = field(default_factory=dict)
    prefix: Callable[[str], Sequence[str]] = lambda _host: ()
    _nurseries: dict[str, Nursery] = field(default_factory=dict)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _warden: subprocess.Popen[bytes] | None = None
    _thread: threading.Thread | None = None

    @property
    def _roster(self) -> Path:
        return self.folder / "programs.json"

    @property
    def points_log(self) -> Path:
        """Where a process writes the point at which it kills itself."""
        return self.folder / "points.log"

    def open(self) -> None:
        """Set the warden over what comes, so that nothing outlives this process."""
        roster.write(self._roster, [])
        self._warden = warden.start(self._roster)

    def engine(self, name: str, running: Running) -> None:
        """A server of ours was started (again)."""
        self.engines[name] = running
        self._keep_roster()

    def start(self, programs: Sequence[Program]) -> None:
        """Start these and keep them running from now on."""
        for program in programs:
            self._spawn(program)
            self.all.append(program)
        if self._thread is None:
            self._thread = threading.Thread(target=self._tend_forever, name="supervisor", daemon=True)
            self._thread.start()

    def of(self, role: str) -> list[Program]:
        """The programs of one role."""
        return [program for program in self.all if program.role == role]

    def stop(self) -> None:
        """End the product's processes as a supervisor does on a stop: politely first."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        for program in self.all:
            program.send(signal.SIGCONT)
            program.send(signal.SIGTERM)
        until = time.monotonic() + _PATIENCE_S
        while any(program.alive() for program in self.all) and time.monotonic() < until:
            time.sleep(_TICK_S)
        for program in self.all:
            program.send(signal.SIGKILL)
        for nursery in self._nurseries.values():
            nursery.close()

    def close(self) -> None:
        """Send the warden home."""
        if self._warden is not None and self._warden.stdin is not None:
            self._warden.stdin.close()
            self._warden.wait()

    def _tend_forever(self) -> None:
        while not self._stopping.wait(_TICK_S):
            for program in self.all:
                if not program.alive():
                    self._restart(program)

    def _restart(self, program: Program) -> None:
        code = program.code
        point = point_of(self.points_log, program.pid, program.log_from)
        self.record.note("died", program.name, f"at {point}" if point else f"code {code}")
        if point:
            self.record.note("point", point, program.name)
        elif code not in (0, -signal.SIGKILL, -signal.SIGTERM):
            # Most often a process that was born while the database was away.
            self.record.note("fell", program.name, f"code {code}")
        self.on_death(program, point)
        program.paused = False
        self._spawn(program)

    def log_of(self, name: str) -> Path:
        """Where a program writes what it says."""
        return self.folder / "log" / f"{name}.log"

    def _spawn(self, program: Program) -> None:
        armed = self.arm(program.role)
        environment = {**self.environment, VARIABLE: armed, LOG_VARIABLE: str(self.points_log)}
        if program.host not in self._nurseries:
            prefix, log = self.prefix(program.host), self.log_of("nursery")
            self._nurseries[program.host] = Nursery(prefix, self.environment, log)
        program.nursery = self._nurseries[program.host]
        program.log_from = self.points_log.stat().st_size if self.points_log.exists() else 0
        program.pid = program.nursery.bear(program.name, program.arguments, environment, self.log_of(program.name))
        self._keep_roster()

    def _keep_roster(self) -> None:
        with self._lock:
            born = [(program.name, program.pid) for program in self.all if program.alive()]
            born += [("nursery", nursery.pid) for nursery in self._nurseries.values()]
            members = [
                Member(name, running, roster.APPS) for name, pid in born if (running := Running.of(pid)) is not None
            ]
            servers = [Member(name, running, _STAGES[name]) for name, running in self.engines.items()]
            roster.write(self._roster, [*members, *servers])


def point_of(log: Path, pid: int, log_from: int) -> str:
    """At which point a process killed itself, empty if at none; its number may have been another's before `log_from`."""
    if not log.exists():
        return ""
    lines = [line.split() for line in log.read_bytes()[log_from:].decode().splitlines()]
    return next((line[1] for line in reversed(lines) if int(line[0]) == pid), "")


_STAGES = {"sandbox": roster.SANDBOX, "valkey": roster.VALKEY, "postgres": roster.POSTGRES}


def own_environment() -> dict[str, str]:
    """This process's environment without settings of the product: those are the run's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KABINET_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)  # a process that starts every few seconds must not compile each time
    return kept | {"PYTHONUNBUFFERED": "1"}
