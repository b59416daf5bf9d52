"""A small client under which a web process is loaded: so many connections, each with one request after another."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

_LENGTH = b"content-length:"


@dataclass(frozen=True)
class Load:
    """How it went: requests a second, and milliseconds until the whole answer was there."""

    per_second: float
    p50_ms: float
    p99_ms: float


def load(address: str, request: Callable[[], bytes], *, connections: int, seconds: float, status: int = 200) -> Load:
    """Send what `request` makes, again and again.

    Raises:
        RuntimeError: an answer had another status.
    """
    return asyncio.run(_load(address, request, connections, seconds, status))


def http(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """A request as it goes over the wire."""
    named = {"Host": "localhost", "Accept-Encoding": "gzip", "Content-Length": str(len(body)), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{key.replace('_', '-')}: {value}" for key, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _load(address: str, request: Callable[[], bytes], connections: int, seconds: float, status: int) -> Load:
    began = time.monotonic()
    until = began + seconds
    took = await asyncio.gather(*(_one_after_another(address, request, until, status) for _ in range(connections)))
    each = [ms for of_one in took for ms in of_one]
    cuts = statistics.quantiles(each, n=100)
    return Load(len(each) / (time.monotonic() - began), cuts[49], cuts[98])


async def _one_after_another(address: str, request: Callable[[], bytes], until: float, status: int) -> list[float]:
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    took = []
    while (began := time.monotonic()) < until:
        writer.write(request())
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        length = next(int(line[len(_LENGTH) :]) for line in lines if line.lower().startswith(_LENGTH))
        await reader.readexactly(length)
        took.append(1000 * (time.monotonic() - began))
        if int(lines[0].split()[1]) != status:
            raise RuntimeError(f"{address} answered {lines[0].decode()}")
    writer.close()
    return took
