"""Sending people on: to a page of ours after a form, or away to the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response

from portal.web.kit import flash
from portal.web.kit.render import render

if TYPE_CHECKING:
    from starlette.requests import Request

    from portal.web.kit.frame import Kit
    from portal.web.kit.words import Tone


def go_to(request: Request, url: str, *, say: str | None = None, tone: Tone = "ok") -> Response:
    """After a form: 303 to a page of ours, or `HX-Redirect` for htmx; `say` is shown there once."""
    response: Response
    if request.headers.get("hx-request") == "true":
        response = Response(status_code=200, headers={"HX-Redirect": url})
    else:
        response = RedirectResponse(url, status_code=303)
    if say:
        kit: Kit = request.app.state.kit
        flash.leave(response, flash.Toast(say, tone), kit.settings.secret_key)
    return response


def leave_to(request: Request, url: str) -> Response:
    """A page of ours that leads to a foreign address by itself, and by a link if it must.

    A form may not be answered with a redirect to the gateway: under `form-action 'self'` Chromium blocks it.
    So the form goes to a page of ours by 303, and that page is this one.

    Raises:
        ValueError: the address is not an absolute http(s) one.
    """
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"not a web address: {url!r}")
    if request.headers.get("hx-request") == "true":
        return Response(status_code=200, headers={"HX-Redirect": url})
    return render(request, "layouts/leave.html", {"url": url, "host": urlsplit(url).hostname})


def own_path(wanted: str | None, default: str = "/") -> str:
    """The path to return to, if it is one of ours; else the default. An address of another site never passes."""
    if not wanted or not wanted.startswith("/") or wanted.startswith("//"):
        return default
    # Browsers read "\" as "/" and drop control characters: "/\evil.example" would leave the site.
    if "\\" in wanted or any(character <= " " or character == "\x7f" for character in wanted):
        return default
    parts = urlsplit(wanted)
    return default if parts.scheme or parts.netloc else wanted
