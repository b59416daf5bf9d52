"""Rendering the sandbox's own pages: the templates, Russian dates and sums, a strict content policy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.moments import in_business_zone, iso

_MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
_NUMBER = re.compile(r"(?:№|••)\s?\S+")
_CURRENCY_SIGNS = {"RUB": "₽", "EUR": "€", "USD": "$", "KZT": "₸", "BYN": "Br"}
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self';"
    " frame-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


def day(instant: int) -> str:
    """«21 ноября 2026»."""
    local = in_business_zone(instant)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def hour(instant: int) -> str:
    """«18:26»."""
    return in_business_zone(instant).strftime("%H:%M")


def second(instant: int) -> str:
    """«18:26:05»."""
    return in_business_zone(instant).strftime("%H:%M:%S")


def short_day(instant: int) -> str:
    """«21.11.2026»."""
    return in_business_zone(instant).strftime("%d.%m.%Y")


def rubles(kopecks: int) -> str:
    """The whole part with thin groups: «1 234»."""
    return f"{kopecks // 100:,}".replace(",", "\u00a0")


def cents(kopecks: int) -> str:
    """The two digits after the comma."""
    return f"{kopecks % 100:02d}"


def sign(currency: str) -> str:
    """The sign of a currency, or its code."""
    return _CURRENCY_SIGNS.get(currency, currency)


def unbroken(text: str) -> Markup:
    """The text with every «№ 2026-0001» and «•• 4477» kept on one line."""
    return Markup(_NUMBER.sub(r'<span class="nowrap">\g<0></span>', str(escape(text))))  # noqa: S704 - escaped before


_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {
    "day": day, "hour": hour, "second": second, "short_day": short_day, "iso": iso,
    "rubles": rubles, "cents": cents, "sign": sign, "unbroken": unbroken,
}  # fmt: skip
_environment.globals |= {"look": "/static", "own": "/sandbox-static"}


def fragment(name: str, **context: Any) -> str:
    """A template as text."""
    return _environment.get_template(name).render(context)


def page(name: str, status: int = 200, leads_to: str | None = None, **context: Any) -> HTMLResponse:
    """A template as an answer. `leads_to`: where a form on it may end up by redirect."""
    policy = _POLICY + (f" {origin}" if (origin := _origin(leads_to)) else "")
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(fragment(name, **context), status, headers)


def leave_to(url: str) -> Response:
    """303 to an address, not a character of it changed."""
    if url.isascii():
        return Response(None, 303, {"Location": url, "Cache-Control": "no-store"})
    return RedirectResponse(url, 303)


def _origin(url: str | None) -> str | None:
    parts = urlsplit(url or "")
    if not parts.netloc or any(mark in parts.netloc for mark in ";, '\""):
        return None
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else f"{parts.scheme}:"
