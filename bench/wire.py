"""What a first visit to a page brings over the wire: the page and all that it names, also fonts that it may not need."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import httpx

_NAMED = re.compile(r"(?:href|src)=\"(/static/[^\"#]+)")
_IN_SHEET = re.compile(r"url\(([^)]+)\)")


def first_load_kb(address: str, cookie: str) -> float:
    """Kilobytes of bodies, compressed as they are sent, and of headers."""
    with httpx.Client(base_url=address, cookies={"kabinet": cookie}, trust_env=False) as web:
        page = web.get("/")
        page.raise_for_status()
        named = set(_NAMED.findall(page.text))
        for sheet in [url for url in named if ".css" in url]:
            named |= {urljoin(sheet, url) for url in _IN_SHEET.findall(web.get(sheet).text)}
        return sum(_weight(answer) for answer in (page, *(web.get(url) for url in sorted(named)))) / 1000


def _weight(answer: httpx.Response) -> int:
    answer.raise_for_status()
    return answer.num_bytes_downloaded + sum(len(key) + len(value) + 4 for key, value in answer.headers.raw)
