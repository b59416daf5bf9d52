"""A real sandbox as a process of its own, for any test that needs the outside world."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from portal.demo.processes import free_port
from tests.support.web import WEB

ROOT = Path(__file__).parents[2]
_STARTS_WITHIN_S = 30.0


@dataclass
class Sandbox:
    """A running sandbox: where it is, and how to end it."""

    url: str
    smtp_port: int
    state: Path
    process: subprocess.Popen[bytes]

    @property
    def api_url(self) -> str:
        """The gateway's base address."""
        return f"{self.url}/yookassa/v3"

    def reset(self) -> None:
        """Forget everything, the targets included."""
        WEB.post(f"{self.url}/control/reset", json={"targets": True}).raise_for_status()

    def stop(self) -> None:
        """End the process and wait for it."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_sandbox(
    folder: Path,
    port: int | None = None,
    smtp_port: int | None = None,
    host: str = "127.0.0.1",
    log: Path | None = None,
) -> Sandbox:
    """Start one with its state in this folder and wait until it answers.

    Raises:
        RuntimeError: it ended, or did not answer within 30 seconds.
    """
    port, smtp_port = port or free_port(), smtp_port or free_port()
    state = folder / "sandbox.sqlite"
    command = [sys.executable, "-m", "sandbox", "--host", host, "--port", str(port), "--smtp-port", str(smtp_port)]
    with (log or Path(os.devnull)).open("ab") as file:
        output = file if log else None
        process = subprocess.Popen([*command, "--state", str(state)], cwd=ROOT, stdout=output, stderr=output)
    sandbox = Sandbox(f"http://{host}:{port}", smtp_port, state, process)
    _wait_until_it_answers(sandbox)
    return sandbox


def _wait_until_it_answers(sandbox: Sandbox) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < deadline:
        if sandbox.process.poll() is not None:
            raise RuntimeError(f"the sandbox ended with code {sandbox.process.returncode}")
        try:
            WEB.get(f"{sandbox.url}/healthz", timeout=2).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    sandbox.stop()
    raise RuntimeError(f"the sandbox did not answer within {_STARTS_WITHIN_S:.0f} seconds")
