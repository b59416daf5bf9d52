"""How much one process takes on: the size of a request, how slowly it may come, and the number of requests at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from portal.web.kit.errors import ErrorPage

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 1_048_576
AT_A_TIME = 16
LONGEST_WAIT_S = 15.0
# Answered from memory on the event loop: neither a thread nor a connection is taken.
_UNGATED = ("/static/", "/healthz")


class _TooLarge(Exception):
    pass


class _HungUp(Exception):
    pass


class WholeBody:
    """ASGI middleware: passes a request on when its body is here, so that none occupies a place inside while it comes.

    413 for a body over the limit, whether declared or found while reading; 408 for one that takes too long.
    """

    def __init__(self, app: ASGIApp, *, largest: int = LARGEST_BODY, longest_wait_s: float = LONGEST_WAIT_S) -> None:
        self.app = app
        self._largest = largest
        self._longest_wait_s = longest_wait_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > self._largest:
            await ErrorPage(413)(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._longest_wait_s):
                body = await self._read(receive)
        except TimeoutError:
            await ErrorPage(408)(scope, receive, send)
        except _TooLarge:
            await ErrorPage(413)(scope, receive, send)
        except _HungUp:
            return
        else:
            await self.app(scope, _once(body, receive), send)

    async def _read(self, receive: Receive) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _HungUp
            body += message.get("body", b"")
            if len(body) > self._largest:
                raise _TooLarge
            if not message.get("more_body", False):
                return bytes(body)


def _once(body: bytes, receive: Receive) -> Receive:
    """The body in one message; what comes after it, such as the end of the connection, from the caller itself."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_whole() -> Message:
        return messages.pop() if messages else await receive()

    return receive_whole


class Admission:
    """ASGI middleware: at most so many requests at a time, the rest wait their turn, then 503.

    A thread that waits for a database connection and a connection's holder that waits for a thread would wait for
    ever. With no more requests inside than the pool has connections, neither can happen.
    """

    def __init__(self, app: ASGIApp, *, at_a_time: int = AT_A_TIME, longest_wait_s: float = LONGEST_WAIT_S) -> None:
        self.app = app
        self._turns = asyncio.Semaphore(at_a_time)
        self._longest_wait_s = longest_wait_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_UNGATED):
            await self.app(scope, receive, send)
            return
        try:
            await asyncio.wait_for(self._turns.acquire(), self._longest_wait_s)
        except TimeoutError:
            await ErrorPage(503)(scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            self._turns.release()
