"""One short message that survives a redirect, in a signed cookie: «Профиль сохранён»."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from itsdangerous import BadData, URLSafeSerializer

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from portal.web.kit.words import Tone

COOKIE = "flash"
_LIFETIME_S = 120


class Toast(NamedTuple):
    """A message and its tone."""

    text: str
    tone: Tone = "ok"


def leave(response: Response, toast: Toast, secret_key: str) -> None:
    """Have the next page show the message once."""
    response.set_cookie(
        COOKIE, _serializer(secret_key).dumps(list(toast)), max_age=_LIFETIME_S, httponly=True, samesite="lax"
    )


def waiting(request: Request, secret_key: str) -> tuple[Toast, ...]:
    """The message that an earlier answer left, if its signature is ours."""
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return ()
    try:
        text, tone = _serializer(secret_key).loads(cookie)
    except (BadData, ValueError, TypeError):
        return ()
    return (Toast(text, tone),)


def _serializer(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key, salt="flash")
