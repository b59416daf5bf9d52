"""The product in this process beside a real sandbox: time is played by both, as in the demo."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from crm_sync.part import CRM
from kernel.settings import get_settings
from payments.charging import sending
from payments.gateway import transport
from portal.demo.inline import InlineProduct
from portal.wiring import Wiring
from tests.sandbox.process import Sandbox
from tests.support.web import WEB


@dataclass
class World:
    """Our product, played inline, and the sandbox that it talks to."""

    sandbox: Sandbox
    product: InlineProduct

    def drain(self) -> None:
        """Let everything that is due now happen."""
        self.product.drain()

    def play(self, **order: str) -> dict[str, Any]:
        """Play time through (`advance="P1M"` or `to="2027-01-31"`) and return the clock's answer."""
        return self.product.play(order)

    def jump(self, duration: str) -> None:
        """Move time without playing it through: nothing of what would have happened on the way does."""
        self.product.control("clock", {"jump": duration})
        self.product.follow()

    def script(self, method_gateway_id: str, *outcomes: str) -> None:
        """What the bank will say to the next charges of a saved method."""
        body = {"payment_method_id": method_gateway_id, "outcomes": list(outcomes)}
        WEB.post(f"{self.sandbox.url}/control/outcomes", json=body).raise_for_status()

    def fail(self, **fault: object) -> None:
        """Switch a fault on."""
        WEB.post(f"{self.sandbox.url}/control/faults", json=fault).raise_for_status()

    def mend(self) -> None:
        """Switch all faults off."""
        WEB.delete(f"{self.sandbox.url}/control/faults").raise_for_status()

    def journal(self, **query: str | int) -> list[dict[str, Any]]:
        """Every call that the sandbox has seen."""
        answer = WEB.get(f"{self.sandbox.url}/control/journal", params={"limit": 10000, **query})
        answer.raise_for_status()
        entries: list[dict[str, Any]] = answer.json()["items"]
        return entries

    def letters(self, to: str | None = None) -> list[dict[str, Any]]:
        """The mailbox."""
        answer = WEB.get(f"{self.sandbox.url}/mail/messages", params={"to": to} if to else {})
        answer.raise_for_status()
        messages: list[dict[str, Any]] = answer.json()["items"]
        return messages


@contextmanager
def running_world(sandbox: Sandbox) -> Iterator[World]:
    """Point the settings at this sandbox and start with an empty one."""
    sandbox.reset()
    os.environ["KABINET_YOOKASSA_API_URL"] = sandbox.api_url
    os.environ["KABINET_SMTP_URL"] = f"smtp://127.0.0.1:{sandbox.smtp_port}"
    get_settings.cache_clear()
    sending.dispose(10)
    product = InlineProduct(sandbox.url, Wiring(CRM))
    yield World(sandbox, product)
    product.close()
    sending.dispose(10)
    transport.close()
