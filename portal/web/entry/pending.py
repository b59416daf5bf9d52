"""What a registration left in the browser: where the letter went, and the form's harmless fields to correct it.

The cookie is the same whether the address was known or not.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from fastapi import Request
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.responses import Response

from portal.web.kit.frame import Kit

_COOKIE = "registered"
_LASTS_S = 86_400


@dataclass(frozen=True, slots=True)
class Pending:
    """A registration that waits for its letter to be opened."""

    email: str
    name: str
    phone: str | None


def leave_pending(response: Response, request: Request, pending: Pending) -> None:
    """Remember the registration in this browser."""
    response.set_cookie(
        _COOKIE,
        _serializer(request).dumps(asdict(pending)),
        max_age=_LASTS_S,
        httponly=True,
        samesite="lax",
        secure=_kit(request).settings.base_url.startswith("https://"),
    )


def read_pending(request: Request) -> Pending | None:
    """The registration of this browser, if it is ours and of the last day."""
    try:
        return Pending(**_serializer(request).loads(request.cookies.get(_COOKIE, ""), max_age=_LASTS_S))
    except (BadData, TypeError):
        return None


def forget_pending(response: Response) -> None:
    """The address is confirmed: nothing to remember."""
    response.delete_cookie(_COOKIE)


def _serializer(request: Request) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_kit(request).settings.secret_key, salt="registered")


def _kit(request: Request) -> Kit:
    kit: Kit = request.app.state.kit
    return kit
