"""The sandbox's SQLite file: one connection, one writer, short calls."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_SCHEMA = Path(__file__).with_name("schema.sql")

_TUNING = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16000",
)


class Store:
    """One connection used by the event loop alone, so that a block of calls without `await` is atomic."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it and its folder when absent."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
        self._connection.row_factory = sqlite3.Row
        # SQLite's own LIKE knows small and capital letters of ASCII alone.
        self._connection.create_function("casefold", 1, _casefold, deterministic=True)
        for pragma in _TUNING:
            self._connection.execute(pragma)
        self._connection.executescript(_SCHEMA.read_text("utf-8"))

    def run(self, sql: str, *values: object) -> sqlite3.Cursor:
        """Execute one statement."""
        return self._connection.execute(sql, values)

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        """The first row, or None."""
        row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """All rows."""
        return self._connection.execute(sql, values).fetchall()

    def number(self, sql: str, *values: object) -> int:
        """The single integer that a count or a sum gives; an SQL NULL counts as 0."""
        return int(self._connection.execute(sql, values).fetchone()[0] or 0)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; inside another transaction, a part of it."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A part of a transaction that, when it fails, is undone alone."""
        self._connection.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK TO attempt")
            self._connection.execute("RELEASE attempt")
            raise
        self._connection.execute("RELEASE attempt")

    def close(self) -> None:
        """Close the file; the write-ahead log is folded in."""
        self._connection.close()


def _casefold(value: object) -> str | None:
    return None if value is None else str(value).casefold()
