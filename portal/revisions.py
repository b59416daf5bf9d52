"""Which revision of the tables the database has, and whether this code may work on it.

Every process asks when it starts. Alembic, which makes the tables, is not loaded for that: 7 MB, and every migration.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, text

from kernel.errors import Refused

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


def require_tables(connection: Connection) -> None:
    """Refuse a database that holds none of our tables, as a wrong address does.

    Raises:
        Refused: there are none.
    """
    if not _has_tables(connection):
        raise Refused(
            "в этой базе нет таблиц Кабинета: проверьте KABINET_DATABASE_URL или сначала выполните `kabinet migrate`"
        )


def require_same(connection: Connection) -> None:
    """Refuse a database that is not of this very version: what is read there would mean something else.

    Raises:
        Refused: it has no tables, or those of another version.
    """
    require_tables(connection)
    if is_ahead(connection):
        raise Refused("база данных новее программы: обновите программу")
    if not is_migrated(connection):
        raise Refused("база данных старше программы: сначала выполните `kabinet migrate`")


def _has_tables(connection: Connection) -> bool:
    return connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is not None


def _revision(connection: Connection) -> str | None:
    if not _has_tables(connection):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found
