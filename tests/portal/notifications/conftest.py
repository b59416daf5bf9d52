"""A mail server that keeps what it gets and fails when told to: the sandbox, empty before each test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from kernel.settings import get_settings
from tests.sandbox.process import Sandbox, start_sandbox
from tests.support.web import WEB


@dataclass
class Mailbox:
    """What the mail server keeps, and its faults."""

    sandbox: Sandbox

    @property
    def letters(self) -> list[dict[str, Any]]:
        """Letters, oldest first; `copies` counts how often the same Message-ID came."""
        answer = WEB.get(f"{self.sandbox.url}/mail/messages").raise_for_status()
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def fail(self, kind: str, times: int | None = None) -> None:
        """Switch a fault on, for so many letters or for good."""
        rule = {"system": "mail", "kind": kind, "times": times}
        WEB.post(f"{self.sandbox.url}/control/faults", json=rule).raise_for_status()

    def mend(self) -> None:
        """Switch all faults off."""
        WEB.delete(f"{self.sandbox.url}/control/faults").raise_for_status()


@pytest.fixture(scope="session")
def mail_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = start_sandbox(tmp_path_factory.mktemp("mail"))
    yield sandbox
    sandbox.stop()


@pytest.fixture
def mailbox(mail_server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """An empty mailbox that the settings point to, in this process and in those that it starts."""
    mail_server.reset()
    monkeypatch.setenv("KABINET_SMTP_URL", f"smtp://127.0.0.1:{mail_server.smtp_port}")
    get_settings.cache_clear()
    yield Mailbox(mail_server)
    monkeypatch.undo()
    get_settings.cache_clear()
