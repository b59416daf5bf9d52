"""The fixtures themselves: rolled back sessions, databases of one's own, an empty Redis."""

from __future__ import annotations

import psycopg
import pytest
import redis as redis_client
from sqlalchemy import text

from kernel import db
from kernel.db import Session
from kernel.settings import get_settings
from tests.support.fresh import FreshDatabase


def test_a_commit_in_the_session_is_a_savepoint(session: Session) -> None:
    session.execute(text("CREATE TABLE gone (n int)"))
    session.commit()

    with db.begin() as other:
        assert other.execute(text("SELECT to_regclass('gone')")).scalar_one() is None


def test_a_committed_database_is_fresh_and_migrated(committed: str) -> None:
    with db.begin() as session:
        session.execute(text("CREATE TABLE kept (n int)"))
    with db.read() as session:
        assert session.execute(text("SELECT to_regclass('kept')")).scalar_one() == "kept"
        assert session.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1


def test_the_next_one_does_not_see_what_the_last_one_left(committed: str) -> None:
    with db.read() as session:
        assert session.execute(text("SELECT to_regclass('kept')")).scalar_one() is None


def test_what_a_test_committed_is_gone_and_numbers_begin_anew(fresh_database: FreshDatabase) -> None:
    first = _left_by_a_test(fresh_database.fresh())

    assert _left_by_a_test(fresh_database.fresh()) == first


def test_a_guard_that_a_test_took_away_is_back(fresh_database: FreshDatabase) -> None:
    with psycopg.connect(fresh_database.fresh()) as connection:
        before = connection.execute(_GUARDS).fetchone()
        connection.execute("ALTER TABLE ledger_entries DISABLE TRIGGER USER")
    with psycopg.connect(fresh_database.url) as connection:
        assert connection.execute(_GUARDS).fetchone() != before

    with psycopg.connect(fresh_database.fresh()) as connection:
        assert connection.execute(_GUARDS).fetchone() == before


def test_whoever_is_still_connected_is_sent_away(fresh_database: FreshDatabase) -> None:
    with psycopg.connect(fresh_database.fresh()) as left_behind:
        left_behind.execute("LOCK TABLE status_history")
        fresh_database.fresh()

        with pytest.raises(psycopg.OperationalError):
            left_behind.execute("SELECT 1")


_GUARDS = "SELECT count(*) FROM pg_trigger WHERE tgenabled = 'O' AND NOT tgisinternal"


def _left_by_a_test(url: str) -> list[tuple[object, ...]]:
    """Write a row that must not be deleted; answers it and the shift of the clock, which it changes too."""
    written = (
        "INSERT INTO status_history (object_kind, object_id, new, source) VALUES ('x', gen_random_uuid(), 'x', 'x')"
    )
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT shift, (SELECT count(*) FROM status_history) FROM virtual_clock").fetchall()
        connection.execute("UPDATE virtual_clock SET shift = '1 day'")
        return [*found, *connection.execute(f"{written} RETURNING id").fetchall()]


def test_redis_is_empty_and_named_in_the_settings(redis: str) -> None:
    assert get_settings().redis_url == redis
    with redis_client.Redis.from_url(redis) as client:
        assert client.dbsize() == 0
        client.set("x", 1)
