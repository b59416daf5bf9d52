"""Theme and language: two cookies that anybody may set, logged in or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request
from starlette.responses import Response

from portal.web.kit.forms import Posted
from portal.web.kit.frame import LANGUAGE_COOKIE, THEME_COOKIE, Kit
from portal.web.kit.i18n import LANGUAGES, known_language, use_language
from portal.web.kit.redirects import go_to, own_path
from portal.web.kit.routing import Router

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

router = Router()
_YEAR_S = 31_536_000
_THEMES = ("light", "dark")


@router.post("/preferences", name="preferences.update", include_in_schema=False)
def update_preferences(request: Request, posted: Posted) -> Response:
    """Remember the theme or the language and return to the page."""
    response = go_to(request, own_path(str(posted.get("next", ""))))
    theme, language = posted.get("theme"), posted.get("language")
    if theme in _THEMES:
        remember(response, request, THEME_COOKIE, str(theme))
    elif theme == "auto":
        response.delete_cookie(THEME_COOKIE)
    if language in LANGUAGES:
        remember(response, request, LANGUAGE_COOKIE, str(language))
    return response


def remember(response: Response, request: Request, cookie: str, value: str) -> None:
    """Set a preference for a year."""
    kit: Kit = request.app.state.kit
    secure = kit.settings.base_url.startswith("https://")
    response.set_cookie(cookie, value, max_age=_YEAR_S, httponly=True, samesite="lax", secure=secure)


class ReaderLanguage:
    """ASGI middleware: texts of this request are made in the language the reader chose; Russian until they choose."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with use_language(known_language(Request(scope).cookies.get(LANGUAGE_COOKIE))):
            await self.app(scope, receive, send)
