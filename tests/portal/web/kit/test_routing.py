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
from starlette.types import Message, Receive, Scope, Send

from kernel import db
from kernel.db import ReadSession
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
    return _marks(db)


@router.post("/write-while-reading")
def write_while_reading(db: ReadDb) -> None:
    """Try to leave a mark where only reading is allowed."""
    db.execute(text("INSERT INTO marks VALUES ('read')"))


@pytest.fixture
def app(committed: str) -> FastAPI:
    with db.begin() as session:
        session.execute(text("CREATE TABLE marks (mark text)"))
    found = FastAPI()
    found.include_router(router)
    return found


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found


def _marks(session: ReadSession) -> int:
    return int(session.execute(text("SELECT count(*) FROM marks")).scalar_one())


@pytest.mark.committed
def test_what_a_route_wrote_is_committed_before_its_answer_leaves(app: FastAPI) -> None:
    there_when_it_began: list[int] = []

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_and_look(message: Message) -> None:
            if message["type"] == "http.response.start":
                with db.read() as session:
                    there_when_it_began.append(_marks(session))
            await send(message)

        await app(scope, receive, send_and_look)

    assert TestClient(watched).post("/write/a").json() == "a"
    assert there_when_it_began == [1]


@pytest.mark.committed
def test_what_a_route_wrote_is_undone_when_it_refuses(client: TestClient) -> None:
    assert client.post("/write/a?breaks=true").status_code == 409
    assert client.get("/count").json() == 0


@pytest.mark.committed
def test_a_route_that_reads_cannot_write(client: TestClient) -> None:
    assert client.post("/write-while-reading").status_code == 500
    assert client.get("/count").json() == 0


def test_a_route_that_runs_on_after_its_transaction_is_refused_when_it_is_registered() -> None:
    async def later(db: Db) -> None: ...

    with pytest.raises(TypeError, match="later asks for a transaction"):
        Router().post("/later")(later)


def test_who_waits_for_a_foreign_system_gives_the_turn_to_another_even_if_it_fails_then() -> None:
    app, waits, computed = FastAPI(), threading.Event(), threading.Event()

    @app.get("/foreign")
    def foreign() -> None:
        with waiting():
            waits.set()
            assert computed.wait(20)
            raise HTTPException(502)

    @app.get("/own")
    def own() -> None:
        computed.set()

    @app.get("/turns")
    async def turns() -> float:
        return current_default_thread_limiter().total_tokens

    @app.get("/one")
    async def one() -> None:
        current_default_thread_limiter().total_tokens = 1

    with TestClient(app) as client, ThreadPoolExecutor(1) as beside:
        client.get("/one")
        answer = beside.submit(client.get, "/foreign")
        assert waits.wait(20)
        assert client.get("/own").status_code == 200
        assert answer.result(20).status_code == 502
        assert client.get("/turns").json() == 1


def test_outside_of_a_request_nobody_has_a_turn_to_give() -> None:
    with waiting():
        pass
