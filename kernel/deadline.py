"""A connection that reads and writes until a given instant and no longer, however slowly the other side goes on.

httpx bounds each read; a whole answer that comes byte by byte may take for ever.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpcore
import httpx

from kernel.clock import elapsed

_local = threading.local()


def end_in(seconds: float) -> None:
    """This thread's connections give up when so many seconds have passed, those of the machine's sleep among them."""
    _local.until = elapsed() + seconds


def _left(timeout: float | None) -> float:
    left: float = _local.until - elapsed()
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
    """Sends what is written with the next read: a request, whose head and body come one by one, in one packet."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner
        self._written = b""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._written:
            written, self._written = self._written, b""
            # Who hangs up before he has heard all may have answered: that is read, as httpcore does it.
            with suppress(httpcore.WriteError):
                self._inner.write(written, _left(timeout))
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002  the read's holds
        self._written += buffer

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class Line:
    """One connection at a time, for one thread: httpcore without its pool and httpx, which would take as long again."""

    def __init__(self, tls: ssl.SSLContext, *, keepalive_s: float) -> None:
        self._tls = tls
        self._keepalive_s = keepalive_s
        self._connection: httpcore.HTTPConnection | None = None

    def send(self, request: httpcore.Request) -> httpcore.Response:
        """The answer, whose body is read and which is closed by the caller, from the connection kept or a new one.

        Raises:
            httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError: as httpcore says.
        """
        if self._connection is None or not _serves(self._connection, request.url.origin):
            self.close()
            self._connection = httpcore.HTTPConnection(
                request.url.origin, self._tls, keepalive_expiry=self._keepalive_s, network_backend=Backend()
            )
        return self._connection.handle_request(request)

    def close(self) -> None:
        """Hang up; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _serves(connection: httpcore.HTTPConnection, origin: httpcore.Origin) -> bool:
    return connection.can_handle_request(origin) and connection.is_available() and not connection.has_expired()


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
