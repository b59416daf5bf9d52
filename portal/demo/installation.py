"""What one demo consists of: its folder, its ports, its secrets and the environment that its programs run in."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from portal.demo.processes import LOOPBACK

ROOT = Path(__file__).resolve().parents[2]
CUSTOMER = "anna@example.com"
STAFF = "staff@example.com"
# The owner's colleagues, with the owner's password: what a role may do is best seen by coming in with it.
COLLEAGUES = (
    ("manager@example.com", "Олег Ветров", "manager"),
    ("accountant@example.com", "Нина Серова", "accountant"),
    ("viewer@example.com", "Павел Лунин", "viewer"),
)
# Of the caller's own settings these hold in the demo too; all others it sets itself.
KEPT = ("KABINET_LOG_LEVEL", "KABINET_BUSINESS_TZ")


@dataclass(frozen=True)
class Place:
    """The demo of this source tree."""

    port: int
    sandbox_port: int
    smtp_port: int
    folder: Path

    @property
    def base_url(self) -> str:
        """The cabinet's address. Its host differs from the sandbox's, so that cross-site mistakes show."""
        return f"http://localhost:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """The sandbox's address."""
        return f"http://{LOOPBACK}:{self.sandbox_port}"

    @property
    def run(self) -> Path:
        """Where the running demo keeps its lock and its list of programs."""
        return self.folder / "run"

    @property
    def logs(self) -> Path:
        """Where its programs write what they say."""
        return self.folder / "log"

    def prepare(self) -> None:
        """Make the folders. Others may walk through, because PostgreSQL of root runs as an account of its own."""
        self.folder.mkdir(mode=0o711, exist_ok=True)
        self.run.mkdir(mode=0o700, exist_ok=True)
        self.logs.mkdir(mode=0o700, exist_ok=True)

    @cached_property
    def secrets(self) -> dict[str, str]:
        """Keys and passwords of this demo, drawn at its first start and kept."""
        file = self.folder / "secrets.json"
        kept: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        # A demo begun with an earlier version lacks the newer ones.
        missing = {name: draw() for name, draw in _SECRETS.items() if name not in kept}
        if missing:
            kept |= missing
            _write_private(file, json.dumps(kept))
        return kept

    @property
    def webhook_url(self) -> str:
        """Where the sandbox sends payment notifications."""
        return f"{self.base_url}/webhooks/yookassa/{self.secrets['webhook_secret']}"

    def environment(self, database_url: str, redis_url: str) -> dict[str, str]:
        """The settings of the product's programs."""
        return {name: os.environ[name] for name in KEPT if name in os.environ} | {
            "KABINET_MODE": "demo",
            "KABINET_DATABASE_URL": database_url,
            "KABINET_REDIS_URL": redis_url,
            "KABINET_SECRET_KEY": self.secrets["secret_key"],
            "KABINET_ENCRYPTION_KEY": self.secrets["encryption_key"],
            "KABINET_BASE_URL": self.base_url,
            "KABINET_YOOKASSA_SHOP_ID": "100500",
            "KABINET_YOOKASSA_SECRET_KEY": "test_sandbox",
            "KABINET_YOOKASSA_API_URL": f"{self.sandbox_url}/yookassa/v3",
            "KABINET_YOOKASSA_WEBHOOK_SECRET": self.secrets["webhook_secret"],
            "KABINET_YOOKASSA_WEBHOOK_IPS": f"{LOOPBACK}/32,::1/128",
            "KABINET_SMTP_URL": f"smtp://{LOOPBACK}:{self.smtp_port}",
            "KABINET_MAIL_FROM": "kabinet@example.com",
            "KABINET_CLOCK_URL": self.sandbox_url,
        }

    def keep_environment(self, environment: dict[str, str]) -> None:
        """Write the settings for a person's shell: `. .kabinet/env && .venv/bin/kabinet doctor`."""
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()]
        _write_private(self.folder / "env", "".join(lines))


_SECRETS: dict[str, Callable[[], str]] = {
    "secret_key": lambda: secrets.token_urlsafe(36),
    "encryption_key": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "webhook_secret": lambda: secrets.token_urlsafe(18),
    "customer_password": lambda: secrets.token_urlsafe(9),
    "staff_password": lambda: secrets.token_urlsafe(9),
}


def _write_private(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
