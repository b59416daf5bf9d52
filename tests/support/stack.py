"""The whole product as it runs in a demo: web, worker and scheduler as processes, beside a sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from kernel.db import begin
from kernel.settings import get_settings
from payments.installation.setup import ensure_installation
from portal.demo import acting
from portal.demo.processes import free_port
from tests.sandbox.process import Sandbox
from tests.support.web import WEB

ROOT = Path(__file__).parents[2]
STAFF = "staff@example.com"
PASSWORD = "correct-horse-battery"
_READY_S = 90.0


@dataclass
class Stack:
    """A running product: where it is, and what plays its outside world."""

    base_url: str
    sandbox: Sandbox
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, name: str, *arguments: str) -> None:
        """Start one of the product's processes with the settings of the moment."""
        command = [sys.executable, "-m", "portal.cli", name, *arguments]
        self.processes.append(subprocess.Popen(command, cwd=ROOT, env={**os.environ, "KABINET_LOG_LEVEL": "ERROR"}))

    def stop(self) -> None:
        """End all processes and wait for them."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def control(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        """Tell the sandbox something: time, outcomes, faults."""
        answer = WEB.post(f"{self.sandbox.url}/control/{what}", json=body, timeout=600)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def items(self, path: str, **query: str | int) -> list[dict[str, Any]]:
        """A list of the sandbox: /control/journal, /mail/messages."""
        answer = WEB.get(f"{self.sandbox.url}{path}", params=query)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def letters(self, to: str) -> list[str]:
        """The subjects of the letters to this address, oldest first."""
        found = sorted(self.items("/mail/messages", to=to), key=lambda letter: int(letter["id"]))
        return [str(letter["subject"]) for letter in found]

    def letter(self, to: str, subject: str) -> str:
        """The plain text of the newest letter to this address with this in its subject; waits for it."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            for letter in sorted(self.items("/mail/messages", to=to), key=lambda item: -int(item["id"])):
                if subject in letter["subject"]:
                    return str(letter["text"])
            time.sleep(0.2)
        raise AssertionError(f"no letter {subject!r} to {to}: {self.letters(to)}")


def start_stack(sandbox: Sandbox, *, crm_url: str = "") -> Stack:
    """Start the product against this sandbox on the database and the Redis of the settings, with an empty company.

    `crm_url`: where the CRM is asked, if not at the sandbox itself.
    """
    port = free_port()
    base_url = f"http://localhost:{port}"
    os.environ |= {
        "KABINET_BASE_URL": base_url,
        "KABINET_YOOKASSA_API_URL": sandbox.api_url,
        "KABINET_BITRIX24_URL": crm_url or f"{sandbox.url}/bitrix24/rest/1/demo/",
        "KABINET_SMTP_URL": f"smtp://127.0.0.1:{sandbox.smtp_port}",
        "KABINET_CLOCK_URL": sandbox.url,
    }
    get_settings.cache_clear()
    with begin() as session:
        ensure_installation(session, get_settings())
        acting.open_shop(session)
        acting.add_login(session, email=STAFF, name="Ирина Мельник", password=PASSWORD, staff_role="owner")
    stack = Stack(base_url, sandbox)
    stack.control("targets", {"yookassa_url": f"{base_url}/webhooks/yookassa/{get_settings().yookassa_webhook_secret}"})
    stack.start("serve", "--port", str(port))
    stack.start("worker")
    stack.start("scheduler")
    _wait_until_ready(stack)
    return stack


def _wait_until_ready(stack: Stack) -> None:
    until = time.monotonic() + _READY_S
    answer = "no answer"
    while time.monotonic() < until:
        try:
            response = WEB.get(f"{stack.base_url}/readyz", timeout=5)
            answer = response.text
            if response.status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    stack.stop()
    raise RuntimeError(f"not ready after {_READY_S} s: {answer}")
