"""One id for everything a request does, and one log line when it is over."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from kernel import log
from kernel.ids import uuid7
from portal.web.kit.errors import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-ID"
_ACCEPTABLE = re.compile(r"[\w-]{8,64}")
_log = log.get(__name__)


class RequestLog:
    """ASGI middleware: binds `request_id` to the log, returns it in a header, turns a crash into the 500 page.

    The log names the route, never the path: paths carry secrets (`/pay/{token}`, `/webhooks/yookassa/{secret}`).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _given_id(scope) or uuid7().hex
        scope.setdefault("state", {})["request_id"] = request_id
        started_at = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, send_with_id)
            except Exception:
                _log.exception("request.crashed", method=scope["method"], route=_route(scope))
                if status:
                    raise
                await _crash_page(scope, receive, send_with_id)
            finally:
                duration_ms = round((time.perf_counter() - started_at) * 1000, 1)
                if not scope["path"].startswith("/static/"):
                    _log.info(
                        "request.done",
                        method=scope["method"],
                        route=_route(scope),
                        status=status,
                        duration_ms=duration_ms,
                    )


async def _crash_page(scope: Scope, receive: Receive, send: Send) -> None:
    try:
        page: ASGIApp = error_response(Request(scope), 500)
    except Exception:  # noqa: BLE001  # whatever breaks the page, the answer must still be one
        _log.exception("request.crash_page_failed")
        page = PlainTextResponse("500 Internal Server Error\n", 500)
    await page(scope, receive, send)


def _given_id(scope: Scope) -> str | None:
    given = Headers(scope=scope).get(HEADER, "")
    return given if _ACCEPTABLE.fullmatch(given) else None


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "(none)"))
