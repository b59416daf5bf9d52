"""A connection that reads and writes until a given instant and no longer, however slowly the other side goes on.

httpx bounds each read; a whole answer that comes byte by byte may take for ever.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

_local = threading.local()


def end_at(until: float) -> None:
    """From now on this thread's connections give up at `until`, an instant of `time.monotonic()`."""
    _local.until = until


def _left(timeout: float | None) -> float:
    left: float = _local.until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("deadline")
    return left if timeout is None else min(timeout, left)


class Backend(httpcore.SyncBackend):
    """Opens connections that keep to the deadline of their thread."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A TCP connection."""
        return _Stream(super().connect_tcp(host, port, timeout, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class Transport(httpx.HTTPTransport):
    """Up to so many connections that keep to the deadlines of the threads that use them."""

    def __init__(self, tls: ssl.SSLContext, *, connections: int, keepalive_s: float) -> None:
        super().__init__(trust_env=False, verify=tls)
        # httpx hands no network backend on; what it would have built is built here with ours.
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=keepalive_s,
            network_backend=Backend(),
        )
