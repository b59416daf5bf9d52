"""One keep-alive HTTP transport per thread over one shared SSLContext.

One shared `httpx.Client` under 200 threads makes 71 calls a second, one transport per thread 681 (docs/adr/0009).
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpx

from kernel import deadline
from payments.gateway.port import NotExecuted, OutcomeUnknown

LARGEST_BODY = 1_000_000
# Shorter than the five seconds after which many servers drop an idle connection under our next request.
_KEEPALIVE_S = 3.0
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


class _OfThread(deadline.Transport):
    """The connection of one thread. It is hung up with its thread: web threads come and go and tell nobody."""

    def __init__(self) -> None:
        super().__init__(_ssl_context(), connections=1, keepalive_s=_KEEPALIVE_S)

    def __del__(self) -> None:
        self.close()


def _transport() -> httpx.HTTPTransport:
    if not hasattr(_local, "transport"):
        _local.transport = _OfThread()
    transport: httpx.HTTPTransport = _local.transport
    return transport


def close() -> None:
    """Close this thread's connection; a thread that ends calls it, or its socket lingers."""
    found = getattr(_local, "transport", None)
    if found is not None:
        found.close()
        del _local.transport


def call(request: httpx.Request, deadlines: Deadlines) -> Answer:
    """Send one request from this thread's connection.

    Raises:
        NotExecuted: the connection could not be opened.
        OutcomeUnknown: anything else that is not a whole JSON object.
    """
    request.extensions["timeout"] = {
        "connect": deadlines.connect,
        "read": deadlines.read,
        "write": deadlines.connect,
        "pool": deadlines.connect,
    }
    deadline.end_at(time.monotonic() + deadlines.total)
    try:
        response = _transport().handle_request(request)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise NotExecuted(type(error).__name__) from error
    except httpx.HTTPError as error:
        raise OutcomeUnknown(type(error).__name__) from error
    try:
        body = _read(response)
    except httpx.HTTPError as error:
        raise OutcomeUnknown(type(error).__name__, http_status=response.status_code) from error
    finally:
        response.close()
    return Answer(response.status_code, _parse(body, response.status_code))


def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise OutcomeUnknown("answer over 1 MB", http_status=response.status_code)
    return bytes(body)


def _parse(body: bytes, status: int) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError as error:
        raise OutcomeUnknown("not JSON", http_status=status) from error
    if not isinstance(parsed, dict):
        raise OutcomeUnknown("not an object", http_status=status)
    return parsed
