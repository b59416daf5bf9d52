"""A database of one test after another: emptied between them, and copied anew only when a test changed its schema.

To copy the template costs a tenth of a second and a cold cache, to empty what a test wrote a tenth of that.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from tests.support.servers import Servers, our_backends

# Deleted rows are never vacuumed here: after so many tests a copy is quicker.
_TESTS_A_COPY = 60

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
# Every change of a schema adds, removes or rewrites a row of one of these.
_SCHEMA = " UNION ALL ".join(
    f"SELECT '{it}', count(*), max(xmin::text::bigint) FROM {it}"
    for it in (
        "pg_attrdef",
        "pg_attribute",
        "pg_class",
        "pg_constraint",
        "pg_extension",
        "pg_index",
        "pg_namespace",
        "pg_proc",
        "pg_trigger",
        "pg_type",
    )
)
# The idle connections of this process's own pool are kept.
_OTHERS_END = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND NOT (state = 'idle' AND pid = ANY(%s))
"""
_NUMBERS = "SELECT schemaname, sequencename, start_value, last_value FROM pg_sequences ORDER BY 1, 2"


@dataclass
class FreshDatabase:
    """A database that looks like the template's copy to each test that asks for it."""

    servers: Servers
    name: str
    _tables: list[str] = field(default_factory=list)
    _rows: dict[str, bytes] = field(default_factory=dict)
    _schema: list[tuple[object, ...]] = field(default_factory=list)
    _numbers: list[tuple[object, ...]] = field(default_factory=list)
    _tests: int = 0

    def fresh(self) -> str:
        """Make it as the migrations left it, whoever is connected; its address."""
        self._tests += 1
        if self._tests % _TESTS_A_COPY == 1 or not self._emptied():
            self.drop()
            self.servers.copy(self.name)
            self._remember()
        return self.url

    @property
    def url(self) -> str:
        """Its address."""
        return self.servers.url_of(self.name)

    def drop(self) -> None:
        """Remove it."""
        self.servers.drop(self.name)

    def _remember(self) -> None:
        with psycopg.connect(self.url) as connection:
            self._tables = [name for (name,) in connection.execute(_TABLES)]
            self._rows = {name: _copied_out(connection, name) for name in _filled(connection, self._tables)}
            self._schema = connection.execute(_SCHEMA).fetchall()
            self._numbers = connection.execute(_NUMBERS).fetchall()

    def _emptied(self) -> bool:
        try:
            with psycopg.connect(self.url) as connection:
                connection.execute(_OTHERS_END, [our_backends()])
                if connection.execute(_SCHEMA).fetchall() != self._schema:
                    return False
                # Neither the guards of what is append-only nor foreign keys are asked. Only a superuser may.
                connection.execute("SET session_replication_role = replica")
                for name in _filled(connection, self._tables):
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
                for name, rows in self._rows.items():
                    _copied_in(connection, name, rows)
                for schema, sequence, start, last in self._numbers:
                    connection.execute(
                        "SELECT setval(format('%%I.%%I', %s::text, %s::text), %s, %s)",
                        [schema, sequence, start if last is None else last, last is not None],
                    )
        except psycopg.Error:
            return False
        return True


def _filled(connection: psycopg.Connection, tables: list[str]) -> list[str]:
    each = (sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(it, sql.Identifier(it)) for it in tables)
    return [name for (name,) in connection.execute(sql.SQL(" UNION ALL ").join(each))]


def _copied_out(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as out:
        return b"".join(bytes(block) for block in out)


def _copied_in(connection: psycopg.Connection, table: str, rows: bytes) -> None:
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as into:
        into.write(rows)
