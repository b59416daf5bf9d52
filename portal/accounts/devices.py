"""A browser's own description in words that its owner recognises."""

from __future__ import annotations

import re

# The first that matches: Edge, Opera and Yandex call themselves Chrome too, and Chrome calls itself Safari.
_BROWSERS = (
    ("YaBrowser/", "Яндекс Браузер"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_PORTABLE = re.compile(r"iPhone|iPad|Android|Mobile")


def browser_of(user_agent: str | None) -> str | None:
    """«Firefox», or None for one we do not know."""
    return _first(_BROWSERS, user_agent)


def system_of(user_agent: str | None) -> str | None:
    """«Windows», or None for one we do not know."""
    return _first(_SYSTEMS, user_agent)


def is_portable(user_agent: str | None) -> bool:
    """True for a phone or a tablet."""
    return bool(_PORTABLE.search(user_agent or ""))


def _first(names: tuple[tuple[str, str], ...], user_agent: str | None) -> str | None:
    return next((name for mark, name in names if mark in (user_agent or "")), None)
