"""Refusing forms that another site makes a visitor's browser send (CSRF), without tokens.

The check is Go 1.25's `http.CrossOriginProtection`, one step stricter: a changing request that says nothing about
where it comes from is refused too. Browsers always say it; gateways post to /webhooks/, which proves itself otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from portal.web.kit.errors import ErrorPage

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_SAFE = {"GET", "HEAD", "OPTIONS"}
_EXEMPT = "/webhooks/"


class CrossSiteCheck:
    """ASGI middleware: 403 for a changing request that did not start on a page of ours."""

    def __init__(self, app: ASGIApp, *, base_url: str) -> None:
        self.app = app
        self._our_host = urlsplit(base_url).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._allowed(scope):
            await ErrorPage(403)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _allowed(self, scope: Scope) -> bool:
        if scope["method"] in _SAFE or scope["path"].startswith(_EXEMPT):
            return True
        headers = Headers(scope=scope)
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in {"same-origin", "none"}
        # Fetch metadata is not sent over plain http to a named host; Origin is.
        origin = headers.get("origin")
        return origin is not None and urlsplit(origin).netloc in {headers.get("host"), self._our_host}
