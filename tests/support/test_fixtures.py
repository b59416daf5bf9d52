"""The fixtures themselves: rolled back sessions, databases of one's own, an empty Redis."""

from __future__ import annotations

import redis as redis_client
from sqlalchemy import text

from kernel import db
from kernel.db import Session
from kernel.settings import get_settings


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


def test_redis_is_empty_and_named_in_the_settings(redis: str) -> None:
    assert get_settings().redis_url == redis
    with redis_client.Redis.from_url(redis) as client:
        assert client.dbsize() == 0
        client.set("x", 1)
