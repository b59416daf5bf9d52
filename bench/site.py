"""The product's own web process, with two more addresses: the home page without its queries, and a bare commit."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse
from sqlalchemy import text
from starlette.responses import Response

from kernel import log
from kernel.clock import real_now
from kernel.db import begin, read
from kernel.settings import get_settings
from portal.accounts.sessions import CUSTOMER, SignedIn, find_session
from portal.app import build_app
from portal.demo.processes import LOOPBACK
from portal.serving import serve
from portal.web.cabinet.home import PAGE, home_values
from portal.web.kit.frame import Viewer
from portal.web.kit.guards import session_token
from portal.web.kit.render import render

TEMPLATE = "/bench/template"
COMMIT = "/bench/commit"
TABLE = "CREATE TABLE bench_commits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL)"
_INSERT = text("INSERT INTO bench_commits (body) VALUES (:body)")
router = APIRouter()


@router.get(TEMPLATE)
def show_template(request: Request) -> Response:
    """The home page of the cookie's customer, as it was when first asked for."""
    customer, values = _once(session_token(request, CUSTOMER) or "")
    request.state.viewer = Viewer(customer.name)
    return render(request, PAGE, values)


@lru_cache(maxsize=1)
def _once(token: str) -> tuple[SignedIn, dict[str, object]]:
    with begin() as session:
        customer = find_session(session, token, CUSTOMER, now=real_now())
    if customer is None:
        raise RuntimeError("no such session")
    with read() as session:
        return customer, home_values(session, customer)


async def _body(request: Request) -> bytes:
    return await request.body()


@router.post(COMMIT)
def commit(body: Annotated[bytes, Depends(_body)]) -> PlainTextResponse:
    """One row and its commit."""
    with begin() as session:
        session.execute(_INSERT, {"body": body})
    return PlainTextResponse("ok")


if __name__ == "__main__":
    log.configure(get_settings().log_level)
    app = build_app()
    app.include_router(router)
    serve(app, host=LOOPBACK, port=int(sys.argv[1]))
