"""The mailbox for a person to read."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sandbox.mail import messages
from sandbox.moments import parse_iso
from sandbox.pages import page
from sandbox.requests import MissingError

_SHOWN = 100
# Of the same origin, so that the page around it can measure the letter; it may run nothing, so that gives it nothing.
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)


async def inbox(request: Request) -> Response:
    """The newest letters first."""
    to = request.query_params.get("to", "").strip()
    store = request.app.state.world.store
    return page("inbox.html", letters=messages.latest(store, to, _SHOWN), to=to, most=_SHOWN)


async def letter(request: Request) -> Response:
    """One letter: as a mail program shows it, as text, and its headers."""
    found = messages.find(request.app.state.world.store, request.path_params["mail_id"])
    if found is None:
        raise MissingError
    return page("letter.html", letter=found, at=parse_iso(found["at"]))


async def letter_body(request: Request) -> Response:
    """The letter's HTML alone, for a frame: it may run nothing and load nothing."""
    found = messages.find(request.app.state.world.store, request.path_params["mail_id"])
    if found is None:
        raise MissingError
    headers = {"Content-Security-Policy": _LETTER_POLICY, "X-Content-Type-Options": "nosniff"}
    return HTMLResponse('<base target="_blank">' + found["html"], headers=headers)


ROUTES = [
    Route("/mail/", inbox),
    Route("/mail/{mail_id:int}", letter),
    Route("/mail/{mail_id:int}/body", letter_body),
]
