"""Bringing the tables of a database to the revision of this code."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

_ROOT = Path(__file__).parent.parent


def migrate() -> None:
    """Migrate the database of the settings, whatever the current folder is."""
    command.upgrade(Config(str(_ROOT / "alembic.ini")), "head")
