"""What a first visit to a page brings over the wire: the page and all that a browser asks for because of it."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import httpx

_NAMED = re.compile(r"(?:href|src)=\"(/static/[^\"#]+)")
_FONT = re.compile(r"@font-face\s*\{[^}]*\}")
_IN_SHEET = re.compile(r"url\(([^)]+)\)")
_RANGE = re.compile(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?", re.IGNORECASE)


def first_load_kb(address: str, cookie: str) -> float:
    """Kilobytes of bodies, compressed as they are sent, and of headers."""
    with httpx.Client(base_url=address, cookies={"kabinet": cookie}, trust_env=False) as web:
        page = web.get("/")
        page.raise_for_status()
        named = set(_NAMED.findall(page.text))
        for sheet in [url for url in named if ".css" in url]:
            css = web.get(sheet).text
            wanted = _FONT.sub(lambda font: font[0] if _is_needed(font[0], page.text) else "", css)
            named |= {urljoin(sheet, url) for url in _IN_SHEET.findall(wanted)}
        return sum(_weight(answer) for answer in (page, *(web.get(url) for url in sorted(named)))) / 1000


def _is_needed(font: str, text: str) -> bool:
    # A browser fetches a font when a character of its range is on the page.
    spans = [(int(first, 16), int(last or first, 16)) for first, last in _RANGE.findall(font)]
    return not spans or any(first <= ord(letter) <= last for letter in set(text) for first, last in spans)


def _weight(answer: httpx.Response) -> int:
    answer.raise_for_status()
    return answer.num_bytes_downloaded + sum(len(key) + len(value) + 4 for key, value in answer.headers.raw)
