"""One keep-alive HTTP connection per thread over one shared SSLContext (docs/adr/0009)."""

from __future__ import annotations

import json
import ssl
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpcore
import httpx

from kernel import deadline
from payments.gateway.port import NotExecuted, OutcomeUnknown

LARGEST_BODY = 1_000_000
# Shorter than the five seconds after which many servers drop an idle connection under our next request.
_KEEPALIVE_S = 3.0
# Whatever breaks between us and the gateway once a connection stands.
_LOST = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError)
_local = threading.local()


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds for connecting, for one read, and for the whole call, whatever comes in meanwhile."""

    connect: float = 5
    read: float = 40
    total: float = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body was read whole and is a JSON object."""

    status: int
    body: dict[str, Any]


@lru_cache(maxsize=1)
def _ssl_context() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


class _OfThread(deadline.Line):
    """The connection of one thread. It is hung up with its thread: web threads come and go and tell nobody."""

    def __init__(self) -> None:
        super().__init__(_ssl_context(), keepalive_s=_KEEPALIVE_S)

    def __del__(self) -> None:
        self.close()


def _line() -> deadline.Line:
    if not hasattr(_local, "line"):
        _local.line = _OfThread()
    line: deadline.Line = _local.line
    return line


def close() -> None:
    """Close this thread's connection; a thread that ends calls it, or its socket lingers."""
    found = getattr(_local, "line", None)
    if found is not None:
        found.close()
        del _local.line


def call(request: httpcore.Request, deadlines: Deadlines) -> Answer:
    """Send one request from this thread's connection.

    Raises:
        NotExecuted: the connection could not be opened.
        OutcomeUnknown: anything else that is not a whole JSON object.
    """
    request.extensions["timeout"] = {"connect": deadlines.connect, "read": deadlines.read}
    deadline.end_in(deadlines.total)
    try:
        response = _line().send(request)
    except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
        raise NotExecuted(type(error).__name__) from error
    except _LOST as error:
        raise OutcomeUnknown(type(error).__name__) from error
    try:
        body = _read(response)
    except _LOST as error:
        raise OutcomeUnknown(type(error).__name__, http_status=response.status) from error
    finally:
        response.close()
    return Answer(response.status, _parse(body, response.status))


def _read(response: httpcore.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise OutcomeUnknown("answer over 1 MB", http_status=response.status)
    return bytes(body)


def _parse(body: bytes, status: int) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError as error:
        raise OutcomeUnknown("not JSON", http_status=status) from error
    if not isinstance(parsed, dict):
        raise OutcomeUnknown("not an object", http_status=status)
    return parsed
