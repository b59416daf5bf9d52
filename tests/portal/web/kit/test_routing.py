"""A route's transaction, and whose turn it is to compute."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient
from sqlalchemy import text

from kernel import db
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.kit.turns import waiting

router = Router()


@router.post("/write/{mark}")
def write(mark: str, db: Db, *, breaks: bool = False) -> str:
    """Leave a mark in the database."""
    db.execute(text("INSERT INTO marks VALUES (:mark)"), {"mark": mark})
    if breaks:
        raise HTTPException(409)
    return mark


@router.get("/count")
def count(db: ReadDb) -> int:
    """Say how many marks there are."""
    return int(db.execute(text("SELECT count(*) FROM marks")).scalar_one())


@router.post("/write-while-reading")
def write_while_reading(db: ReadDb) -> None:
    """Try to leave a mark where only reading is allowed."""
    db.execute(text("INSERT INTO marks VALUES ('read')"))


@pytest.fixture
def client(committed: str) -> Iterator[TestClient]:
    with db.begin() as session:
        session.execute(text("CREATE TABLE marks (mark text)"))
    app = FastAPI()
    app.include_router(router)
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found


@pytest.mark.committed
def test_what_a_route_wrote_is_committed_before_its_answer_leaves(client: TestClient) -> None:
    assert client.post("/write/a").json() == "a"
    assert client.get("/count").json() == 1


@pytest.mark.committed
def test_what_a_route_wrote_is_undone_when_it_refuses(client: TestClient) -> None:
    assert client.post("/write/a?breaks=true").status_code == 409
    assert client.get("/count").json() == 0


@pytest.mark.committed
def test_a_route_that_reads_cannot_write(client: TestClient) -> None:
    assert client.post("/write-while-reading").status_code == 500
    assert client.get("/count").json() == 0


def test_who_waits_for_a_foreign_system_lets_others_compute_meanwhile() -> None:
    app, both = FastAPI(), threading.Barrier(2)

    @app.get("/foreign")
    def foreign() -> None:
        with waiting():
            both.wait(10)

    @app.get("/own")
    def own() -> None:
        both.wait(10)

    @app.get("/turns")
    async def turns() -> float:
        return current_default_thread_limiter().total_tokens

    @app.get("/one")
    async def one() -> None:
        current_default_thread_limiter().total_tokens = 1

    with TestClient(app) as client, ThreadPoolExecutor(2) as beside:
        client.get("/one")
        waits = beside.submit(client.get, "/foreign")
        computes = beside.submit(client.get, "/own")
        assert {waits.result(20).status_code, computes.result(20).status_code} == {200}
        assert client.get("/turns").json() == 1
