"""Breaking a connection without an answer, which ASGI has no word for."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_EXTENSION = "sandbox.drop"


class DroppableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which lends the application a way to abort the connection."""

    def on_message_begin(self) -> None:
        """Add the way out to the new request's scope."""
        super().on_message_begin()
        self.scope["extensions"] = {_EXTENSION: {"abort": self.transport.abort}}


class Dropped(Response):
    """No answer: the connection is aborted."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Abort, and wait until the server has noticed, so that it does not answer for us."""
        scope["extensions"][_EXTENSION]["abort"]()
        while (await receive())["type"] != "http.disconnect":
            pass
