"""The product's own processes, started and killed by tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def running(name: str, *options: str, faults: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """`kabinet <name> <options>` with the settings of the moment; with `faults` (`point=kill`) it dies at that point."""
    environment = {**os.environ, "KABINET_FAULTS": faults, "KABINET_LOG_LEVEL": "ERROR"}
    process = subprocess.Popen([sys.executable, "-m", "portal.cli", name, *options], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def killed(name: str, *, at: str) -> None:
    """Start the process and wait until it has killed itself at this point."""
    with running(name, faults=f"{at}=kill") as process:
        assert process.wait(60) == -9
