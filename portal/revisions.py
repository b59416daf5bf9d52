"""Which revision of the tables the database has, and whether this code may work on it.

Every process asks when it starts. Alembic, which makes the tables, is not loaded for that: 7 MB, and every migration.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, text

_VERSIONS = Path(__file__).parent.parent / "migrations" / "versions"


@lru_cache(maxsize=1)
def known_revisions() -> tuple[str, ...]:
    """The revisions of this code, the one that it was written for first. Each is named like its file, in their order."""
    return tuple(sorted((file.stem for file in _VERSIONS.glob("*.py")), reverse=True))


def is_migrated(connection: Connection) -> bool:
    """Whether this code may work on the database: it stands at our revision, or at one of a later version.

    A revision that we do not know is a later one: migrations go forward only, and each keeps the code before it working.
    """
    revision = _revision(connection)
    return revision is not None and revision not in known_revisions()[1:]


def is_ahead(connection: Connection) -> bool:
    """Whether a later version has migrated the database; there is nothing that this one could add."""
    revision = _revision(connection)
    return revision is not None and revision not in known_revisions()


def _revision(connection: Connection) -> str | None:
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is None:
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found
