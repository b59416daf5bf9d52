"""What goes back to a client, faults included: bytes, late bytes, or nothing at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from sandbox.dropping import Dropped


@dataclass
class Sent:
    """The bytes to send. `dropped`: none, the connection breaks; `delay_s`: so many real seconds later."""

    status: int
    content: bytes
    content_type: str = "application/json"
    dropped: bool = False
    delay_s: float = 0.0


def proxy_page(status: int) -> Sent:
    """The HTML of a proxy whose upstream did not answer."""
    words = f"{status} {HTTPStatus(status).phrase}"
    page = (
        f"<html>\r\n<head><title>{words}</title></head>\r\n<body>\r\n<center><h1>{words}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Sent(status, page.encode(), "text/html")


async def send(request: Request, sent: Sent, headers: Mapping[str, str] | None = None) -> Response:
    """The response, after its delay."""
    if sent.delay_s:
        await _wait_or_leave(request, sent.delay_s)
    if sent.dropped:
        return Dropped()
    return Response(sent.content, sent.status, headers, sent.content_type)


async def _wait_or_leave(request: Request, seconds: float) -> None:
    """Sleep, but no longer than the client stays."""
    gone = asyncio.ensure_future(request.receive())
    await asyncio.wait({gone}, timeout=seconds)
    gone.cancel()
