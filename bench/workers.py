"""The product's worker processes, and what they cost."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil

from bench.stand import ROOT

_PATIENCE_S = 80
_MB = 1024
_WORTH_READING = re.compile(r'"level": "(warning|error|critical)"')


class Processes:
    """Processes that belong together; what they have used so far."""

    def __init__(self, commands: list[list[str]], log: IO[bytes], **environment: str) -> None:
        everything = {**os.environ, "KABINET_LOG_LEVEL": "INFO", **environment}
        self._started = [
            subprocess.Popen(command, cwd=ROOT, env=everything, stdout=log, stderr=log) for command in commands
        ]

    def cpu_s(self) -> float:
        """Seconds of processor time of all of them together."""
        used = [psutil.Process(process.pid).cpu_times() for process in self._started]
        return sum(times.user + times.system for times in used)

    def peak_mb(self) -> float:
        """The most memory that one of them has held at a time, MB resident."""
        return max(_peak_kb(process.pid) for process in self._started) / _MB

    def stop(self) -> None:
        """Ask them to end, and wait."""
        for process in self._started:
            process.terminate()
        for process in self._started:
            process.wait(_PATIENCE_S)


@contextmanager
def workers(count: int, *, gateway: str, concurrency: int) -> Iterator[Processes]:
    """So many `kabinet worker` at this gateway, each with so many calls at a time; they log as in production."""
    settings = {"KABINET_YOOKASSA_API_URL": gateway, "KABINET_GATEWAY_CONCURRENCY": str(concurrency)}
    yield from _running([[sys.executable, "-m", "portal.cli", "worker"]] * count, settings)


@contextmanager
def running(*command: str, **environment: str) -> Iterator[Processes]:
    """One process of this command line of Python's."""
    yield from _running([[sys.executable, *command]], environment)


def _running(commands: list[list[str]], environment: dict[str, str]) -> Iterator[Processes]:
    with tempfile.TemporaryFile() as log:
        started = Processes(commands, log, **environment)
        try:
            yield started
        except Exception:
            log.seek(0)
            sys.stderr.writelines(line for line in log.read().decode().splitlines(True) if _WORTH_READING.search(line))
            raise
        finally:
            started.stop()


def _peak_kb(pid: int) -> int:
    # psutil does not tell the peak.
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise RuntimeError("no VmHWM in /proc")
