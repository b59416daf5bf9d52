"""Giving an application the web kit: one call in the composition root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from portal.web.kit import preferences
from portal.web.kit.assets import serve_asset
from portal.web.kit.cross_site import CrossSiteCheck
from portal.web.kit.errors import install_error_pages
from portal.web.kit.headers import SecurityHeaders
from portal.web.kit.limits import Admission, WholeBody
from portal.web.kit.request_log import RequestLog

if TYPE_CHECKING:
    from fastapi import FastAPI

    from portal.web.kit.frame import Kit


def install_kit(app: FastAPI, kit: Kit) -> None:
    """Static files, error pages, preferences and every protection of the kit.

    A request meets them in this order: language, headers, id and log, body, origin, admission. The crash page is made
    by the log, so it has the headers too.
    """
    app.state.kit = kit
    app.router.routes.append(Route("/static/{name:path}", serve_asset, methods=["GET"]))
    app.include_router(preferences.router)
    install_error_pages(app)
    base_url = kit.settings.base_url
    # The last one added is the first to see a request.
    app.add_middleware(Admission)
    app.add_middleware(CrossSiteCheck, base_url=base_url)
    app.add_middleware(WholeBody)
    app.add_middleware(RequestLog)
    app.add_middleware(SecurityHeaders, https=base_url.startswith("https://"))
    app.add_middleware(preferences.ReaderLanguage)
