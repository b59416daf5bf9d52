"""Work that PostgreSQL gave up for another's sake is done again; any other error is not."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import QueuePool, create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError, OperationalError

from kernel.db import Session, begin, engine, is_away, read, repeating, single
from tests.support.blocking import meanwhile

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("two_rows")]


@pytest.fixture
def two_rows(committed: str) -> Iterator[None]:
    with begin() as session:
        session.execute(text("CREATE TABLE rows_of_test (id int PRIMARY KEY, n int NOT NULL)"))
        session.execute(text("INSERT INTO rows_of_test VALUES (1, 0), (2, 0)"))
    yield
    with begin() as session:
        session.execute(text("DROP TABLE rows_of_test"))


def _add(session: Session, row: int) -> None:
    session.execute(text("UPDATE rows_of_test SET n = n + 1 WHERE id = :id"), {"id": row})


def _sums() -> list[int]:
    with read() as session:
        return list(session.scalars(text("SELECT n FROM rows_of_test ORDER BY id")))


class Work:
    """Adds one to each of these rows in this order, and counts how often it was begun."""

    def __init__(self, *rows: int, prelude: str = "SELECT 1") -> None:
        self.rows, self.prelude, self.begun = rows, prelude, 0

    def __call__(self, session: Session) -> int:
        self.begun += 1
        session.execute(text(self.prelude))
        for row in self.rows:
            _add(session, row)
        return self.begun


def test_a_deadlock_is_resolved_and_both_works_are_done() -> None:
    work = Work(1, 2)
    with begin() as session:
        _add(session, 2)
        with meanwhile(lambda: repeating(work)) as other:
            _add(session, 1)  # it waits for us since before we wait for it, so PostgreSQL ends it and not us
            session.commit()
            assert other.result(20) == work.begun == 2

    assert _sums() == [2, 2]


def test_a_row_that_stays_locked_too_long_is_tried_again() -> None:
    work = Work(1, prelude="SET LOCAL lock_timeout = '50ms'")
    with begin() as session:
        _add(session, 1)
        with meanwhile(lambda: repeating(work)) as other:
            while work.begun == 1:
                time.sleep(0.01)
            session.commit()
            assert other.result(20) == work.begun > 1

    assert _sums() == [2, 0]


def test_a_snapshot_that_is_out_of_date_is_taken_anew() -> None:
    work = Work(1, prelude="SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    with begin() as session:
        _add(session, 1)
        with meanwhile(lambda: repeating(work)) as other:
            session.commit()
            assert other.result(20) == work.begun == 2

    assert _sums() == [2, 0]


def test_after_five_attempts_the_error_is_raised() -> None:
    work = Work(1, prelude="SET LOCAL lock_timeout = '10ms'")
    with begin() as session:
        _add(session, 1)
        with pytest.raises(OperationalError, match="lock timeout"):
            repeating(work)

    assert work.begun == 5
    assert _sums() == [1, 0]


@pytest.mark.parametrize(
    ("statement", "error"),
    [("INSERT INTO rows_of_test VALUES (1, 0)", IntegrityError), ("SELECT pg_sleep(9)", OperationalError)],
)
def test_an_error_that_another_attempt_would_meet_again_is_raised_at_once(
    statement: str, error: type[Exception]
) -> None:
    begun = []

    def work(session: Session) -> None:
        begun.append(1)
        _add(session, 1)
        session.execute(text("SET LOCAL statement_timeout = '50ms'"))
        session.execute(text(statement))

    with pytest.raises(error):
        repeating(work)

    assert begun == [1]
    assert _sums() == [0, 0]


def test_a_page_reads_from_one_snapshot_and_the_next_one_sees_what_came_since() -> None:
    with read() as page:
        sums = list(page.scalars(text("SELECT n FROM rows_of_test ORDER BY id")))
        with begin() as session:
            _add(session, 1)
        assert list(page.scalars(text("SELECT n FROM rows_of_test ORDER BY id"))) == sums == [0, 0]
    assert _sums() == [1, 0]


def test_a_page_cannot_write() -> None:
    with read() as page, pytest.raises(InternalError, match="read-only transaction"):
        _add(page, 1)


@pytest.mark.parametrize(
    ("statement", "away"),
    [
        ("SELECT pg_sleep(9)", False),
        ("SELECT 1 / 0", False),
        ("SELECT pg_terminate_backend(pg_backend_pid())", True),
    ],
)
def test_a_statement_that_was_given_up_is_no_lost_database(statement: str, away: bool) -> None:  # noqa: FBT001
    with begin() as session:
        session.execute(text("SET LOCAL statement_timeout = '50ms'"))
        with pytest.raises(DBAPIError) as met:
            session.execute(text(statement))
        session.rollback()
    assert is_away(met.value) is away


def test_a_database_that_nobody_serves_is_away() -> None:
    with pytest.raises(OperationalError) as met:
        create_engine("postgresql+psycopg://nobody@127.0.0.1:9/none", connect_args={"connect_timeout": 2}).connect()
    assert is_away(met.value)


def test_a_connection_that_read_or_asked_one_thing_writes_in_a_transaction_again() -> None:
    engine().dispose()
    for _ in range(3):
        with read() as page:
            assert page.execute(text("SHOW transaction_read_only")).scalar_one() == "on"
        with single() as alone:
            assert alone.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"
        with begin() as session:
            _add(session, 1)
            session.rollback()
    assert _sums() == [0, 0]
    assert isinstance(pool := engine().pool, QueuePool)
    assert pool.checkedin() == 1  # it was one and the same connection


def test_what_is_asked_alone_is_kept_at_once() -> None:
    with single() as alone:
        _add(alone, 1)
        assert _sums() == [1, 0]
