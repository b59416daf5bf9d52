"""Keeps programs running and ends them in order. Nothing outlives it: see portal/demo/warden.py."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kernel.errors import KabinetError
from portal.demo import roster, warden
from portal.demo.processes import Running, Server
from portal.demo.roster import Member

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
# Who lived this long has recovered: its next fall is a first one again.
RECOVERED = 60.0
TICK = 0.1
COMMAND_PATIENCE = 10.0


class ProgramFailed(KabinetError):
    """A program of the demo does not stay up; the text ends with the last lines of its log."""


@dataclass
class Program:
    """One program of the demo and how it has fared."""

    name: str
    start: Callable[[], Running]
    stage: int
    log: Path
    signal: int = signal.SIGTERM
    patience: float = 10.0
    running: Running | None = None
    falls: int = 0
    started: float = 0.0
    restart_at: float = 0.0

    def up(self) -> bool:
        """Does it run?"""
        return self.running is not None and self.running.process() is not None

    def last_words(self) -> str:
        """The end of its log."""
        return last_words(self.name, self.log)


@dataclass
class Keeper:
    """The programs in the order in which they were started."""

    file: Path
    say: Callable[[str], None]
    programs: list[Program] = field(default_factory=list)
    stopping: bool = False
    _command: Member | None = None
    _warden: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """End what an earlier supervisor may have left behind, and set the warden over what comes."""
        roster.end_in_order(roster.read(self.file), patience=warden.PATIENCE)
        roster.write(self.file, [])
        self._warden = warden.start(self.file)

    def add(self, program: Program) -> None:
        """Start a program and keep it running from now on."""
        self._start(program)
        self.programs.append(program)
        self._keep_roster()

    def run(
        self, name: str, arguments: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: Path | None
    ) -> int:
        """Run a module of ours to its end while the programs are kept up; its output goes to `log` or to the terminal.

        Answers its exit code. When asked to stop meanwhile, ends it too.
        """
        process = _spawn(arguments, cwd=cwd, environment=environment, log=log)
        started = Running.of(process.pid)
        self._command = Member(name, started, roster.APPS) if started else None
        self._keep_roster()
        self.wait(lambda: process.poll() is not None)
        if started is not None:
            started.end(signal.SIGTERM, COMMAND_PATIENCE)
        self._command = None
        self._keep_roster()
        return process.wait()

    def tend(self) -> None:
        """Start again what has fallen, each time after a longer pause."""
        now = time.monotonic()
        for program in self.programs:
            if program.up():
                continue
            if program.running is not None:
                self._note_fall(program, now)
            if now >= program.restart_at:
                self._restart(program)

    def wait(self, done: Callable[[], bool] = lambda: False, *, patience: float | None = None, falls: int = 0) -> bool:
        """Tend until `done`, until asked to stop, or until `patience` seconds are over; answers whether it is done.

        Raises:
            ProgramFailed: a program fell more than `falls` times, when a number is given.
        """
        deadline = time.monotonic() + patience if patience is not None else None
        while not self.stopping and (deadline is None or time.monotonic() < deadline):
            self.tend()
            fallen = [program for program in self.programs if falls and program.falls > falls]
            if fallen:
                raise ProgramFailed(fallen[0].last_words())
            if done():
                return True
            time.sleep(TICK)
        return False

    def close(self) -> None:
        """End all in order: applications, sandbox, Valkey, PostgreSQL; then the warden."""
        roster.end_in_order(self._members())
        self.file.unlink(missing_ok=True)
        if self._warden is not None and self._warden.stdin is not None:
            self._warden.stdin.close()
            self._warden.wait(5)

    def heed_signals(self) -> None:
        """From now on Ctrl-C and SIGTERM ask to stop; a second one ends the applications at once."""
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, self._asked)

    def _asked(self, _sign: int, _frame: object) -> None:
        if self.stopping:
            for program in self.programs:
                if program.stage == roster.APPS and program.running is not None:
                    program.running.end(signal.SIGKILL, 1.0)
        self.stopping = True

    def _note_fall(self, program: Program, now: float) -> None:
        program.falls = 1 if now - program.started > RECOVERED else program.falls + 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (program.falls - 1))
        program.running, program.restart_at = None, now + pause
        self.say(f"{program.name} ended, starting it again in {pause:g} s (its log: {program.log})")

    def _restart(self, program: Program) -> None:
        try:
            self._start(program)
        except KabinetError as error:
            program.restart_at = time.monotonic() + LONGEST_PAUSE
            self.say(f"{program.name} does not start: {error}")
        self._keep_roster()

    def _start(self, program: Program) -> None:
        program.running = program.start()
        program.started = time.monotonic()

    def _keep_roster(self) -> None:
        roster.write(self.file, self._members())

    def _members(self) -> list[Member]:
        members = [
            Member(program.name, program.running, program.stage, program.signal, program.patience)
            for program in self.programs
            if program.running is not None
        ]
        return [*members, self._command] if self._command else members


def last_words(name: str, log: Path) -> str:
    """What a program that ended said last."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return "\n".join([f"{name} ended; the end of {log}:", *text.splitlines()[-15:]])


def python_program(
    name: str, arguments: Sequence[str], *, log: Path, cwd: Path, environment: Mapping[str, str]
) -> Program:
    """A module of ours as a program, in a session of its own so that Ctrl-C reaches only the supervisor."""

    def start() -> Running:
        process = _spawn(arguments, cwd=cwd, environment=environment, log=log)
        started = Running.of(process.pid)
        if started is None:
            raise ProgramFailed(f"{name} did not start")
        return started

    return Program(name, start, roster.APPS, log)


def _spawn(arguments: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: Path | None) -> Server:
    output = log.open("ab") if log else None
    try:
        return Server(
            [sys.executable, "-m", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            env=dict(environment),
            start_new_session=True,
        )
    finally:
        if output:
            output.close()
