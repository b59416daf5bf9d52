"""Where measurements run: PostgreSQL and Valkey of their own, and the settings that the product needs to start."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kernel import broker, db
from kernel.settings import get_settings
from payments.installation.setup import Company
from portal.demo.engines import Engines

ROOT = Path(__file__).parents[1]
COMPANY = Company(brand="Тёплый контур", legal_name="ООО «Тёплый контур»", inn="5000123456")
_NOWHERE = "127.0.0.1:9"
_SETTINGS = {
    "KABINET_MODE": "test",
    "KABINET_SECRET_KEY": "bench-" * 8,
    "KABINET_ENCRYPTION_KEY": "YS1rZXktZm9yLXRlc3RzLW9mLTMyLWJ5dGVzLWxvbmc=",
    "KABINET_BASE_URL": "http://localhost:8000",
    "KABINET_YOOKASSA_SHOP_ID": "100500",
    "KABINET_YOOKASSA_SECRET_KEY": "test_sandbox",
    "KABINET_YOOKASSA_API_URL": f"http://{_NOWHERE}/v3",
    "KABINET_SMTP_URL": f"smtp://{_NOWHERE}",
    "KABINET_MAIL_FROM": "kabinet@example.com",
    "KABINET_LOG_LEVEL": "WARNING",
}


@contextmanager
def servers(*, durable: bool = False) -> Iterator[Engines]:
    """A PostgreSQL and a Valkey that are erased at the end; the environment gets the settings.

    A `durable` PostgreSQL waits for the disk at each commit, as in production: where commits are measured.
    """
    folder = Path(tempfile.mkdtemp(prefix="kabinet-bench-"))
    folder.chmod(0o711)  # PostgreSQL of root runs as an account that must walk through
    engines = Engines(folder, database_options={"fsync": "on" if durable else "off", "shared_buffers": "256MB"})
    os.environ.update(_SETTINGS)
    try:
        engines.start()
        os.environ["KABINET_REDIS_URL"] = engines.redis_url
        yield engines
    finally:
        db.dispose()
        broker.dispose()
        engines.erase()
        shutil.rmtree(folder, ignore_errors=True)


def use(url: str) -> None:
    """Work with this database from now on."""
    os.environ["KABINET_DATABASE_URL"] = url
    get_settings.cache_clear()
    db.dispose()
    broker.dispose()
