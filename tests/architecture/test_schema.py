"""The database's shape: one linear history, equal to the models, with every noun in the glossary."""

from __future__ import annotations

import io

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Mapper

from kernel.db import Base
from migrations.tables import all_tables
from portal.revisions import known_revisions
from tests.support.source import ROOT

GLOSSARY = ROOT / "docs" / "glossary.md"


@pytest.fixture(scope="module")
def mappers() -> list[Mapper[object]]:
    all_tables()
    return sorted(Base.registry.mappers, key=lambda mapper: mapper.class_.__name__)


def test_the_history_is_one_line() -> None:
    revisions = list(ScriptDirectory.from_config(Config(ROOT / "alembic.ini")).walk_revisions())

    assert [revision.is_branch_point or revision.is_merge_point for revision in revisions] == [False] * len(revisions)
    assert known_revisions() == tuple(revision.revision for revision in revisions), "each is named like its file"


def test_no_migration_goes_back() -> None:
    versions = (ROOT / "migrations" / "versions").glob("*.py")

    assert [path.name for path in versions if "def downgrade" in path.read_text(encoding="utf-8")] == []


def test_the_models_are_what_the_migrations_make(database: str) -> None:
    command.check(Config(ROOT / "alembic.ini", stdout=io.StringIO()))


def test_every_noun_is_in_the_glossary(mappers: list[Mapper[object]]) -> None:
    known = GLOSSARY.read_text(encoding="utf-8")

    assert [mapper.class_.__name__ for mapper in mappers if mapper.class_.__name__ not in known] == []


def test_money_columns_are_whole_kopecks(mappers: list[Mapper[object]]) -> None:
    columns = [column for mapper in mappers for column in mapper.columns if column.name.endswith("kopecks")]

    assert columns
    assert [str(column) for column in columns if column.type.python_type is not int] == []
    assert [str(column) for column in columns if "BIGINT" not in str(column.type).upper()] == []


def test_instants_are_aware_and_dates_are_dates(mappers: list[Mapper[object]]) -> None:
    wrong = [
        str(column)
        for mapper in mappers
        for column in mapper.columns
        if (column.name.endswith("_at") and not getattr(column.type, "timezone", False))
        or (column.name.endswith("_on") and str(column.type).upper() != "DATE")
    ]

    assert wrong == []
