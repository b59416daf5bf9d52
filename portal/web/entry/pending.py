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
    """A registration that waits for its letter to be opened; `mark` shows that this browser made it."""

    email: str
    name: str
    phone: str | None
    mark: str = ""


def leave_pending(response: Response, request: Request, pending: Pending) -> None:
    """Remember the registration in this browser."""
    response.set_cookie(
        _name(request),
        _serializer(request).dumps(asdict(pending)),
        max_age=_LASTS_S,
        httponly=True,
        samesite="lax",
        secure=_is_https(request),
    )


def read_pending(request: Request) -> Pending | None:
    """The registration of this browser, if it is ours and of the last day."""
    try:
        return Pending(**_serializer(request).loads(request.cookies.get(_name(request), ""), max_age=_LASTS_S))
    except (BadData, TypeError):
        return None


def forget_pending(response: Response, request: Request) -> None:
    """The address is confirmed: nothing to remember."""
    response.delete_cookie(_name(request), httponly=True, samesite="lax", secure=_is_https(request))


def _name(request: Request) -> str:
    # The cookie is proof of a registration: no neighbouring subdomain may set it.
    return f"__Host-{_COOKIE}" if _is_https(request) else _COOKIE


def _is_https(request: Request) -> bool:
    return _kit(request).settings.base_url.startswith("https://")


def _serializer(request: Request) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_kit(request).settings.secret_key, salt="registered")


def _kit(request: Request) -> Kit:
    kit: Kit = request.app.state.kit
    return kit
