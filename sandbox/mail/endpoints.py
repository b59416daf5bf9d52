"""The mailbox as JSON."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.mail import messages
from sandbox.requests import RefusalError, read_number

_MOST = 10_000


async def list_messages(request: Request) -> Response:
    """Letters, oldest first."""
    query = request.query_params
    try:
        items = messages.read(
            request.app.state.world.store,
            query.get("to"),
            query.get("since"),
            read_number(request, "limit", 1000, _MOST),
        )
    except ValueError:
        raise RefusalError("since: an id or an ISO 8601 datetime") from None
    return JSONResponse({"items": items})


async def show_message(request: Request) -> Response:
    """One letter."""
    found = messages.find(request.app.state.world.store, request.path_params["mail_id"])
    if found is None:
        raise RefusalError("no such letter", 404)
    return JSONResponse(found)
