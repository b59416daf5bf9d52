"""The one engine of a process, built on first use, its three kinds of session, and work that is repeated."""

from __future__ import annotations

import json
import random
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import ARRAY, MetaData, TextClause, Uuid, any_, bindparam, create_engine, inspect, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.orm.attributes import set_committed_value

from kernel import log
from kernel.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from sqlalchemy import BindParameter, ColumnElement
    from sqlalchemy.engine import Engine
    from sqlalchemy.orm import InstrumentedAttribute
    from sqlalchemy.types import TypeEngine

__all__ = [
    "Base",
    "ReadSession",
    "Session",
    "among",
    "begin",
    "dispose",
    "engine",
    "give_room",
    "given",
    "insert_rows",
    "is_away",
    "read",
    "repeating",
    "single",
    "size_pool",
    "update_rows",
]

T = TypeVar("T")
_log = log.get(__name__)

# Statement, lock and idle limits of design.md's money rules: a stuck statement must never hold a lock for long.
_CONNECT_OPTIONS = (
    "-c timezone=UTC -c statement_timeout=15000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=30000"
    # A machine that is lost sends no end: without these its locks, the scheduler's lead among them, would stand for hours.
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=30000"
)
# The same the other way round, when the database's machine is lost.
_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}
_ROOM = (
    "SET LOCAL statement_timeout = '120s'",
    # Longer than one statement, for which another transaction of the same snapshot may wait; a host that was cut off
    # must not hold its rows for hours.
    "SET LOCAL idle_in_transaction_session_timeout = '150s'",
    "SET LOCAL work_mem = '128MB'",
    "SET LOCAL max_parallel_workers_per_gather = 0",
)
# Serialization failure, deadlock, lock timeout: PostgreSQL gave this transaction up for another's sake. It did nothing.
_GIVEN_UP = frozenset({"40001", "40P01", "55P03"})
# Connection exceptions, the server shutting down or starting, no connection left for us.
_AWAY = ("08", "57P01", "57P02", "57P03", "53300")
_ATTEMPTS = 5
_PAUSE_S = 0.05
_lock = threading.Lock()
_state: dict[str, _Engines] = {}
_pool_size = 16


@dataclass(frozen=True, slots=True)
class _Engines:
    """One pool of connections, with three ways to begin.

    What reads gets a transaction of one snapshot that is READ ONLY from its BEGIN on; single statements get none.
    """

    writing: Engine
    reading: Engine
    single: Engine


class Base(DeclarativeBase):
    """The one metadata of all packages, with names that migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class ReadSession(Session):
    """A session that cannot write: its transaction is READ ONLY in the database itself."""


def size_pool(connections: int) -> None:
    """Say how many connections this process may hold; call before the first use of the engine."""
    global _pool_size  # noqa: PLW0603  one number per process, set once by its composition root
    _pool_size = connections


def engine() -> Engine:
    """The engine of this process. A request never waits for a connection: the gate admits no more than the pool."""
    return _engines().writing


def _engines() -> _Engines:
    with _lock:
        if "engines" not in _state:
            writing = create_engine(
                get_settings().database_url,
                pool_size=_pool_size,
                max_overflow=2,
                pool_pre_ping=True,
                hide_parameters=True,  # an error names the statement, never the people in it
                connect_args={"options": _CONNECT_OPTIONS, "connect_timeout": 5, **_ALIVE},
            )
            reading = writing.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            single = writing.execution_options(isolation_level="AUTOCOMMIT")
            _state["engines"] = _Engines(writing, reading, single)
        return _state["engines"]


def dispose() -> None:
    """Close all connections; the next use builds a new engine from the settings of that moment."""
    with _lock:
        found = _state.pop("engines", None)
    if found is not None:
        found.writing.dispose()


@contextmanager
def begin() -> Iterator[Session]:
    """One writing transaction: commits when the block ends, rolls back when it raises."""
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def read() -> Iterator[ReadSession]:
    """One reading transaction with a single snapshot: it does not see what is committed after its first query."""
    with ReadSession(_engines().reading, expire_on_commit=False, autoflush=False) as session:
        yield session


@contextmanager
def single() -> Iterator[Session]:
    """Every statement is a transaction of its own, without BEGIN and COMMIT: for the one that each request asks.

    Two of them are not done together or not at all.
    """
    with Session(_engines().single, expire_on_commit=False) as session:
        yield session


def give_room(session: Session) -> None:
    """Let the statements of this transaction take two minutes and sort in 128 MB: for questions over the whole history.

    Never in a request. Without parallel workers: each costs half as much again, and memory that all of them share.
    """
    for setting in _ROOM:
        session.execute(text(setting))


def insert_rows(
    session: Session, table: type[Base], rows: Sequence[Mapping[str, object]], *, pass_over_known: bool = False
) -> None:
    """Insert rows, each with the same columns, in one statement: `executemany` sends, and runs, one for each.

    What is not named gets the database's default, never Python's. With `pass_over_known`, rows that are there already
    stay as they are.
    """
    if rows:
        statement = _insertion(table, tuple(rows[0]), pass_over_known)
        session.execute(statement, {"rows": json.dumps(rows, default=str)})


@lru_cache
def _insertion(table: type[Base], names: tuple[str, ...], pass_over_known: bool) -> TextClause:  # noqa: FBT001  a part of the key
    place, columns = table.__tablename__, ", ".join(names)
    conflict = "ON CONFLICT DO NOTHING" if pass_over_known else ""
    return text(
        f"INSERT INTO {place} ({columns})"  # noqa: S608  names of our own tables and columns
        f" SELECT {columns} FROM json_populate_recordset(NULL::{place}, CAST(:rows AS json)) {conflict}"
    )


def update_rows(session: Session, changes: Sequence[tuple[Base, Mapping[str, object]]]) -> None:
    """Give loaded rows of one table, known by `id`, new values of the same columns in one statement.

    The objects have them afterwards, so that a flush finds nothing to do for these columns. What waits in the session
    is not flushed first.
    """
    if not changes:
        return
    table, names = type(changes[0][0]), tuple(changes[0][1])
    rows = [{"id": _id(row), **values} for row, values in changes]
    with session.no_autoflush:
        session.execute(_update(table, names), {"rows": json.dumps(rows, default=str)})
    for row, values in changes:
        for name, value in values.items():
            set_committed_value(row, name, value)


def _id(row: Base) -> object:
    (key,) = inspect(row).identity or ()
    return key


@lru_cache
def _update(table: type[Base], names: tuple[str, ...]) -> TextClause:
    place, values = table.__tablename__, ", ".join(f"{name} = new.{name}" for name in names)
    return text(
        f"UPDATE {place} SET {values}"  # noqa: S608  names of our own tables and columns
        f" FROM json_populate_recordset(NULL::{place}, CAST(:rows AS json)) new WHERE {place}.id = new.id"
    )


def among(column: InstrumentedAttribute[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """The same as `column.in_(values)`, and the same statement for any number of them: PostgreSQL plans it once."""
    array: BindParameter[Any] = bindparam(None, list(values), type_=ARRAY(column.type), unique=True)
    return column == any_(array)


def given(column: InstrumentedAttribute[Any], name: str, kind: type[TypeEngine[Any]] = Uuid) -> ColumnElement[bool]:
    """That `column` is one of what is passed as the list `name`: for a statement that is built once, at import.

    To build a statement of many columns anew, and its key in SQLAlchemy's cache, costs more than to run it.
    """
    # Not the column's own type: a foreign key has none before the model that it refers to is imported.
    return column == any_(bindparam(name, type_=ARRAY(kind)))


def is_away(error: Exception) -> bool:
    """Whether the database itself is out of reach, rather than one statement given up: too slow, locked out, no room."""
    if not isinstance(error, (InterfaceError, OperationalError)):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state is None or state.startswith(_AWAY)


def repeating(work: Callable[[Session], T], *, attempts: int = _ATTEMPTS) -> T:
    """Run `work` in a writing transaction; run it anew when PostgreSQL gave that up for the sake of another.

    For what must not fail because somebody else was at the same rows: a stop, the start of a payment, the record of an
    answer. After so many attempts, with a growing pause of random length between them, the error is raised. So `work`
    must leave nothing behind outside its session, and calls nobody.
    """
    for attempt in range(1, attempts):
        try:
            with begin() as session:
                return work(session)
        except OperationalError as error:
            state = getattr(error.orig, "sqlstate", None)
            if state not in _GIVEN_UP:
                raise
            _log.warning("db.repeats", sqlstate=state, attempt=attempt)
        time.sleep(random.uniform(0, _PAUSE_S * 2**attempt))  # noqa: S311  two that collided must not collide again
    with begin() as session:
        return work(session)
